"""What every stage script shares: arguments, parameters, and errors of one line."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Callable, Sequence

from tandem.params import TandemParams, load_params


def run_stage(work: Callable[..., None], *, takes: Sequence[str] = (), description: str | None = None) -> None:
    """Call `work(params, *arguments)` with params.yaml and the command line's arguments named by `takes`.

    A `ValueError` or `OSError` ends the process with one line and exit status 1; others keep their traceback,
    because they are bugs.
    """
    parser = argparse.ArgumentParser(description=description or work.__doc__)
    for name in takes:
        parser.add_argument(name, type=int if name == "seed" else str)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    warnings.filterwarnings("ignore", category=FutureWarning)
    try:
        params: TandemParams = load_params()
        work(params, *(getattr(arguments, name) for name in takes))
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
