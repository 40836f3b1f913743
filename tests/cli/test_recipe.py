"""`tandem recipe`: what users see of the recipes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.cli import main
from tandem.recipes import recipe_names

HOME = Path(__file__).resolve().parents[2]


@pytest.fixture
def say(monkeypatch, capsys):
    """`say("list")`: what `tandem recipe list` prints in the project's root."""
    monkeypatch.chdir(HOME)

    def call(*arguments: str) -> str:
        main(["recipe", *arguments])
        return capsys.readouterr().out

    return call


def test_recipe_list_has_a_line_for_each(say) -> None:
    head, *rows = say("list").splitlines()
    assert head.split()[:4] == ["recipe", "system", "corpora", "weights"]
    assert [row.split()[0] for row in rows] == recipe_names(HOME / "recipes")
    (line,) = [row for row in rows if row.startswith("mscmt_hybrid ")]
    for part in ("BERTweet + CLIP L/14", "twitter2015, twitter2017, merged", "vinai/bertweet-base", "merged 75.97"):
        assert part in line


def test_recipe_list_goes_on_after_a_broken_recipe(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HOME / "params.yaml", "params.yaml")
    Path("recipes").mkdir()
    Path("recipes/a.yaml").write_text("about: {}\n", encoding="utf-8")
    Path("recipes/b.yaml").write_text("about: {system: s, report: r, table: t}\n", encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["recipe", "list"])
    out, err = capsys.readouterr()
    assert end.value.code == 1
    assert out.splitlines()[1].split()[:2] == ["b", "s"]
    assert err.startswith("error: recipes/a.yaml: about.system: Field required")
    assert err.count("\n") == 1


def test_recipe_show_tells_knobs_numbers_notes_and_command(say) -> None:
    text = say("show", "mscmt_v1")
    lines = text.splitlines()
    assert lines[0] == "mscmt_v1: BERT + CLIP L/14, addition, CRF"
    assert lines[1] == "MSCMT_Hybrid, table: ablation, V1"
    knobs = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  ")}
    assert knobs["fusion"] == ["add"]
    assert knobs["vision.train"] == ["false"]
    assert knobs["train.head_learning_rate"] == ["0.0003", "gate,", "classifier,", "CRF"]
    assert "fusions.gated.combine" not in knobs
    assert "  merged  span_weighted.f1  72.30" in lines
    assert "It extends mscmt_hybrid" in text
    assert lines[-1] == "dvc exp run $(tandem recipe flags mscmt_v1)"


def test_recipe_show_of_a_recipe_without_knobs(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HOME / "params.yaml", "params.yaml")
    Path("recipes").mkdir()
    Path("recipes/bare.yaml").write_text("about: {system: s, report: r, table: t}\n", encoding="utf-8")
    main(["recipe", "show", "bare"])
    lines = capsys.readouterr().out.splitlines()
    assert "knobs: none, all have their defaults" in lines
    assert lines[-1] == "dvc exp run $(tandem recipe flags bare)"


@pytest.mark.parametrize("name", recipe_names(HOME / "recipes"))
def test_recipe_show_shows_all(say, name: str) -> None:
    text = say("show", name)
    assert text.startswith(f"{name}: ")
    assert max(map(len, text.splitlines())) < 160


def shell(command: str, cwd: Path = HOME) -> subprocess.CompletedProcess[str]:
    tandem = f'tandem() {{ "{sys.executable}" -m tandem "$@"; }}; '
    environment = os.environ | {"PYTHONPATH": str(HOME / "src")}
    return subprocess.run(
        ["bash", "-c", tandem + command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_recipe_flags_are_words_of_a_shell(say) -> None:
    words = say("flags", "mscmt_hybrid").split()
    assert "datasets=[twitter2015,twitter2017,merged]" in words
    assert "vision.encoder=hf/openai/clip-vit-large-patch14" in words
    done = shell("printf '%s\\n' $(tandem recipe flags mscmt_hybrid)")
    assert done.stdout.split("\n")[:-1] == words


def test_recipe_flags_of_an_unknown_recipe_stop_dvc() -> None:
    """The shell drops the status of what stands in `$(...)`."""
    dvc = f'"{Path(sys.executable).parent}/dvc" exp run --dry'
    done = shell(f"{dvc} $(tandem recipe flags mscmt_hybird)")
    assert done.returncode != 0
    assert "error: unknown recipe 'mscmt_hybird'; did you mean 'mscmt_hybrid'?" in done.stderr
    assert "unrecognized arguments: --recipe-failed" in done.stderr


@pytest.mark.parametrize("command", [["list"], ["show", "llama"], ["flags", "llama"]])
def test_recipe_outside_a_project_says_where_to_run(tmp_path, command: list[str]) -> None:
    done = shell(f"tandem recipe {' '.join(command)}", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "error: params.yaml: not found; run from the project's root\n"
