"""What is kept of what commands say."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tandem.review import commands
from tandem.review.commands import CommandError, Ran, answer, dvc


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python in place of `dvc`: the arguments are its program."""
    monkeypatch.setattr(commands, "_command", lambda arguments: [sys.executable, "-c", *arguments])


def test_dvc_is_shown_and_kept_in_plain_lines(program, capfd) -> None:
    code = r"import sys; print('\x1b[33mone\x1b[0m\n\n 10%\r 100% two'); print('three', file=sys.stderr); sys.exit(3)"
    ran = dvc(code)
    assert ran.status == 3
    assert sorted(ran.lines) == [" 100% two", "one", "three"]
    assert "three" in capfd.readouterr().out


def test_stages_get_the_python_that_runs_the_review(program) -> None:
    first = answer("import os; print(os.environ['PATH'])").split(os.pathsep)[0]
    assert Path(first) == Path(sys.executable).parent


def test_answer_of_a_command_that_fails_is_its_error(program) -> None:
    with pytest.raises(CommandError, match="failed: ERROR: no such thing"):
        answer("import sys; sys.exit('WARNING: x\\nERROR: no such thing\\nmore')")


def test_ran_last_is_the_error_or_the_last_line() -> None:
    assert Ran(1, ["a", "ERROR: b", "c"]).last == "ERROR: b"
    assert Ran(1, ["a", "c"]).last == "c"
    assert Ran(1, []).last == "no message"
