"""A corpus through a chat model: all is asked once, kept, scored and paid for as told."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from tandem.corpora.schema import write_relations, write_samples
from tandem.prompted.run import prompt_corpus
from tandem.prompted.tasks import prompted_task

HOME = Path(__file__).resolve().parents[2]
RELATIONS = ["None", "/per/org/member_of", "/org/per/led_by"]
KEY = "sk-0123456789abcdef"
ROWS = 12


@pytest.fixture
def project(tmp_path, monkeypatch, tiny_corpus, tiny_pairs):
    """A folder with two prepared corpora; rows of `tiny` have pictures of their own, one is missing, one broken."""
    monkeypatch.chdir(tmp_path)

    def pictured(row):
        if row.image_id is None:
            return row
        path = Path(f"pictures/{row.image_id}.png")
        path.parent.mkdir(exist_ok=True)
        number = int(row.image_id.rpartition("-")[2])
        Image.new("RGB", (8 + number, 6)).save(path)
        if number == 3:
            path.write_bytes(b"\x89PNG broken")
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        if number == 4:
            path.unlink()
        return replace(row, image_path=str(path), image_hash=content)

    test = [
        replace(row, words=[*row.words, f"w{number}"], tags=[*row.tags, "O"])
        for number, row in enumerate(tiny_corpus("test", ROWS))
    ]
    write_samples(Path("data/prepared/tiny.parquet"), [*tiny_corpus("train", 20), *map(pictured, test)])
    pairs = [replace(row, words=[*row.words, f"w{number}"]) for number, row in enumerate(tiny_pairs("test", ROWS))]
    write_relations(Path("data/prepared/pairs.parquet"), [*tiny_pairs("train", 20), *pairs], RELATIONS)
    return tmp_path


@pytest.fixture
def run(project, server, make_params):
    """`run(corpus="tiny", **knobs)`: metrics and the table of predictions."""

    def make(corpus: str = "tiny", **knobs):
        changes = {
            f"prompted.{name}": value for name, value in {"endpoint": server.endpoint, "retries": 0, **knobs}.items()
        }
        corpora = {"tiny": {"format": "twitter"}, "pairs": {"format": "mnre"}}
        params = make_params(**{"corpora": corpora, **changes})
        table = project / f"data/prompted/{corpus}.parquet"
        metrics = prompt_corpus(corpus, params, store=project / "data/answers/chat.sqlite", table=table)
        return metrics, pq.read_table(table)

    return make


def text_of(body) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


def picture_of(body) -> str | None:
    content = body["messages"][-1]["content"]
    return None if isinstance(content, str) else content[1]["image_url"]["url"]


@pytest.fixture
def knows(project, server, said):
    """The server answers every question of a corpus rightly."""

    def make(corpus: str, task: str) -> None:
        asked = prompted_task(task, project / f"data/prepared/{corpus}.parquet")
        answers = {asked.text(row): asked.solution(row) for row in asked.test}
        server.answer = lambda body, number: said(answers[text_of(body)])

    return make


def test_run_leaves_a_table_and_metrics_like_any_model(run, knows, server) -> None:
    knows("tiny", "ner")
    metrics, table = run(price_in=2.0, price_out=8.0)
    assert table.column_names == ["id", "image_id", "words", "gold", "predicted"]
    assert table.column("id").to_pylist() == [f"test-{number}" for number in range(ROWS)]
    assert table.column("predicted").to_pylist() == table.column("gold").to_pylist()
    assert metrics["span"]["f1"] == metrics["span_strict"]["f1"] == metrics["token"]["accuracy"] == 1
    assert (metrics["sentences"], metrics["requests"], metrics["answers_from_cache"]) == (ROWS, ROWS, 0)
    assert metrics["tokens"] == {"prompt": 1200, "completion": 240, "unreported": 0}
    assert metrics["cost"] == pytest.approx((1200 * 2 + 240 * 8) / 1e6)
    assert set(metrics["refused"]) == {"answers", "entities"}
    assert not any(count for reasons in metrics["refused"].values() for count in reasons.values())
    assert "controls" not in metrics
    # Rows 0 and 10 have no picture, that of 3 is broken and that of 4 is missing.
    shown = {text_of(body).rpartition("w")[2] for body in server.bodies if picture_of(body)}
    assert shown == {"1", "2", "5", "6", "7", "8", "9", "11"}
    assert metrics["pictures"] == len(shown)


def test_run_scores_relations(run, knows) -> None:
    knows("pairs", "re")
    metrics, table = run("pairs")
    assert table.column_names[3:] == ["head_start", "head_end", "tail_start", "tail_end", "gold", "predicted"]
    assert table.column("predicted").to_pylist() == table.column("gold").to_pylist()
    assert (metrics["relation"]["f1"], metrics["task"], metrics["pairs"]) == (1, "re", ROWS)
    assert list(metrics["refused"]) == ["answers"]


def test_run_asks_nothing_twice(run, knows, server) -> None:
    knows("tiny", "ner")
    first, table = run(limit=5)
    assert (first["requests"], first["sentences"], table.num_rows) == (5, 5, 5)
    whole, _ = run()
    assert (whole["requests"], whole["answers_from_cache"]) == (ROWS - 5, 5)
    server.close()  # what is known needs no server
    again, table = run()
    assert (again["requests"], again["answers_from_cache"]) == (0, ROWS)
    assert {**again, "requests": 0, "answers_from_cache": 0} == {**whole, "requests": 0, "answers_from_cache": 0}
    assert table.column("predicted").to_pylist() == table.column("gold").to_pylist()
    assert max(Counter(map(text_of, server.bodies)).values()) == 1


def test_run_asks_equal_questions_once(run, project, server, said, tiny_corpus) -> None:
    row = tiny_corpus("test", 1)[0]
    rows = [*tiny_corpus("train", 3), row, replace(row, id="test-9")]
    write_samples(project / "data/prepared/tiny.parquet", rows)
    server.replies(said('{"entities": []}'))
    metrics, table = run()
    assert (metrics["requests"], table.num_rows, len(server.bodies)) == (1, 2, 1)


def test_run_counts_refusals_and_says_nothing_there(run, server, said) -> None:
    replies = [
        said("Paris is a person"),
        said('{"entities": {}}'),
        said('{"entities": [', finish="length"),
        said(None, refusal="no"),
        said('{"entities": [{"text": "Rome", "type": "LOC"}, {"text": "Paris", "type": "CITY"}]}'),
        said('{"entities": [{"text": "Paris", "type": "LOC"}, {"text": "aris", "type": "LOC"}, 7]}'),
        said('{"entities": [{"text": "Paris", "type": "PER"}, {"text": "saw Paris", "type": "PER"}]}'),
        said('{"entities": [{"text": "Paris", "type": "PER", "start": 0}]}'),
    ]
    server.replies(*replies)
    metrics, table = run(limit=8, concurrency=1)
    assert metrics["refused"] == {
        "answers": {"declined": 1, "truncated": 1, "not_json": 1, "wrong_shape": 1},
        "entities": {
            "wrong_shape": 1,
            "unknown_type": 1,
            "not_in_text": 1,
            "partial_word": 1,
            "wrong_start": 1,
            "overlapping": 1,
        },
    }
    tags = table.column("predicted").to_pylist()
    found = [[tag for tag in row if tag != "O"] for row in tags]
    assert found == [[], [], [], [], [], ["B-LOC"], ["B-PER"], []]
    assert metrics["span"]["support"] == 8


def test_run_asks_about_other_pictures_and_none(run, knows, server) -> None:
    knows("tiny", "ner")
    metrics, table = run(controls=True)
    assert table.column_names[3:] == ["gold", "predicted", "shuffled_image", "no_image"]
    assert metrics["controls"] == {name: {"f1": 1, "delta": 0} for name in ("shuffled_image", "no_image")}
    by_text: dict[str, list[str | None]] = {}
    for body in server.bodies:
        by_text.setdefault(text_of(body), []).append(picture_of(body))
    asked = [by_text[" ".join(words)] for words in table.column("words").to_pylist()]
    for number, pictures in enumerate(asked):
        if number in (0, 3, 4, 10):  # nothing to exchange, nothing to hide
            assert pictures == [None]
        else:
            assert len(set(pictures)) == 3
            assert None in pictures
    assert metrics["requests"] == 8 * 3 + 4


def test_run_sends_no_pictures_where_none_are_wanted(run, knows, server) -> None:
    knows("tiny", "ner")
    metrics, _ = run(image_side=0)
    assert metrics["pictures"] == 0
    assert all(picture_of(body) is None for body in server.bodies)


def test_run_shows_examples(run, knows, server) -> None:
    knows("tiny", "ner")
    run(examples=2, limit=2)
    first, second = (body["messages"] for body in server.bodies)
    assert first[:5] == second[:5]
    assert [message["role"] for message in first] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert json.loads(first[2]["content"])["entities"][0]["text"] == "Paris"


def test_run_keeps_to_its_concurrency(run, server, said) -> None:
    reply = said('{"entities": []}')
    reply.wait = 0.1
    server.replies(reply)
    run(concurrency=3)
    assert server.most_busy == 3


def test_run_stops_at_its_budget_and_goes_on_when_it_is_raised(run, knows, server) -> None:
    knows("tiny", "ner")
    prices = {"price_in": 10_000.0, "concurrency": 1}  # an answer costs 1
    with pytest.raises(ValueError, match=r"prompted\.max_cost 3\.5: 4\.0000 spent on 4 of 12 answers; raise it"):
        run(**prices, max_cost=3.5)
    assert len(server.bodies) == 4
    with pytest.raises(ValueError, match="4 of 12 answers"):  # the budget is the corpus's, not the run's
        run(**prices, max_cost=3.5)
    assert len(server.bodies) == 4
    metrics, _ = run(**prices, max_cost=12.0)
    assert (metrics["requests"], metrics["answers_from_cache"], metrics["cost"]) == (8, 4, 12)
    metrics, _ = run(**prices, max_cost=1.0)  # nothing more to pay
    assert metrics["cost"] == 12


def test_run_cannot_keep_a_budget_without_tokens(run, server, said) -> None:
    server.replies(said('{"entities": []}', usage=None))
    with pytest.raises(
        ValueError, match=r"reports no tokens, so that prompted\.max_cost cannot be kept; set it to null"
    ):
        run(price_in=1.0, max_cost=1.0, concurrency=1)
    assert len(server.bodies) == 1
    metrics, _ = run(price_in=1.0)
    assert metrics["tokens"] == {"prompt": 0, "completion": 0, "unreported": ROWS}


def test_run_keeps_what_came_before_an_error(run, server, said, reply, monkeypatch) -> None:
    monkeypatch.setenv("TANDEM_API_KEY", KEY)
    fine = said('{"entities": []}')
    server.replies(*[fine] * 5, reply(status=401))
    with pytest.raises(ValueError, match="HTTP 401; set the environment variable TANDEM_API_KEY"):
        run(concurrency=1)
    server.replies(fine)
    metrics, _ = run()
    assert (metrics["requests"], metrics["answers_from_cache"]) == (ROWS - 5, 5)


def test_run_key_is_nowhere_on_disk(run, project, server, said, reply, monkeypatch) -> None:
    monkeypatch.setenv("TANDEM_API_KEY", KEY)
    listed = json.dumps({"entities": [{"text": KEY, "type": "PER"}]})
    server.replies(said(listed), reply(KEY.encode(), status=400))
    with pytest.raises(ValueError, match="HTTP 400") as caught:
        run(concurrency=1)
    assert KEY not in str(caught.value)
    server.replies(said(listed))
    run()
    assert all(headers["authorization"] == f"Bearer {KEY}" for headers in server.headers)
    files = [path for path in project.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" for path in files)
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def stage_of(project: Path, endpoint: str) -> subprocess.Popen[str]:
    """The stage script in a process of its own."""
    values = {
        "fusion": "film",
        "datasets": ["tiny"],
        "seeds": [1],
        "corpora": {"tiny": {"format": "twitter"}},
        "prompted": {"endpoint": endpoint, "concurrency": 1, "retries": 0},
    }
    (project / "params.yaml").write_text(yaml.safe_dump(values))
    environment = os.environ | {"PYTHONPATH": str(HOME / "src"), "TANDEM_API_KEY": KEY}
    command = [sys.executable, str(HOME / "stages/prompt.py"), "tiny"]
    return subprocess.Popen(
        command, cwd=project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_run_killed_in_the_middle_asks_nothing_twice(project, server, knows) -> None:
    knows("tiny", "ner")
    answer, reached, released = server.answer, threading.Event(), threading.Event()

    def hold(body, number):
        if number == 6:  # six answers have come by now: with one request at a time, each is kept before the next
            reached.set()
            released.wait(60)
        return answer(body, number)

    server.answer = hold
    process = stage_of(project, server.endpoint)
    assert reached.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    released.set()
    assert not (project / "metrics").exists()
    unanswered = text_of(server.bodies[6])
    again = stage_of(project, server.endpoint)
    output, errors = again.communicate(timeout=60)
    assert again.returncode == 0, errors
    asked = Counter(map(text_of, server.bodies))
    assert len(asked) == ROWS
    assert asked.pop(unanswered) == 2
    assert set(asked.values()) == {1}
    metrics = json.loads((project / "metrics/prompted/tiny.json").read_text())
    assert (metrics["requests"], metrics["answers_from_cache"], metrics["span"]["f1"]) == (6, 6, 1)
    assert output == (
        "tiny: test span F1 1.0000 by Qwen/Qwen2.5-VL-7B-Instruct; 6 requests, 6 answers from earlier runs, 0 refused, "
        "cost 0.0000\n"
    )
    assert not [path for path in project.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_run_stage_errors_are_one_line(project, server, reply) -> None:
    server.replies(reply(KEY.encode(), status=401))
    process = stage_of(project, server.endpoint)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert errors == (
        f"error: {server.endpoint}: HTTP 401 (***); set the environment variable TANDEM_API_KEY to a valid key\n"
    )


def test_run_needs_neither_torch_nor_a_checkpoint() -> None:
    """Its dependencies are those of a client: editing a model asks nothing again."""
    code = "import sys, tandem.prompted.run; print('torch' in sys.modules, 'transformers' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(HOME / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
