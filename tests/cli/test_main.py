"""The command `tandem`: quick to start, errors of one line."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tandem.cli import COMMANDS, main

HOME = Path(__file__).resolve().parents[2]


def call(*arguments: str, cwd: Path = HOME) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tandem", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["predict", "--help"],
        ["recipe", "--help"],
        ["recipe", "list"],
        ["compare", "--help"],
        ["export", "--help"],
    ],
)
def test_main_starts_without_what_takes_long_to_import(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom tandem.cli import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit as end:\n    assert not end.code\n"
        "slow = {'torch', 'transformers', 'pandas', 'matplotlib', 'dvc', 'numpy'} & set(sys.modules)\n"
        "own = sorted(name for name in sys.modules if name.startswith('tandem.'))\n"
        "print('slow:', slow, 'own:', own, file=sys.stderr)\nassert not slow\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if arguments == ["--help"]:
        assert "own: ['tandem.cli']" in done.stderr  # no command is imported for its help


def test_main_help_lists_every_command_with_an_example() -> None:
    done = call("--help")
    assert done.returncode == 0
    assert "tandem recipe flags" in " ".join(done.stdout.split())
    assert all(name in done.stdout and text[:40] in done.stdout for name, text in COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_main_commands_are_modules_with_an_app(name: str) -> None:
    assert import_module(f"tandem.cli.{name}").app.info
    assert "Usage: tandem " + name in call(name, "--help").stdout


def test_main_is_the_script_of_the_package() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["tandem"].partition(":")
    assert getattr(import_module(module), function) is main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recpe"], "No such command 'recpe'. Did you mean 'recipe'?"),
        (["recipe", "shw"], "No such command 'shw'. Did you mean 'show'?"),
        (["recipe", "show"], "Missing argument"),
        (["recipe", "list", "--all"], "No such option: --all"),
    ],
)
def test_main_wrong_usage_is_one_line_and_status_2(arguments: list[str], message: str) -> None:
    done = call(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["recipe"]])
def test_main_without_a_command_is_help_and_status_2(arguments: list[str]) -> None:
    done = call(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: tandem")


@pytest.mark.parametrize("error", [ValueError("a\nb"), FileNotFoundError("a b")])
def test_main_errors_are_one_line_and_status_1(monkeypatch, capsys, error: Exception) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr("tandem.cli.recipe.recipe_names", fails)
    monkeypatch.chdir(HOME)
    with pytest.raises(SystemExit) as end:
        main(["recipe", "list"])
    assert end.value.code == 1
    assert capsys.readouterr().err == "error: a b\n"


def test_main_bugs_keep_their_traceback(monkeypatch) -> None:
    def fails() -> None:
        raise KeyError("bug")

    monkeypatch.setattr("tandem.cli.recipe.recipe_names", fails)
    monkeypatch.chdir(HOME)
    with pytest.raises(KeyError):
        main(["recipe", "list"])


def test_main_reader_of_a_pipe_may_leave_early() -> None:
    command = f"{sys.executable} -m tandem recipe list | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "1"}
