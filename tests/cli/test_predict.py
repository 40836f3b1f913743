"""`tandem predict`: what it takes, what it says, where it writes."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tandem.cli import main
from tandem.inference import predictor as predictors
from tandem.inference.parts import Parts

PARAMS = """
fusion: film
datasets: [pairs, tiny, other]
seeds: [1]
corpora: {pairs: {format: mnre, task: re}, tiny: {format: twitter}, other: {format: twitter}}
"""


@pytest.fixture
def loaded(monkeypatch) -> list[Any]:
    """What was loaded: folders and options; the predictor in its place needs no model."""
    path = Path(__file__).parents[1] / "inference" / "fake_predictor.py"
    spec = importlib.util.spec_from_file_location("fake_predictor", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    calls: list[Any] = []

    def load(folder: Path, *, relations: Path | None = None, **options: Any) -> Any:
        calls.append((str(folder), None if relations is None else str(relations), options))
        return module.FakePredictor()

    monkeypatch.setattr(predictors, "load", load)
    return calls


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    """A project with trained models of an entity corpus and a relation corpus, of two seeds each."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(PARAMS, encoding="utf-8")
    for corpus in ("pairs", "tiny"):
        for seed, score in ((1, 0.4), (2, 0.9), (3, 0.5)):
            folder = Path("models", corpus, str(seed))
            folder.mkdir(parents=True)
            (folder / "tandem.json").write_text(json.dumps({"valid": {"f1": score}}), encoding="utf-8")
    Image.new("RGB", (64, 48), "#336699").save("photo.jpg")
    return tmp_path


