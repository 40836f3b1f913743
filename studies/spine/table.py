"""The results of studies/spine as one Markdown table: python studies/spine/table.py"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
HEAD = (
    "| text encoder | corpus | fusion | span F1 | above text_only | strict F1 | exchanged pictures | no pictures | "
    "token accuracy | seeds |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
)


def cell(scores: dict[str, Any], *path: str) -> str:
    """Mean and deviation of one score, times 100."""
    mean: Any = scores
    deviation: Any = scores["std"]
    for key in path:
        mean, deviation = mean[key], deviation[key]
    return f"{100 * mean:.2f} ± {100 * deviation:.2f}"


def rows(grid: Path) -> list[str]:
    """One row a corpus and fusion, best first; differences are between means over the same seeds."""
    lines = []
    for corpus in sorted(grid.iterdir()):
        found = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in corpus.glob("*.json")}
        base = found.get("text_only")
        for fusion, scores in sorted(found.items(), key=lambda item: -item[1]["span"]["f1"]):
            comparable = (
                base is not None and fusion != "text_only" and scores["by_seed"].keys() == base["by_seed"].keys()
            )
            above = f"{100 * (scores['span']['f1'] - base['span']['f1']):+.2f}" if base and comparable else "–"
            columns = [
                grid.name,
                corpus.name,
                fusion,
                cell(scores, "span", "f1"),
                above,
                cell(scores, "span_strict", "f1"),
                cell(scores, "controls", "shuffled_image", "f1"),
                cell(scores, "controls", "no_image", "f1"),
                cell(scores, "token", "accuracy"),
                str(scores["seeds"]),
            ]
            lines.append(f"| {' | '.join(columns)} |")
    return lines


def table(results: Path) -> str:
    """The head and the rows of every grid; files beside the grids' folders are passed over."""
    grids = sorted(entry for entry in results.iterdir() if entry.is_dir())
    return "\n".join([HEAD, *(row for grid in grids for row in rows(grid))])


if __name__ == "__main__":
    print(table(RESULTS))
