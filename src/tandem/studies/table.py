"""What came out of a study, beside what was published: one table a corpus, and one of the transfers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from tandem.evaluation.significance import Difference, holm, micro_f1, paired_bootstrap
from tandem.recipes import load_recipe
from tandem.reporting import cells
from tandem.reporting.results import HEADLINES, number
from tandem.studies.counts import Counts, count_predictions, read_counts
from tandem.studies.spec import PROMPTED, PUBLISHED, Study, project_tree

NAMES = {
    "span.f1": "span F1",
    "relation.f1": "relation F1",
    "span_weighted.f1": "weighted span F1",
    "token.accuracy": "token accuracy with O",
    "token.weighted_f1": "weighted token F1 with O",
    "token.macro_f1": "macro token F1 with O",
    "accuracy": "accuracy with None",
    "weighted_f1": "weighted F1 with None",
}
COLUMNS = (
    *("corpus", "system", "weights", "seeds", "metric", "mean", "std", "exchanged", "no_picture"),
    *("above_baseline", "low", "high", "p_holm"),
    *("own_worth", "own_low", "own_high", "own_p_holm"),
)


REPORTED = ("corpus", "system", "metric", "mean", "std", "published")
_ROUNDING = 1e-9  # of two ways to the same F1


@dataclass(frozen=True)
class Results:
    """The scores of a system on a corpus, and the counts of each seed's predictions where those are at hand."""

    scores: dict[str, Any]
    counts: Counts

    @property
    def size(self) -> int:
        """Test sentences; 0 where the counts are not at hand."""
        return len(next(iter(self.counts.values()))) if self.counts else 0

    @property
    def headline(self) -> str:
        """Key of the scores whose F1 stands for the whole."""
        return HEADLINES[self.scores.get("task", "ner")].key


def read_results(folder: Path, system: str, corpus: str) -> Results | None:
    """What is there of a system on a corpus; None if it has not been scored.

    Errors: `ValueError` naming the file that is damaged, or whose counts belong to other results.
    """
    path = folder / f"results/{system}/{corpus}.json"
    if not path.is_file():
        return None
    scores, table = read_scores(path), folder / f"counts/{system}/{corpus}.csv"
    counts = read_counts(table) if table.is_file() else {}
    for seed, count in counts.items():
        f1 = scores.get("by_seed", {}).get(str(seed))
        if f1 is not None and abs(micro_f1(count.sum(axis=0)) - f1) > _ROUNDING:
            raise ValueError(f"{table}: seed {seed} is not that of {path}; restore both, or evaluate again")
    return Results(scores, counts)


def read_scores(path: Path) -> dict[str, Any]:
    """A file of a system's scores. Errors: `ValueError` naming it where it is damaged."""
    scores = _read_tree(path)
    if not any(one.key in scores for one in HEADLINES.values()):
        raise ValueError(f"{path}: no scores in it; restore it, or evaluate again")
    return scores


