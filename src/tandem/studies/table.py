"""What came out of a study, beside what was published: one table a corpus, and one of the transfers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import yaml

from tandem.corpora.schema import NO_RELATION
from tandem.evaluation.significance import Difference, counts, holm, paired_bootstrap
from tandem.evaluation.spans import spans
from tandem.recipes import load_recipe
from tandem.studies.spec import PUBLISHED, Study, project_tree
from tandem.trees import find

HEADLINES = {"ner": "span", "re": "relation"}
NAMES = {
    "span.f1": "span F1",
    "relation.f1": "relation F1",
    "span_weighted.f1": "weighted span F1",
    "token.accuracy": "token accuracy with O",
    "token.weighted_f1": "weighted token F1 with O",
    "token.macro_f1": "macro token F1 with O",
    "accuracy": "accuracy with None",
}
COLUMNS = (
    *("corpus", "system", "weights", "seeds", "metric", "mean", "std", "exchanged", "no_picture"),
    *("above_baseline", "low", "high", "p_holm", "reported_metric", "reported_mean", "reported_std", "published"),
)


@dataclass(frozen=True)
class Results:
    """The scores of a system on a corpus, and the counts of each seed's predictions where those are at hand."""

    scores: dict[str, Any]
    counts: dict[int, np.ndarray]

    @property
    def headline(self) -> str:
        """Key of the scores whose F1 stands for the whole."""
        return HEADLINES[self.scores.get("task", "ner")]


def number(tree: Mapping[str, Any], path: str) -> float | None:
    """The number at a dotted place of a metrics file, None if there is none."""
    value = find(tree, tuple(path.split(".")))
    return None if value is None else float(value)


def read_counts(path: Path) -> np.ndarray:
    """Right, predicted and gold entities (or relations) of each row of a prediction file: (N, 3)."""
    table = pq.read_table(path, columns=["gold", "predicted"]).to_pydict()
    if table["gold"] and isinstance(table["gold"][0], str):
        items = ([[] if said == NO_RELATION else [said] for said in table[name]] for name in ("gold", "predicted"))
    else:
        items = ([spans(tags, "default") for tags in table[name]] for name in ("gold", "predicted"))
    return counts(*items)


def read_results(folder: Path, system: str, corpus: str) -> Results | None:
    """What is there of a system on a corpus; None if it has not been scored."""
    path = folder / f"results/{system}/{corpus}.json"
    if not path.is_file():
        return None
    scores = json.loads(path.read_text(encoding="utf-8"))
    files = {int(seed): folder / f"predictions/{system}/{corpus}/{seed}.parquet" for seed in scores["by_seed"]}
    here = all(file.is_file() for file in files.values())
    return Results(scores, {seed: read_counts(file) for seed, file in files.items()} if here else {})


def compare(found: Mapping[str, Results], baseline: str | None) -> dict[str, tuple[Difference, float]]:
    """Every system against the baseline over the same seeds, with p-values corrected for their number (Holm)."""
    base = found.get(baseline or "")
    if base is None or not base.counts:
        return {}
    pairs = {
        name: paired_bootstrap(list(one.counts.values()), list(base.counts.values()))
        for name, one in found.items()
        if name != baseline and one.counts.keys() == base.counts.keys()
    }
    corrected = holm([pair.p for pair in pairs.values()])
    return {name: (pair, p) for (name, pair), p in zip(pairs.items(), corrected, strict=True)}


def rows(study: Study, folder: Path, root: Path) -> Iterator[dict[str, Any]]:
    """One row a system and corpus that has been scored, best first within a corpus; columns as in COLUMNS."""
    for corpus in study.corpora:
        scored = {name: read_results(folder, name, corpus) for name in study.systems}
        found = {name: one for name, one in scored.items() if one is not None}
        pairs = compare(found, study.baseline)

        def f1(name: str, found: Mapping[str, Results] = found) -> float:
            return float(found[name].scores[found[name].headline]["f1"])

        for name in sorted(found, key=f1, reverse=True):
            scores, headline = found[name].scores, found[name].headline
            difference, p = pairs.get(name, (None, None))
            metric, published = reported(study, name, corpus, root)
            yield {
                "corpus": corpus,
                "system": name,
                "weights": study.weights,
                "seeds": scores["seeds"],
                "metric": f"{headline}.f1",
                "mean": f1(name),
                "std": scores["std"][headline]["f1"],
                "exchanged": number(scores, "controls.shuffled_image.f1"),
                "no_picture": number(scores, "controls.no_image.f1"),
                "above_baseline": difference and difference.delta,
                "low": difference and difference.low,
                "high": difference and difference.high,
                "p_holm": p,
                "reported_metric": metric,
                "reported_mean": number(scores, metric) if metric else None,
                "reported_std": number(scores["std"], metric) if metric else None,
                "published": published,
            }


def reported(study: Study, system: str, corpus: str, root: Path) -> tuple[str | None, float | None]:
    """The metric that the report of a system's recipe gives for a corpus, and its value; None where it gives none."""
    recipe = study.settings[system].recipe
    about = load_recipe(recipe, project_tree(root), root / "recipes").about if recipe else None
    found = about.published.get(corpus, {}) if about else {}
    return next(iter(found.items()), (None, None))


