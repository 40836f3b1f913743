"""The command `tandem`.

A command is a module of this package with a `typer.Typer` called `app`, and a line in COMMANDS. Only the module of the
command that is called is imported; it imports what takes long (torch, transformers) where it uses it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS = {
    "compare": "Whether one system beats another: experiments, revisions or prediction files.",
    "export": "A trained model as a folder that needs nothing else, and as an ONNX graph.",
    "predict": "Entities and relations of posts: of one, or of a file of them.",
    "recipe": "The published systems by name: list, show, run.",
    "review": "What a change does to the results, as a pull request is told.",
    "serve": "A page to try a model on: type a post, drop a picture, see what is found.",
}
"""Module of this package -> what `tandem --help` says of it."""


class LazyGroup(TyperGroup):
    """Knows every command by its help, and imports one when it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name in COMMANDS:
            command = get_command(import_module(f"{__name__}.{name}").app)
        return name, command, rest


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def tandem() -> None:
    """Entities and relations out of social-media posts, reading text and picture in tandem.

    Run it in the project's root, as in: dvc exp run $(tandem recipe flags mscmt_hybrid)
    """


def _listed() -> None:
    """Stands for a command that is not imported yet."""


for _name, _help in COMMANDS.items():
    app.command(_name, help=_help)(_listed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Errors end in one line and status 1, a wrong usage in one line and status 2."""
    try:
        status = app(None if arguments is None else list(arguments), prog_name="tandem", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        _end(error.format_message(), error.exit_code)
    except BrokenPipeError:  # the reader of a pipe has gone; what is left in the buffer has no reader either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ValueError, OSError) as error:
        _end(str(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        _end("interrupted", 130)
    if isinstance(status, int):
        sys.exit(status)


def _end(message: str, status: int) -> None:
    """The message as one line; a help text (of a command called without what it needs) stays as it is."""
    help_text = message.lstrip().startswith("Usage:")
    print(message if help_text else f"error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)