@pytest.fixture
def call(project: Path, loaded: list[Any], capsys) -> Callable[..., tuple[int, str, str]]:
    """Status, standard output and standard error of `tandem predict ...` in the project."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status = 0
        try:
            main(["predict", *arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_predict_one_post_by_the_models_of_the_project(call, loaded) -> None:
    status, out, err = call("--text", "Sunset over Oakland", "--image", "photo.jpg")
    assert status == 0
    row = json.loads(out)
    assert [one["text"] for one in row["mentions"]] == ["Sunset", "Oakland"]
    assert (row["picture"], row["image"]) == ("ok", "photo.jpg")
    assert loaded[0][:2] == ("models/tiny/2", "models/pairs/2")
    assert err == "model: models/tiny/2, relations: models/pairs/2\n"
    assert loaded[0][2] == {
        "no_image": False,
        "device": "auto",
        "batch_size": 64,
        "threads": 0,
        "cache": None,
        "types": "none",
    }


def test_predict_a_named_model_is_used_alone(call, loaded) -> None:
    assert call("models/tiny/3", "--text", "Ann")[2] == ""
    assert loaded[0][:2] == ("models/tiny/3", None)
    assert call("models/tiny", "--text", "Ann", "--relations", "models/pairs/1")[2].startswith("model: models/tiny/2")
    assert loaded[1][:2] == ("models/tiny/2", "models/pairs/1")
    assert call("models/tiny", "--text", "Ann", "-q")[2] == ""


def test_predict_several_posts_without_pictures(call, loaded) -> None:
    _, out, err = call(
        "--text", "Ann", "--text", "no name", "--image", "photo.jpg", "--image", "gone.jpg", "--format", "table"
    )
    assert "Ann\n  PER  Ann  0.01\n\nno name\n  (no entity)\n" in out
    assert "warning: gone.jpg: missing; read without the picture" in err
    _, out, err = call("--text", "Ann", "--image", "gone.jpg", "--no-image")
    assert json.loads(out)["picture"] == "none"
    assert "warning" not in err
    assert loaded[-1][2]["no_image"] is True


def test_predict_a_file_with_rejects(call, project) -> None:
    Path("posts.csv").write_text(
        "key;tweet;photo\n1;Ann;photo.jpg\n2;;photo.jpg\n3;Bob;../x.jpg\n4;Cy;gone.jpg\n", encoding="utf-8"
    )
    named = ["--text-column", "tweet", "--image-column", "photo", "--id-column", "key"]
    status, out, err = call("models/tiny", "posts.csv", *named, "--out", "found.jsonl")
    assert (status, out) == (0, "")
    assert [json.loads(line)["id"] for line in Path("found.jsonl").read_text("utf-8").splitlines()] == ["1", "4"]
    rejects = [json.loads(line) for line in Path("found.jsonl.rejects.jsonl").read_text("utf-8").splitlines()]
    assert [(row["line"], row["raw"]) for row in rejects] == [(3, "2;;photo.jpg"), (4, "3;Bob;../x.jpg")]
    assert err.splitlines()[-1] == (
        "2 posts; 2 entities; pictures: 1 missing, 1 ok; 2 broken rows (found.jsonl.rejects.jsonl); "
        "written to found.jsonl"
    )
    status, out, err = call("posts.csv", *named, "--images-anywhere")
    assert len(out.splitlines()) == 3
    assert "warning: line 3: no text" in err
    assert err.splitlines()[-1].endswith("; 1 broken row")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.jsonl", None),
        ("a.parquet", None),
        ("a.conll", None),
        ("a.spacy.jsonl", None),
        ("folder", "brat"),
        ("a.txt", None),
    ],
)
def test_predict_writes_every_format(call, project, name: str, form: str | None) -> None:
    Path("posts.txt").write_text("Ann met Bob\nin Oakland\n", encoding="utf-8")
    status, _, err = call("posts.txt", "--out", name, *([] if form is None else ["--format", form]))
    assert status == 0, err
    assert Path(name).exists()
    assert sorted(path.name for path in project.glob(f"*{name}*")) == [name]
    assert call("posts.txt", "--out", name, *([] if form is None else ["--format", form]))[0] == 1
    assert call("posts.txt", "--out", name, "--overwrite", *([] if form is None else ["--format", form]))[0] == 0


def test_predict_reads_a_pipe(call, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO('{"text": "Ann 🏀"}\n\n{"x": 1}\n'.encode())))
    status, out, err = call("-", "--format", "conll")
    assert (status, out) == (0, "IMGID:\nAnn\tB-PER\n🏀\tO\n\n")
    assert "warning: line 3: no text" in err


def test_predict_names_few_rejects_where_no_file_takes_them(call, project) -> None:
    Path("posts.jsonl").write_text('{"text": "Ann"}\n' + "bad\n" * 30, encoding="utf-8")
    _, _, err = call("posts.jsonl")
    assert err.count("warning: line") == 20
    assert "warning: 10 more rows are broken; --out keeps them all" in err


def test_predict_limit_and_compare(call, project) -> None:
    Path("posts.jsonl").write_text('{"text": "Ann", "image": "photo.jpg"}\n' * 5, encoding="utf-8")
    _, out, _ = call("posts.jsonl", "--limit", "2", "--compare")
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == 2
    assert rows[0]["without_image"]
    assert rows[0]["mentions"][0]["confidence_no_image"] is not None


def test_predict_draws_a_post(call, project) -> None:
    for name, picture in (("a.png", ["--image", "photo.jpg"]), ("b.png", []), ("c.png", ["--image", "gone.jpg"])):
        status, out, err = call("--text", "Ann met Bob", *picture, "--annotate", name)
        assert status == 0, err
        assert json.loads(out)["mentions"]
        with Image.open(name) as image:
            assert image.size[0] == 1200
    status, _, err = call("--text", "Ann", "--annotate", "a.doc")
    assert (status, err.splitlines()[-1]) == (1, "error: a.doc: no format of pictures ends so; end it in .png")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "give a post's --text, or a file of posts"),
        (["models/tiny"], 2, "give a post's --text"),
        (["--text", "a", "--text", "b", "--image", "photo.jpg"], 2, "1 for 2 texts; give one for each, or none"),
        (["--text", "a", "--id-column", "x"], 2, "'--id-column': goes with a file of posts"),
        (["--text", "a", "--limit", "3"], 2, "'--limit': goes with a file of posts"),
        (["posts.txt", "--text", "a"], 2, "'--text': is of a single post, and posts.txt is a file of them"),
        (["posts.txt", "--annotate", "a.png"], 2, "'--annotate'"),
        (["--text", "a", "--text", "b", "--annotate", "a.png"], 2, "draws a single post"),
        (["--text", "a", "--engine", "ray"], 2, "'--engine': goes with a file of posts"),
        (["posts.txt", "--workers", "2"], 2, "'--workers': goes with --engine ray"),
        (["posts.txt", "--engine", "ray", "--workers", "0"], 2, "--workers"),
        (["posts.txt", "--engine", "ray", "--device", "cuda:1"], 1, "device cuda:1: Ray deals the GPUs out"),
        (["--text", "a", "--types", "all"], 2, "'none', 'names', 'ner'"),
        (["--text", "a", "--format", "brat"], 2, "brat needs --out"),
        (["--text", "a", "--format", "xml"], 2, "'table', 'jsonl', 'parquet', 'brat', 'conll', 'spacy'"),
        (["--text", "a", "--batch-size", "0"], 2, "--batch-size"),
        (["posts.txt", "--text-column", "a"], 1, "plain text has no columns"),
        (["posts.csv", "--text-column", "a"], 1, "no column 'a' (--text-column); there are 'id', 'tweet'"),
        (["posts.txt", "--out", "found.xml"], 1, "its ending tells no format"),
        (["posts.txt", "--image-root", "nowhere"], 1, "--image-root nowhere: no such folder"),
        (["nowhere", "posts.txt"], 1, "nowhere"),
        (["nowhere.csv"], 1, "nowhere.csv: neither a model's folder nor a file of posts"),
        (["--text", " "], 1, "no text"),
    ],
)
def test_predict_wrong_usage_is_one_line(call, project, monkeypatch, arguments, status: int, message: str) -> None:
    Path("posts.txt").write_text("a\n", encoding="utf-8")
    Path("posts.csv").write_text("id,tweet\n", encoding="utf-8")
    if arguments[:1] == ["nowhere"]:
        monkeypatch.setattr(predictors, "load", REAL_LOAD)
    found, out, err = call(*arguments)
    assert (found, out) == (status, "")
    assert message in err
    assert [line for line in err.splitlines() if not line.startswith("model: ")] == [err.splitlines()[-1]]
    assert err.splitlines()[-1].startswith("error: ")


REAL_LOAD = predictors.load


def test_predict_a_relation_model_alone_is_refused(call, loaded) -> None:
    Path("models/pairs/2/tandem.json").write_text('{"task": "re", "valid": {"f1": 0.9}}', encoding="utf-8")
    status, _, err = call("models/pairs", "--text", "Ann")
    assert status == 1
    assert "models/pairs: a relation model; name one that finds entities, and this one by --relations" in err
    assert not loaded


def test_predict_relations_are_bound_by_types_as_the_project_scores_them(call, loaded) -> None:
    def rule(*arguments: str) -> str:
        assert call("--text", "Ann", *arguments)[0] == 0
        found: str = loaded[-1][2]["types"]
        return found

    assert rule() == "none"
    assert rule("--types", "names") == "names"
    Path("params.yaml").write_text(PARAMS + "relation: {types: ner}\n", encoding="utf-8")
    assert rule() == "ner"
    assert rule("--types", "none") == "none"
    call("models/tiny", "--text", "Ann", "--relations", "models/pairs")
    assert loaded[-1][2]["types"] == "none"
    status, _, err = call("models/tiny", "--text", "Ann", "--types", "ner")
    assert (status, "'--types': goes with --relations" in err) == (2, True)


def test_predict_goes_on_under_the_same_rule_alone(call, monkeypatch) -> None:
    Path("posts.txt").write_text("Ann\n", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Parts, "join", lambda _: sys.exit(9))
        assert call("posts.txt", "--out", "a.jsonl")[0] == 9
    assert "not the same: types" in call("posts.txt", "--out", "a.jsonl", "--types", "ner")[2]
    assert call("posts.txt", "--out", "a.jsonl")[0] == 0


def test_predict_engine_ray_says_how_to_install_ray(call, monkeypatch) -> None:
    Path("posts.txt").write_text("Ann\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "ray", None)
    status, out, err = call("models/tiny/1", "posts.txt", "--engine", "ray", "--out", "a.jsonl")
    assert (status, out) == (1, "")
    assert err == "error: the engine ray: Ray is not installed; run `pip install 'tandem-mner[ray]'`\n"
    assert not list(Path().glob("a.jsonl*"))


def test_predict_without_a_project_or_a_model_says_what_to_do(call, project) -> None:
    for path in Path("models/tiny").glob("*/tandem.json"):
        path.unlink()
    status, _, err = call("--text", "Ann")
    assert status == 1
    assert "models/tiny, models/other not found; train them with `make run`" in err
    Path("params.yaml").unlink()
    status, _, err = call("--text", "Ann")
    assert "no model named, and no params.yaml here" in err


def test_predict_help_teaches_by_examples(call) -> None:
    status, out, _ = call("--help")
    assert status == 0
    plain = " ".join(out.split())
    for words in (
        'tandem predict --text "Sunset over Oakland" --image photo.jpg',
        "--images-anywhere",
        "UTF-16",
        "--engine ray --workers 8",
    ):
        assert words in plain
    assert not re.search(r"\x1b", out)
