"""Predictions of git revisions and of DVC experiments, out of the cache of a small real project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tandem.cli import main
from tandem.comparing.sources import find_source
from tandem.evaluation.metrics import score

PIPELINE = """\
stages:
  evaluate:
    matrix:
      corpus: ${datasets}
    cmd: rm -rf data/predictions/${item.corpus} && cp -r made/${strategy}/${item.corpus} data/predictions/
    params:
    - strategy
    outs:
    - data/predictions/${item.corpus}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """Two corpora, two seeds; the revision `first`, main, and the experiment `weaker`."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    (folder / "params.yaml").write_text("strategy: film\ndatasets:\n- north\n- south\n", encoding="utf-8")
    (folder / ".gitignore").write_text("/made\n/data\n", encoding="utf-8")
    (folder / "data/predictions").mkdir(parents=True)
    return folder


def call(folder: Path, *command: str) -> None:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder.parent),
        **{f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def filled(project, write_tags, monkeypatch) -> Path:
    """The project with its history, which is made once."""
    monkeypatch.chdir(project)
    if (project / ".git").exists():
        return project
    for strategy, right in (("film", 0.7), ("add", 0.3), ("gated", 0.9)):
        for corpus in ("north", "south"):
            for seed in (1, 2):
                write_tags(project / f"made/{strategy}/{corpus}/{seed}.parquet", right, seed=seed)
    call(project, "git", "init", "-q", "-b", "main")
    call(project, "dvc", "init", "-q")
    call(project, "git", "add", "-A")
    call(project, "git", "commit", "-qm", "empty")
    call(project, "git", "tag", "empty")
    call(project, "dvc", "repro", "-q")
    call(project, "git", "add", "-A")
    call(project, "git", "commit", "-qm", "film")
    call(project, "git", "tag", "first")
    set_strategy(project, "film", "gated")
    call(project, "dvc", "repro", "-q")
    call(project, "git", "commit", "-qam", "gated")
    set_strategy(project, "gated", "add")
    call(project, "dvc", "repro", "-q")
    call(project, "dvc", "exp", "save", "-n", "weaker")
    call(project, "git", "checkout", "-q", ".")
    call(project, "dvc", "checkout", "-q")
    return project


def set_strategy(folder: Path, old: str, new: str) -> None:
    file = folder / "params.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def contents(files) -> list[bytes]:
    return [file.read() for file in files]


def on_disk(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.parquet"))]


@pytest.mark.parametrize(
    ("name", "strategy"),
    [("first", "film"), ("main", "gated"), ("HEAD~1", "film"), ("weaker", "add"), ("workspace", "gated")],
)
def test_revisions_have_the_predictions_of_their_time(filled, name: str, strategy: str) -> None:
    found = find_source(name)
    assert list(found.corpora) == ["north", "south"]
    for corpus, files in found.corpora.items():
        assert contents(files) == on_disk(filled / f"made/{strategy}/{corpus}")


def test_revisions_leave_the_workspace_alone_and_know_its_changes(filled) -> None:
    before = on_disk(filled / "data/predictions/north")
    assert contents(find_source("weaker").corpora["north"]) != before
    assert on_disk(filled / "data/predictions/north") == before
    own = filled / "data/predictions/north/1.parquet"
    kept = own.read_bytes()
    stale = filled / "data/predictions/gone"
    try:
        own.unlink()
        shutil.copy(filled / "made/add/north/1.parquet", own)
        stale.mkdir()
        shutil.copy(own, stale / "1.parquet")
        found = find_source("workspace")
        assert contents(found.corpora["north"])[0] == own.read_bytes() != kept
        assert list(found.corpora) == ["north", "south"]  # a corpus that the pipeline does not have is not in it
    finally:
        shutil.rmtree(stale)
        own.unlink()
        own.write_bytes(kept)


def test_compare_prints_a_line_for_every_corpus_and_system(filled, capsys) -> None:
    main(["compare", "first", "main", "weaker", "--resamples", "200"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:5]] == [
        *(["north", "main"], ["south", "main"], ["north", "weaker"], ["south", "weaker"])
    ]
    tables = [pq.read_table(path).to_pydict() for path in sorted((filled / "made/film/north").glob("*.parquet"))]
    mean = sum(score(table["gold"], table["predicted"])["span"]["f1"] for table in tables) / 2
    assert lines[1].split()[4] == f"{100 * mean:.2f}"
    assert "Holm over the 4 row(s)" in lines[-1]


def test_compare_takes_files_and_revisions_together(filled, capsys) -> None:
    main(["compare", "first", "made/add/south", "--resamples", "200", "--md"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| south | made/add/south | span F1 |")
    assert "Left out: north, not in made/add/south." in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "main"], "'nowhere' is no file or folder, and cannot be read as a DVC experiment or git revision"),
        (["empty", "main"], "empty: DVC knows of no predictions there (data/predictions); run `dvc repro evaluate`"),
        (["first", "main", "--column", "noise"], "of main: no predictions 'noise'; allowed: predicted, no_image"),
        (["first", "main", "--corpus", "west"], "corpus 'west' is not in first; in both: north, south"),
    ],
)
def test_compare_errors_are_one_line(filled, capsys, arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(["compare", *arguments])
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


def test_compare_wrong_usage(capsys) -> None:
    for arguments, message in ((["a", "b", "--md", "--json"], "exclude each other"), (["a"], "Missing argument")):
        with pytest.raises(SystemExit) as end:
            main(["compare", *arguments])
        assert end.value.code == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("known", [True, False])
def test_revisions_say_what_the_cache_lacks(filled, monkeypatch, tmp_path, known: bool) -> None:
    """Both where DVC remembers what the folders held, and on a machine that never saw them."""
    if not known:
        monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path))
    cache, away = filled / ".dvc/cache", filled / ".dvc/away"
    cache.rename(away)
    try:
        (file, *_) = find_source("weaker").corpora["north"]
        with pytest.raises(ValueError, match=r"data/predictions/north.* of weaker: not in the DVC cache"):
            file.read()
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        away.rename(cache)


def test_compare_outside_a_project_takes_files_alone(tmp_path, monkeypatch, write_tags, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for name, right in (("a", 0.9), ("b", 0.4)):
        write_tags(tmp_path / name / "1.parquet", right)
    main(["compare", "a/1.parquet", "b/1.parquet", "--resamples", "200", "--json"])
    assert '"delta": -' in capsys.readouterr().out
    with pytest.raises(ValueError, match="'main' is no file or folder"):
        find_source("main")
