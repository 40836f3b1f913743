"""The runner and the table of the main comparison."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

HOME = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"spine_{name}", HOME / f"studies/spine/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def scores(f1: float, seeds: tuple[int, ...] = (1, 2)) -> dict:
    def tree(value: float) -> dict:
        control = {"f1": value}
        return {
            "span": control,
            "span_strict": control,
            "controls": {"shuffled_image": control, "no_image": control},
            "token": {"accuracy": value},
        }

    return {**tree(f1), "std": tree(0.01), "seeds": len(seeds), "by_seed": dict.fromkeys(map(str, seeds), f1)}


def test_spine_merge_replaces_leaves_only() -> None:
    run = load("run")
    assert run.merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}, "d": 4}) == {"a": {"b": 9, "c": 2}, "d": 4}


def test_spine_cell_is_done_for_its_own_parameters_and_seeds(tmp_path, monkeypatch) -> None:
    run = load("run")
    monkeypatch.setattr(run, "HERE", tmp_path)
    rest = {"fusion": "film", "decoder": "crf", "text": {}, "vision": {}, "head": {}, "fusions": {}}
    params = rest | {"seeds": [1, 2], "train": {"epochs": 3, "threads": 1}, "corpora": {"corpus": {}, "other": {}}}
    cell = run.Cell("grid", "corpus", "film", params)
    assert not cell.done
    cell.result.parent.mkdir(parents=True)
    cell.result.write_text(json.dumps(scores(0.5) | {"study": {"key": cell.key}}))
    assert cell.done
    for same in ({"train": {"epochs": 3, "threads": 2}}, {"corpora": {"corpus": {}}}, {"fusions": {"concat": {}}}):
        assert run.Cell("grid", "corpus", "film", params | same).done
    for other in (params | {"seeds": [1, 2, 3]}, params | {"train": {"epochs": 4, "threads": 1}}):
        assert not run.Cell("grid", "corpus", "film", other).done


def test_spine_table_sets_rows_beside_text_only(tmp_path) -> None:
    table = load("table")
    for fusion, result in {"text_only": scores(0.8), "film": scores(0.82), "gated": scores(0.81, (1,))}.items():
        path = tmp_path / f"minilm/corpus/{fusion}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))
    film, gated, text = table.rows(tmp_path / "minilm/corpus", "ner")
    assert film.startswith("| minilm | corpus | film | 82.00 ± 1.00 | +2.00 |")
    assert gated.startswith("| minilm | corpus | gated | 81.00 ± 1.00 | – |")  # other seeds: not comparable
    assert text.startswith("| minilm | corpus | text_only | 80.00 ± 1.00 | – |")


def test_spine_table_passes_over_files_beside_the_grids(tmp_path) -> None:
    table = load("table")
    (tmp_path / "README.md").write_text("words")
    (tmp_path / "minilm/corpus").mkdir(parents=True)
    (tmp_path / "minilm/corpus/film.json").write_text(json.dumps(scores(0.82)))
    assert table.table(tmp_path).splitlines()[-1].startswith("| minilm | corpus | film | 82.00")


def test_spine_table_of_relations_stands_apart(tmp_path) -> None:
    table = load("table")

    def pairs(f1: float) -> dict:
        control = {"f1": f1}
        controls = {"shuffled_image": control, "no_image": control}
        tree = {"relation": control, "relation_macro": control, "accuracy": f1, "controls": controls}
        return {**tree, "std": tree, "seeds": 2, "by_seed": {"1": f1, "2": f1}, "task": "re"}

    (tmp_path / "minilm/corpus").mkdir(parents=True)
    (tmp_path / "minilm/corpus/film.json").write_text(json.dumps(pairs(0.5)))
    assert table.table(tmp_path) == ""
    assert table.table(tmp_path, "re").splitlines()[-1].startswith("| minilm | corpus | film | 50.00")


@pytest.mark.parametrize("grid", ["minilm", "minilm_pairs", "mpnet"])
def test_spine_grids_are_valid_parameters(grid: str) -> None:
    import yaml  # noqa: PLC0415

    from tandem.params import parse_params  # noqa: PLC0415

    run = load("run")
    base = yaml.safe_load((HOME / "params.yaml").read_text(encoding="utf-8"))
    overrides = {"text": run.GRIDS[grid].text, "train": run.GRIDS[grid].train, "vision": run.GRIDS[grid].vision}
    assert parse_params(run.merge(base, overrides)).train.epochs == run.GRIDS[grid].train["epochs"]
