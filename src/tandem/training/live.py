"""Live metrics of a training: DVCLive's files, and one CSV that plots read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dvclive import Live

from tandem.files import atomic_path


@contextmanager
def live_report(folder: Path, title: str) -> Iterator[Callable[[dict[str, float]], None]]:
    """Yield a function that takes a row of numbers an epoch, among them `valid_f1`, which is called `title`.

    It prints the row, logs it with DVCLive (so that `dvc exp show` follows a running training) and rewrites
    `history.csv`.
    """
    rows: list[dict[str, float]] = []
    with Live(dir=str(folder), dvcyaml=False, save_dvc_exp=False, report=None) as live:

        def report(row: dict[str, float]) -> None:
            rows.append(row)
            for name, value in row.items():
                if name != "epoch":
                    live.log_metric(name, value)
            live.next_step()
            with atomic_path(folder / "history.csv") as temporary, temporary.open("w", newline="") as stream:
                writer = csv.DictWriter(stream, fieldnames=list(row))
                writer.writeheader()
                writer.writerows(rows)
            print(f"epoch {row['epoch']}: loss {row['loss']:.4f}, validation {title} {row['valid_f1']:.4f}", flush=True)

        yield report