def table(study: Study, folder: Path, root: Path) -> pd.DataFrame:
    """All rows as one table; columns as in COLUMNS."""
    return pd.DataFrame(list(rows(study, folder, root)), columns=list(COLUMNS))


def markdown(study: Study, frame: pd.DataFrame, literature: Path | None = None, transfers: str = "") -> str:
    """The page of a study: what it is, a table a corpus, the transfers, and published scores to set beside."""
    parts = [f"# {study.title}", _preface(study)]
    for corpus, part in frame.groupby("corpus", sort=False):
        parts.append(f"## {corpus}\n\n{_one_table(study, part)}")
    if transfers:
        parts.append(f"## Transfer\n\n{transfers}")
    if literature is not None and (found := _literature(literature, study.corpora)):
        parts.append(found)
    return "\n\n".join(parts) + "\n"


def _preface(study: Study) -> str:
    used = (
        "the published settings"
        if study.weights == PUBLISHED
        else f"the weights `{study.weights}` (see `overlays` in params.yaml), not those of the reports: read ours "
        "against ours, row by row"
    )
    lines = [f"Mean ± deviation over seeds, times 100, with {used}."]
    if study.baseline:
        lines.append(
            f"Above `{study.baseline}`: difference of the means with its 95 % interval, and p from a paired bootstrap "
            "over test sentences (10,000 resamples), corrected for the number of rows (Holm)."
        )
    return " ".join(lines)


def _one_table(study: Study, part: pd.DataFrame) -> str:
    metric = NAMES[part["metric"].iloc[0]]
    columns: dict[str, Callable[[Any], str]] = {
        "system": lambda row: study.settings[row.system].title or row.system,
        metric: lambda row: _spread(row.mean, row.std),
    }
    if part["above_baseline"].notna().any():
        columns[f"above {study.baseline}"] = _above
        columns["p"] = lambda row: _p(row.p_holm)
    columns["exchanged pictures"] = lambda row: _percent(row.exchanged)
    columns["no pictures"] = lambda row: _percent(row.no_picture)
    if part["reported_metric"].notna().any():
        columns["metric of its report"] = lambda row: _name(row.reported_metric)
        columns["ours"] = lambda row: _spread(row.reported_mean, row.reported_std)
        columns["published"] = lambda row: _percent(row.published)
    columns["seeds"] = lambda row: str(row.seeds)
    lines = [[make(row) for make in columns.values()] for row in part.itertuples()]
    return grid(list(columns), lines)


def grid(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right."""
    ruler = "|---|" + "---:|" * (len(heads) - 1)
    return "\n".join(["| " + " | ".join(heads) + " |", ruler, *("| " + " | ".join(line) + " |" for line in lines)])


def transfer_table(study: Study, folder: Path) -> str:
    """Span F1 of every system from each corpus to each: rows are systems and sources, columns targets."""
    lines = []
    for system in study.systems:
        for source in study.corpora:
            cells = [_transfer_cell(folder / f"transfer/{system}/{source}-{target}.json") for target in study.corpora]
            if any(cell != "–" for cell in cells):
                lines.append([study.settings[system].title or system, source, *cells])
    return grid(["system", "trained on", *study.corpora], lines) if lines else ""


def _transfer_cell(path: Path) -> str:
    if not path.is_file():
        return "–"
    scores = json.loads(path.read_text(encoding="utf-8"))
    headline = HEADLINES.get(scores.get("task", "ner"), "span")
    if headline not in scores:
        return "–"
    return _spread(scores[headline]["f1"], scores["std"][headline]["f1"])


def _literature(path: Path, corpora: Sequence[str]) -> str:
    """Published scores by name, one column a corpus; those of relabelled data are marked."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    shown = [corpus for corpus in corpora if any(corpus in entry["span"] for entry in entries)]
    if not shown:
        return ""
    lines = [
        [
            entry["name"],
            *(_published(entry, corpus) for corpus in shown),
        ]
        for entry in entries
        if any(corpus in entry["span"] for corpus in shown)
    ]
    note = "As published, one number each, most without a deviation. * on relabelled data: another corpus in fact."
    return f"## Published span F1 (relations: F1 without None)\n\n{grid(['system', *shown], lines)}\n\n{note}"


def _published(entry: Mapping[str, Any], corpus: str) -> str:
    value = entry["span"].get(corpus)
    return "–" if value is None else f"{value:.2f}{'*' if corpus in entry.get('relabelled', []) else ''}"


def _name(metric: str | None) -> str:
    return NAMES.get(metric, metric) if isinstance(metric, str) else "–"


def _percent(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{100 * value:.2f}"


def _spread(mean: float | None, std: float | None) -> str:
    if mean is None or pd.isna(mean):
        return "–"
    return _percent(mean) if std is None or pd.isna(std) else f"{_percent(mean)} ± {_percent(std)}"


def _above(row: Any) -> str:
    if pd.isna(row.above_baseline):
        return "–"
    return f"{100 * row.above_baseline:+.2f} ({100 * row.low:+.2f} to {100 * row.high:+.2f})"


def _p(value: float | None) -> str:
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