def _read_tree(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not valid JSON ({error}); restore it, or run its stage again") from None
    if not isinstance(tree, dict):
        raise ValueError(f"{path}: no scores in it; restore it, or run its stage again")
    return tree


def compare(found: Mapping[str, Results], baseline: str | None) -> dict[str, tuple[Difference, float]]:
    """Every system against the baseline over the same seeds, with p-values corrected for their number (Holm).

    Errors: `ValueError` if they were not scored on the same sentences.
    """
    base = found.get(baseline or "")
    if base is None or not base.counts:
        return {}
    # The chat model answers once, whatever the seeds.
    others = {
        name: one
        for name, one in found.items()
        if name != baseline and one.counts and (name == PROMPTED or one.counts.keys() == base.counts.keys())
    }
    for name, one in others.items():
        if not np.array_equal(_gold(one), _gold(base)):
            raise ValueError(f"{name} and {baseline} were scored on other test sentences; evaluate both again")
    pairs = {
        name: paired_bootstrap(list(one.counts.values()), list(base.counts.values())) for name, one in others.items()
    }
    corrected = holm([pair.p for pair in pairs.values()])
    return {name: (pair, p) for (name, pair), p in zip(pairs.items(), corrected, strict=True)}


def own_worths(found: Mapping[str, Results]) -> dict[str, tuple[Difference, float]]:
    """What every system's own pictures are worth against exchanged ones, as evaluation found it, p corrected (Holm).

    Systems that read no picture, to which exchanging does nothing at all, have no place among them.
    """
    worths = {}
    for name, one in found.items():
        values = [number(one.scores, "picture", key) for key in ("delta", "low", "high", "p")]
        if None not in values and any(values[:3]):
            worths[name] = Difference(*(float(value) for value in values if value is not None))
    corrected = holm([worth.p for worth in worths.values()])
    return {name: (worth, p) for (name, worth), p in zip(worths.items(), corrected, strict=True)}


def _gold(results: Results) -> np.ndarray:
    """Gold items of each sentence, the same for all seeds."""
    gold: np.ndarray = next(iter(results.counts.values()))[:, 2]
    return gold


def rows(study: Study, folder: Path, root: Path) -> Iterator[dict[str, Any]]:
    """One row a system and corpus that has been scored, best first within a corpus; columns as in COLUMNS."""
    for corpus in study.corpora:
        found = {name: one for name, one, reason in _scored(study, folder, root, corpus) if reason is None}
        pairs, worths = compare(found, study.baseline), own_worths(found)

        def f1(name: str, found: Mapping[str, Results] = found) -> float:
            return float(found[name].scores[found[name].headline]["f1"])

        for name in sorted(found, key=f1, reverse=True):
            scores, headline = found[name].scores, found[name].headline
            difference, p = pairs.get(name, (None, None))
            worth, worth_p = worths.get(name, (None, None))
            yield {
                "corpus": corpus,
                "system": name,
                "weights": scores.get("weights", study.weights),
                "seeds": scores["seeds"],
                "metric": f"{headline}.f1",
                "mean": f1(name),
                "std": number(scores, "std", headline, "f1") if scores["seeds"] > 1 else None,
                "exchanged": number(scores, "controls", "shuffled_image", "f1"),
                "no_picture": number(scores, "controls", "no_image", "f1"),
                "above_baseline": difference and difference.delta,
                "low": difference and difference.low,
                "high": difference and difference.high,
                "p_holm": p,
                "own_worth": worth and worth.delta,
                "own_low": worth and worth.low,
                "own_high": worth and worth.high,
                "own_p_holm": worth_p,
            }


def left_out(study: Study, folder: Path, root: Path) -> list[str]:
    """Why systems that have been scored have no row, one sentence each."""
    return [
        f"Left out: {_title(study, name)} on {corpus}, {reason}."
        for corpus in study.corpora
        for name, _, reason in _scored(study, folder, root, corpus)
        if reason is not None
    ]


def _scored(study: Study, folder: Path, root: Path, corpus: str) -> Iterator[tuple[str, Results, str | None]]:
    """What has been scored on a corpus, each with the reason why it is left out, if there is one."""
    most = 0
    for name in study.systems:
        if (one := read_results(folder, name, corpus)) is not None:
            most = max(most, one.size)
            weights = one.scores.get("weights", study.weights)
            yield name, one, None if weights == study.weights else f"scored with the weights `{weights}`"
    if study.prompted and (one := read_prompted(root, corpus)) is not None:
        limited = 0 < one.size < most
        reason = f"which was asked about {one.size} of {most} sentences (`prompted.limit`)" if limited else None
        yield PROMPTED, one, reason


def read_prompted(root: Path, corpus: str) -> Results | None:
    """What is there of the chat model of studies/prompted on a corpus, as of one seed."""
    path = root / f"metrics/prompted/{corpus}.json"
    if not path.is_file():
        return None
    scores = read_scores(path)
    table = root / f"data/prompted/{corpus}.parquet"
    found = {1: count_predictions(table)} if table.is_file() else {}
    return Results(scores | {"std": {}, "by_seed": {}, "seeds": 1, "weights": scores["model"]}, found)


def reported(study: Study, folder: Path, root: Path) -> pd.DataFrame:
    """Every score that a report gives for a system that has been scored, beside ours; columns as in REPORTED.

    A system that is not its recipe's (the text-only twin of one) has none of its numbers.
    """
    found = []
    for name in study.systems:
        recipe = study.settings[name].recipe
        if recipe is None:
            continue
        loaded = load_recipe(recipe, project_tree(root), root / "recipes")
        if loaded.params.fusion != study.parameters(name, root).fusion:
            continue
        for place, published in loaded.about.published.items():
            if not set(place.split("-")) <= set(study.corpora) and place not in study.corpora:
                continue
            own, transferred = folder / f"results/{name}/{place}.json", folder / f"transfer/{name}/{place}.json"
            path = transferred if transferred.is_file() else own
            if not path.is_file():
                continue
            scores = _read_tree(path)
            if scores.get("weights", study.weights) != study.weights:
                continue
            for metric, value in published.items():
                spread = number(scores, "std", *metric.split(".")) if scores["seeds"] > 1 else None
                found.append([place, name, metric, number(scores, *metric.split(".")), spread, value])
    return pd.DataFrame(found, columns=list(REPORTED))


def table(study: Study, folder: Path, root: Path) -> pd.DataFrame:
    """All rows as one table; columns as in COLUMNS."""
    return pd.DataFrame(list(rows(study, folder, root)), columns=list(COLUMNS))


def markdown(
    study: Study,
    frame: pd.DataFrame,
    *,
    beside: pd.DataFrame | None = None,
    literature: Path | None = None,
    transfers: str = "",
    absent: Sequence[str] = (),
) -> str:
    """The page of a study: what it is, a table a corpus, the transfers, and published scores to set beside.

    frame, beside, transfers, absent: of `table`, `reported`, `transfer_table` and `left_out`.
    """
    parts = [f"# {study.title}", _preface(study, compared=bool(frame["above_baseline"].notna().any())), *absent]
    for corpus, part in frame.groupby("corpus", sort=False):
        parts.append(f"## {corpus}\n\n{_one_table(study, part)}")
    if transfers:
        parts.append(f"## Transfer\n\n{transfers}")
    if beside is not None and len(beside):
        parts.append(_beside(study, beside))
    if literature is not None and (found := _literature(literature, study.corpora)):
        parts.append(found)
    return "\n\n".join(parts) + "\n"


def _preface(study: Study, *, compared: bool) -> str:
    used = (
        "the published settings"
        if study.weights == PUBLISHED
        else f"the weights `{study.weights}` (see `overlays` in params.yaml), not those of the reports: read ours "
        "against ours, row by row"
    )
    lines = [f"Mean over seeds times 100, ± deviation where there are several, with {used}."]
    if compared:
        lines.append(
            f"Above `{study.baseline}`: difference of the means with its 95 % interval, and p from a paired bootstrap "
            "over test sentences (10,000 resamples), corrected for the number of rows (Holm). Own pictures: likewise, "
            "above the same models with the pictures exchanged among the test sentences."
        )
    return "\n\n".join([" ".join(lines), *study.notes])


def _beside(study: Study, beside: pd.DataFrame) -> str:
    rows: list[dict[str, Any]] = beside.to_dict("records")  # type: ignore[assignment]
    lines = [
        [
            _title(study, row["system"]),
            row["corpus"],
            _name(row["metric"]),
            _spread(row["mean"], row["std"]),
            _percent(row["published"]),
        ]
        for row in rows
    ]
    heads = ["system", "corpus", "metric of the report", "ours", "published"]
    return f"## Beside the reports\n\n{grid(heads, lines)}"


def _title(study: Study, system: str) -> str:
    known = study.settings.get(system)
    return known.title if known is not None and known.title else system


def _one_table(study: Study, part: pd.DataFrame) -> str:
    metric = NAMES[part["metric"].iloc[0]]
    columns: dict[str, Callable[[Any], str]] = {
        "system": lambda row: _title(study, row.system),
        metric: lambda row: _spread(row.mean, row.std),
    }
    if part["above_baseline"].notna().any():
        columns[f"above {study.baseline}"] = lambda row: _difference(row.above_baseline, row.low, row.high)
        columns["p"] = lambda row: _p(row.p_holm)
    if part["own_worth"].notna().any():
        columns["own pictures"] = lambda row: _difference(row.own_worth, row.own_low, row.own_high)
        columns["p of these"] = lambda row: _p(row.own_p_holm)
    columns["exchanged pictures"] = lambda row: _percent(row.exchanged)
    columns["no pictures"] = lambda row: _percent(row.no_picture)
    columns["seeds"] = lambda row: str(row.seeds)
    lines = [[make(row) for make in columns.values()] for row in part.itertuples()]
    return grid(list(columns), lines)


def grid(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right."""
    return cells.markdown(cells.Table(list(heads), [list(line) for line in lines], names=1)).rstrip("\n")


def transfer_table(study: Study, folder: Path) -> str:
    """Span F1 of every system from each corpus to each: rows are systems and sources, columns targets."""
    lines = []
    for system in study.systems:
        for source in study.corpora:
            row = [_transfer_cell(folder / f"transfer/{system}/{source}-{target}.json") for target in study.corpora]
            if any(cell != "–" for cell in row):
                lines.append([_title(study, system), source, *row])
    return grid(["system", "trained on", *study.corpora], lines) if lines else ""


def _transfer_cell(path: Path) -> str:
    if not path.is_file():
        return "–"
    scores = _read_tree(path)
    headline = HEADLINES.get(scores.get("task", "ner"), HEADLINES["ner"]).key
    if headline not in scores:
        return "–"
    return _spread(scores[headline]["f1"], number(scores, "std", headline, "f1") if scores["seeds"] > 1 else None)


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


def _name(metric: str) -> str:
    return NAMES.get(metric, metric)


def _percent(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{100 * value:.2f}"


def _spread(mean: float | None, std: float | None) -> str:
    if mean is None or pd.isna(mean):
        return "–"
    return _percent(mean) if std is None or pd.isna(std) else f"{_percent(mean)} ± {_percent(std)}"


def _difference(delta: float | None, low: float | None, high: float | None) -> str:
    if delta is None or low is None or high is None or pd.isna(delta):
        return "–"
    return f"{100 * delta:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"


def _p(value: float | None) -> str:
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
