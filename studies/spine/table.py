"""The results of studies/spine as Markdown tables, one a task: python studies/spine/table.py"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
# Heading of a column -> where its score stands in a metrics file. The first is the headline.
COLUMNS = {
    "ner": {
        "span F1": ("span", "f1"),
        "strict F1": ("span_strict", "f1"),
        "exchanged pictures": ("controls", "shuffled_image", "f1"),
        "no pictures": ("controls", "no_image", "f1"),
        "token accuracy": ("token", "accuracy"),
    },
    "re": {
        "relation F1 without None": ("relation", "f1"),
        "macro F1": ("relation_macro", "f1"),
        "exchanged pictures": ("controls", "shuffled_image", "f1"),
        "no pictures": ("controls", "no_image", "f1"),
        "accuracy with None": ("accuracy",),
    },
}


def score(scores: dict[str, Any], path: tuple[str, ...]) -> float:
    """The number at a place of a metrics file."""
    value: Any = scores
    for key in path:
        value = value[key]
    return float(value)


def cell(scores: dict[str, Any], path: tuple[str, ...]) -> str:
    """Mean and deviation of one score, times 100."""
    return f"{100 * score(scores, path):.2f} ± {100 * score(scores['std'], path):.2f}"


def rows(corpus: Path, task: str) -> Iterator[str]:
    """One row a fusion, best first; differences are between means over the same seeds."""
    columns = COLUMNS[task]
    headline = next(iter(columns.values()))
    files = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in corpus.glob("*.json")}
    found = {fusion: scores for fusion, scores in files.items() if scores.get("task", "ner") == task}
    base = found.get("text_only")
    for fusion, scores in sorted(found.items(), key=lambda item: -score(item[1], headline)):
        comparable = base and fusion != "text_only" and scores["by_seed"].keys() == base["by_seed"].keys()
        above = f"{100 * (score(scores, headline) - score(base, headline)):+.2f}" if base and comparable else "–"
        first, *others = (cell(scores, path) for path in columns.values())
        values = [corpus.parent.name, corpus.name, fusion, first, above, *others, str(scores["seeds"])]
        yield f"| {' | '.join(values)} |"


def table(results: Path, task: str = "ner") -> str:
    """The head and the rows of every grid; files beside the grids' folders are passed over. Empty without rows."""
    folders = sorted(entry for entry in results.glob("*/*") if entry.is_dir())
    lines = [line for folder in folders for line in rows(folder, task)]
    if not lines:
        return ""
    headline, *others = COLUMNS[task]
    heads = ["text encoder", "corpus", "fusion", headline, "above text_only", *others, "seeds"]
    ruler = f"|{'---|' * 3}{'---:|' * (len(heads) - 3)}"
    return "\n".join([f"| {' | '.join(heads)} |", ruler, *lines])


if __name__ == "__main__":
    print("\n\n".join(filter(None, (table(RESULTS, task) for task in COLUMNS))))
