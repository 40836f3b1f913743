"""Files through a predictor: the same output whether or not it was killed, in constant memory."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tandem.inference import job as jobs
from tandem.inference.counts import Counts
from tandem.inference.formats import build_format
from tandem.inference.inputs import Input, file_of_posts, typed_posts
from tandem.inference.job import Job
from tandem.inference.parts import Parts
from tandem.inference.posts.fields import Columns


@pytest.fixture
def predictor(fake):
    return fake.FakePredictor()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch) -> None:
    monkeypatch.setattr(jobs, "WINDOW", 10)


def posts(path: Path, number: int, *, broken: int = 7) -> Path:
    """JSONL with texts of several lengths, of which every `broken`th row is no post."""
    rows = [
        "not json" if row % broken == broken - 1 else json.dumps({"id": row, "text": f"Ann met Bob {'x' * (row % 13)}"})
        for row in range(number)
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def fill(
    given: Input, predictor: Any, out: Path, form: str = "jsonl", limit: int | None = None, **options: Any
) -> Counts:
    job = Job(
        rows=lambda start: given.rows(predictor.check, start),
        engine=jobs.engine(predictor, compare=False),
        limit=limit,
    )
    identity = {"form": form, "limit": limit} | given.identity
    with Parts(
        out, build_format(form), identity, **{"overwrite": False, "resumable": given.resumable} | options
    ) as parts:
        return job.fill(parts)


class Stopped(Exception):
    """As if the process had been killed."""


class Stopping:
    """A predictor that dies after some posts, when it has read ahead."""

    def __init__(self, predictor: Any, after: int) -> None:
        self._predictor, self._after = predictor, after
        self.check = predictor.check

    def stream(self, queries: Any, **options: Any) -> Any:
        for number, prediction in enumerate(self._predictor.stream(queries, **options)):
            if number == self._after:
                raise Stopped
            yield prediction


@pytest.mark.parametrize(
    ("form", "after"),
    [*(("jsonl", after) for after in (0, 9, 10, 11, 59)), ("parquet", 35), ("brat", 35), ("conll", 35)],
)
def test_job_stopped_anywhere_gives_what_an_unstopped_one_gives(
    tmp_path, predictor, fake, form: str, after: int
) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 70)), Columns())
    counts = fill(source, predictor, tmp_path / "whole", form)
    assert (counts.posts, counts.broken, counts.mentions) == (60, 10, 120)
    with pytest.raises(Stopped):
        fill(source, Stopping(predictor, after), tmp_path / "out", form)
    assert not (tmp_path / "out").exists()
    again = fake.FakePredictor()
    assert fill(source, again, tmp_path / "out", form) == counts
    assert again.asked == 60 - after // 10 * 10 + (10 if after % 10 == 0 and after else 0)
    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert content(tmp_path / "out.rejects.jsonl") == content(tmp_path / "whole.rejects.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.jsonl", "out", "out.rejects.jsonl", "whole", "whole.rejects.jsonl",
    ]  # fmt: skip


def content(path: Path) -> Any:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize(
    ("number", "broken"), [(0, 9), (1, 9), (10, 99), (11, 99), (11, 11), (20, 2), (21, 2), (23, 7)]
)
def test_job_counts_every_row_once(tmp_path, predictor, number: int, broken: int) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", number, broken=broken)), Columns())
    counts = fill(source, predictor, tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out").read_text("utf-8").splitlines()]
    path = tmp_path / "out.rejects.jsonl"
    rejects = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    assert sorted(row["line"] for row in rows + rejects) == list(range(1, number + 1))
    assert [row["id"] for row in rows] == [row["line"] - 1 for row in rows]
    assert (counts.posts, counts.broken) == (len(rows), len(rejects))
    assert all(set(row) == {"line", "reason", "raw"} and row["raw"] == "not json" for row in rejects)


def test_job_limit_is_of_rows_and_holds_after_a_stop(tmp_path, predictor) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 100)), Columns())
    with pytest.raises(Stopped):
        fill(source, Stopping(predictor, 25), tmp_path / "out", limit=50)
    counts = fill(source, predictor, tmp_path / "out", limit=50)
    assert counts.rows == 50
    assert len((tmp_path / "out").read_text("utf-8").splitlines()) == counts.posts == 43


def test_job_replaces_nothing_without_being_told(tmp_path, predictor) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 20)), Columns())
    out = tmp_path / "out"
    fill(source, predictor, out)
    with pytest.raises(ValueError, match="out: already there; name another file or add --overwrite"):
        fill(source, predictor, out)
    fill(file_of_posts(str(posts(tmp_path / "b.jsonl", 6)), Columns()), predictor, out, overwrite=True)
    assert len(out.read_text("utf-8").splitlines()) == 6
    assert not (tmp_path / "out.rejects.jsonl").exists()  # those of the earlier run are of rows that are gone


@pytest.mark.parametrize("change", ["input", "columns", "limit"])
def test_job_goes_on_with_the_same_run_alone(tmp_path, predictor, change: str) -> None:
    path = posts(tmp_path / "a.jsonl", 40)
    with pytest.raises(Stopped):
        fill(file_of_posts(str(path), Columns()), Stopping(predictor, 15), tmp_path / "out")
    if change == "input":
        path.write_text(path.read_text("utf-8") + '{"text": "more"}\n', encoding="utf-8")
    columns = Columns(caption="id") if change == "columns" else Columns()
    options = {"limit": 30} if change == "limit" else {}
    what = {"input": "posts", "columns": "columns", "limit": "limit"}[change]
    with pytest.raises(ValueError, match=rf"parts of another run \(not the same: {what}\).*--overwrite"):
        fill(file_of_posts(str(path), columns), predictor, tmp_path / "out", **options)
    done = fill(file_of_posts(str(path), Columns()), predictor, tmp_path / "out", overwrite=True, **options)
    assert done.rows == {"input": 41, "columns": 40, "limit": 30}[change]


def test_job_goes_on_with_overwrite_too(tmp_path, fake) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 40)), Columns())
    fill(source, fake.FakePredictor(), tmp_path / "out")
    with pytest.raises(Stopped):
        fill(source, Stopping(fake.FakePredictor(), 25), tmp_path / "out", overwrite=True)
    again = fake.FakePredictor()
    fill(source, again, tmp_path / "out", overwrite=True)
    assert again.asked < 20


def test_job_joins_again_what_was_killed_while_joining(tmp_path, predictor, monkeypatch) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 40)), Columns())
    fill(source, predictor, tmp_path / "whole", "brat")
    replace, rmtree = Path.replace, shutil.rmtree

    def dies(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *rest: Any) -> Any:
            if Path(path).name == name:
                raise Stopped
            return real(path, *rest)

        return call

    for name in ("whole", "rejects", "out", "out.parts"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", dies(name, replace))
            patch.setattr(shutil, "rmtree", dies(name, rmtree))
            with pytest.raises(Stopped):
                fill(source, predictor, tmp_path / "out", "brat", overwrite=True)
        asked = predictor.asked
        fill(source, predictor, tmp_path / "out", "brat", overwrite=True)
        assert predictor.asked == asked
        assert content(tmp_path / "out") == content(tmp_path / "whole")
        assert not (tmp_path / "out.parts").exists()


def test_job_spares_folders_that_are_not_its_own(tmp_path, predictor) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 4)), Columns())
    for folder in ("out", "other.parts"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "precious.txt").write_text("x", encoding="utf-8")
    for form in ("brat", "jsonl"):
        with pytest.raises(ValueError, match="a folder that this format did not write"):
            fill(source, predictor, tmp_path / "out", form, overwrite=True)
    with pytest.raises(ValueError, match="holds files that are not of this command"):
        fill(source, predictor, tmp_path / "other", overwrite=True)
    assert len(list(tmp_path.glob("*/precious.txt"))) == 2


def test_job_of_two_runs_one_waits_not(tmp_path, predictor) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 4)), Columns())
    with (
        Parts(tmp_path / "out", build_format("jsonl"), {}, overwrite=False),
        pytest.raises(ValueError, match="another run is writing it"),
    ):
        fill(source, predictor, tmp_path / "out")


def test_job_that_cannot_be_resumed_begins_anew(tmp_path, predictor) -> None:
    typed = typed_posts(["Ann", "Bob"])
    with pytest.raises(Stopped):
        fill(typed, Stopping(predictor, 1), tmp_path / "out")
    assert fill(typed, predictor, tmp_path / "out").posts == 2


def test_job_survives_real_kills(tmp_path: Path, fake) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 300)), Columns())
    whole = fill(source, fake.FakePredictor(), tmp_path / "whole.jsonl")
    for wanted in (3, 9, 20):
        child = multiprocessing.get_context("fork").Process(
            target=fill, args=(source, fake.FakePredictor(pause=0.005), tmp_path / "out.jsonl")
        )
        child.start()
        journal, patience = tmp_path / "out.jsonl.parts" / f"{wanted:06d}.json", time.monotonic() + 60
        while not journal.exists() and child.is_alive() and time.monotonic() < patience:
            time.sleep(0.001)
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert journal.exists()
        assert not (tmp_path / "out.jsonl").exists()
    last = fake.FakePredictor()
    assert fill(source, last, tmp_path / "out.jsonl") == whole
    assert last.asked < 60
    for name in ("jsonl", "jsonl.rejects.jsonl"):
        assert (tmp_path / f"out.{name}").read_bytes() == (tmp_path / f"whole.{name}").read_bytes()
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.jsonl", "out.jsonl.rejects.jsonl"]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_job_memory_does_not_grow_with_the_file(tmp_path, fake, monkeypatch, form: str) -> None:
    monkeypatch.setattr(jobs, "WINDOW", 50)

    def peak(number: int) -> int:
        path = tmp_path / f"{number}.csv"
        pd.DataFrame({"text": ["Ann met Bob in Oakland " * 3] * number}).to_csv(path, index=False)
        source = file_of_posts(str(path), Columns())
        tracemalloc.start()
        counts = fill(source, fake.FakePredictor(), tmp_path / f"{number}.out", form)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert counts.posts == number
        return most

    # Kept predictions of 900 posts would be 3 MB; Python's free lists, which fill up to a bound, are under 1 MB.
    assert peak(1_000) < peak(100) + 1_500_000


def test_job_parquet_is_whole(tmp_path, predictor) -> None:
    fill(file_of_posts(str(posts(tmp_path / "a.jsonl", 33)), Columns()), predictor, tmp_path / "out.parquet", "parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["id"].to_pylist() == [str(n) for n in range(33) if n % 7 != 6]


def test_job_streams_without_a_file(tmp_path, predictor) -> None:
    source = file_of_posts(str(posts(tmp_path / "a.jsonl", 33)), Columns())
    answers, rejects = [], []
    job = Job(
        rows=lambda start: source.rows(predictor.check, start),
        engine=jobs.engine(predictor, compare=True),
        limit=30,
    )
    counts = job.stream(answers.append, rejects.append)
    assert (counts.posts, counts.broken) == (len(answers), len(rejects)) == (26, 4)
    assert answers[0].prediction.without_image is not None
    assert [reject.line for reject in rejects] == [7, 14, 21, 28]


def test_job_of_a_real_model_goes_on_to_the_same_bytes(tmp_path, make_params, saved, photos, tiny_corpus) -> None:
    from tandem.inference.predictor import load  # noqa: PLC0415

    rows = tiny_corpus("test", 33)
    paths = photos(rows)
    lines = [
        json.dumps({"text": " ".join(row.words), "image": str(paths[row.image_id]) if row.image_id else "gone.png"})
        for row in rows
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    source = file_of_posts(str(tmp_path / "a.jsonl"), Columns())
    folder = saved(make_params())
    counts = fill(source, load(folder, device="cpu"), tmp_path / "whole")
    assert counts.posts == 33
    assert counts.pictures == {"ok": 29, "missing": 4}
    with pytest.raises(Stopped):
        fill(source, Stopping(load(folder, device="cpu"), 25), tmp_path / "out")
    assert fill(source, load(folder, device="cpu"), tmp_path / "out") == counts
    assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()
