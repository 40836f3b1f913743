"""Reading every result of the pipeline that is on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tandem.params import RelationParams
from tandem.params.root import load_tree
from tandem.reporting.predictions import picture_weights, read_rows, span_confusion
from tandem.reporting.results import Results, Row, Study, Tree

STUDY_COLUMNS = ("corpus", "system", "mean", "std", "exchanged", "above_baseline", "low", "high", "p_holm")


def load_results(
    *,
    fusion: str,
    decoder: str,
    relation: RelationParams,
    datasets: Sequence[str],
    seeds: Sequence[int],
    encoder: str,
    max_pixels: int,
    root: Path = Path(),
) -> Results:
    """Read metrics/, data/predictions/, plots/train/, plots/explore/ and studies/ below `root`.

    Args:
        encoder, max_pixels: of pictures, as in `vision`; they decide what is drawn on pictures and which are opened.

    Errors: `ValueError` naming a file that exists but is not what it should be.
    """
    missing: list[str] = []

    def tree(path: str, *, required: bool = True) -> Tree:
        try:
            value = json.loads((root / path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            if required:
                missing.append(path)
            return {}
        except ValueError as error:
            raise ValueError(f"{path}: not valid JSON ({error}); remove it and run `dvc repro`") from None
        if not isinstance(value, dict):
            raise ValueError(f"{path}: expected keys and values; remove it and run `dvc repro`")
        return value

    def history(path: str) -> pd.DataFrame | None:
        try:
            frame = pd.read_csv(root / path)
        except FileNotFoundError:
            missing.append(path)
            return None
        absent = [column for column in ("epoch", "loss", "valid_f1") if column not in frame]
        if absent:
            raise ValueError(f"{path}: no column {absent[0]!r}; remove it and run `dvc repro train`")
        return frame

    evaluate = {name: tree(f"metrics/evaluate/{name}.json") for name in datasets}
    transfer = {(one, two): tree(f"metrics/transfer/{one}-{two}.json") for one in datasets for two in datasets}
    data = {name: tree(f"metrics/data/{name}.json") for name in datasets}
    features = {name: tree(f"metrics/features/{name}.json", required=False) for name in datasets}
    curves = {(name, seed): history(f"plots/train/{name}/{seed}/history.csv") for name in datasets for seed in seeds}
    rows = {(name, seed): read_rows(root / f"data/predictions/{name}/{seed}.parquet") for name, seed in curves}
    seen = {name: [found for seed in seeds if (found := rows[name, seed])] for name in datasets}
    confusion = {
        name: evaluate[name].get("confusion") or span_confusion([] if _related(found) else found)
        for name, found in seen.items()
    }
    return Results(
        fusion=fusion,
        decoder=decoder,
        relation=relation,
        datasets=list(datasets),
        seeds=list(seeds),
        encoder=encoder,
        max_pixels=max_pixels,
        root=root,
        evaluate={key: value for key, value in evaluate.items() if value},
        transfer={key: value for key, value in transfer.items() if value},
        data={key: value for key, value in data.items() if value},
        features={key: value for key, value in features.items() if value},
        ceiling=tree("metrics/ceiling.json", required=False),
        history={key: value for key, value in curves.items() if value is not None},
        predictions={key: value for key, value in rows.items() if value},
        confusion={name: counts for name, counts in confusion.items() if counts},
        gates={name: bins for name in datasets if (bins := picture_weights(seen[name]))},
        explore={name: found for name in datasets if (found := _analyses(root / f"plots/explore/{name}/index.json"))},
        studies=_studies(root / "studies"),
        missing=missing,
    )


def _related(seeds: Sequence[Sequence[Row]]) -> bool:
    """Whether predictions are relations."""
    return bool(seeds) and isinstance(seeds[0][0]["gold"], str)


def _analyses(path: Path) -> list[Tree]:
    """The analyses of a corpus in the order of its index; none without one."""
    if not path.is_file():
        return []
    try:
        found: list[Tree] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not valid JSON ({error}); run `dvc repro -f explore`") from None
    return found


def _studies(folder: Path) -> dict[str, Study]:
    """The studies that have run, by the name of their folder."""
    found = {}
    for path in sorted(folder.glob("*/table.csv")):
        try:
            table = pd.read_csv(path, keep_default_na=False, na_values=[""])
        except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: not a table ({error}); run that study's `table` stage again") from None
        if absent := [column for column in STUDY_COLUMNS if column not in table]:
            raise ValueError(f"{path}: no column {absent[0]!r}; run that study's `table` stage again")
        if len(table):
            knobs = path.with_name("params.yaml")
            said = load_tree(knobs) if knobs.is_file() else {}
            if not isinstance(said, dict):
                raise ValueError(f"{knobs}: expected keys and values; restore it")
            found[path.parent.name] = Study(said.get("title", path.parent.name), said.get("baseline"), table)
    return found
