"""Running DVC as a user would, so that its commands mean here what its documentation says."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class CommandError(ValueError):
    """A command that had to succeed did not; the message has its last words."""


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its status, and what it said, in lines without colours and blank lines."""

    status: int
    lines: Sequence[str]

    @property
    def last(self) -> str:
        """The line that tells best what went wrong: the first error, or the last line."""
        errors = [line for line in self.lines if line.startswith("ERROR:")]
        return (errors or [*self.lines][-1:] or ["no message"])[0]


def dvc(*arguments: str) -> Ran:
    """Run `dvc` here; what it says is shown at once and returned."""
    lines: list[str] = []
    process = subprocess.Popen(
        _command(arguments), env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    with process, io.TextIOWrapper(process.stdout, encoding="utf-8", errors="replace", newline="\n") as stream:
        for line in stream:
            print(line, end="", flush=True)
            plain = ANSI.sub("", line.rstrip().rpartition("\r")[2])  # of a progress bar, its last state
            if plain:
                lines.append(plain)
    return Ran(process.returncode, lines)


def answer(*arguments: str) -> str:
    """What `dvc` writes to its standard output. Errors: `CommandError`."""
    return _answer(_command(arguments), f"dvc {' '.join(arguments)}")


def check_revision(revision: str) -> None:
    """Errors: `CommandError` with a remedy, where there is no such revision."""
    command = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    try:
        _answer(command, "git rev-parse")
    except CommandError:
        message = f"{revision}: no such revision here; `git fetch` it, or name another (as in `tandem review HEAD~1`)"
        raise CommandError(message) from None


def remote() -> str | None:
    """The name of the DVC remote that is used when none is named; None if none is set."""
    try:
        return answer("config", "core.remote").strip() or None
    except CommandError:
        return None


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "dvc", *arguments]


def _environment() -> dict[str, str]:
    """Stages call `python`: it is the one that runs this, whether or not its environment was entered."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _answer(command: Sequence[str], name: str) -> str:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in ANSI.sub("", done.stderr).splitlines() if line.strip()]
        raise CommandError(f"`{name}` failed: {Ran(done.returncode, said).last}")
    return done.stdout
