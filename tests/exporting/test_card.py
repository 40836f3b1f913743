"""What a model card says, by what the project knows of the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tandem.exporting.export import export
from tandem.tasks import RE

DATA = {
    "release": "Twitter-2017 original (UMT)",
    "warning": None,
    "splits": {
        split: {"sentences": size, "tokens": 10 * size, "entities_default": 2 * size}
        for split, size in (("train", 300), ("valid", 20), ("test", 40))
    },
    "pictures": {"ids": 360, "present": 350, "missing": 10, "distinct": 349},
}
SCORE = {"precision": 0.71, "recall": 0.73, "f1": 0.72, "support": 80}
TEST = {
    "span": SCORE,
    "per_type": {"LOC": SCORE, "PER": SCORE},
    "controls": {"shuffled_image": {"f1": 0.6, "delta": 0.12}, "no_image": {"f1": 0.73, "delta": -0.01}},
    "std": {"span": {"precision": 0.01, "recall": 0.02, "f1": 0.0123}},
    "interval": {"f1": {"low": 0.7012, "high": 0.7389}},
    "picture": {"changed": 12.3, "helped": 7.0, "harmed": 3.0},
    "calibration": {"ece": 0.034},
    "clean": {**SCORE, "f1": 0.7123},
    "leaks": {"sentences": 3, "exact": 2, "near": 1},
    "seeds": 2,
    "sentences": 40,
    "by_seed": {"1": 0.7345, "2": 0.7055},
}


def results(root: Path, data: dict[str, Any] | None, test: dict[str, Any] | None) -> None:
    for name, tree in (("data", data), ("evaluate", test)):
        if tree is not None:
            path = root / "metrics" / name / "tiny.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(tree))


def card(folder: Path, out: Path, **options: Any) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Front matter, the page on one line, and the notes."""
    done = export(folder, out, **options)
    empty, front, page = (out / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert not empty
    return yaml.safe_load(front), " ".join(page.split()), done.notes


def test_card_of_a_scored_model(checkpoint, make_params, tmp_path) -> None:
    results(tmp_path, DATA, TEST)
    front, page, notes = card(checkpoint(make_params(fusion="film")), tmp_path / "out")
    assert notes == ()
    assert front["language"] == "en"
    assert "license" not in front
    assert "# license: yours to choose" in (tmp_path / "out/README.md").read_text()
    assert front["tags"] == ["tandem", "named-entity-recognition", "social-media", "multimodal"]
    (tested,) = front["model-index"][0]["results"]
    assert tested["metrics"] == [{"type": "f1", "value": 0.7345, "name": "span F1"}]
    for said in (
        "Entity types: `LOC`, `PER`",
        "release: Twitter-2017 original (UMT)",
        "| train | 300 | 3000 | 600 |",
        "350 of 360 are there, 349 distinct",
        "Validation span F1 of this model (seed 1): 0.5000",
        "Test split (40 sentences), mean ± standard deviation of 2 seeds: span F1 0.7200 ± 0.0123, "
        "95 % interval [0.7012, 0.7389]; precision 0.7100, recall 0.7300. This model: 0.7345.",
        "3 of the test sentences stand, exactly or nearly, in the corpus's train or valid split too; "
        "without them F1 is 0.7123.",
        "| `LOC` | 0.7100 | 0.7300 | 0.7200 | 80 |",
        "| the picture of another post | 0.6000 | -12.0 points | | no picture | 0.7300 | +1.0 points |",
        "changes the answer to 12 sentences (mean over seeds): 7 are right only with it, 3 only without",
        "off by 3.4 points on average (ECE)",
        "seed: 1 epochs: 3 best_epoch: 2",
        "direction: image_to_text",
        "tandem.load(",
    ):
        assert said in page
    assert "generated" not in page
    assert "ONNX" not in page


def test_card_of_one_seed_knows_no_deviation(checkpoint, make_params, tmp_path) -> None:
    results(tmp_path, DATA, {**TEST, "seeds": 1, "by_seed": {"1": 0.7345}})
    _, page, _ = card(checkpoint(make_params(fusion="film")), tmp_path / "out")
    assert "Test split (40 sentences), one seed: span F1 0.7200, 95 % interval" in page


def test_card_of_a_model_without_results(checkpoint, make_params, tmp_path) -> None:
    front, page, notes = card(checkpoint(make_params(fusion="text_only")), tmp_path / "out")
    assert [note.partition(":")[0] for note in notes] == [
        "nothing of data in the card",
        "nothing of evaluate in the card",
    ]
    assert "language" not in front
    assert "model-index" not in front
    assert "multimodal" not in front["tags"]
    assert "# language: unknown" in (tmp_path / "out/README.md").read_text()
    assert "it reads no picture" in page
    assert "has not been scored on the test split" in page
    assert "Does the picture help?" not in page


def test_card_never_shows_the_scores_of_other_models(checkpoint, make_params, tmp_path) -> None:
    folder = checkpoint(make_params(fusion="film"))
    results(tmp_path, DATA, {**TEST, "by_seed": {"2": 0.7, "3": 0.7}})
    _, page, notes = card(folder, tmp_path / "out")
    assert "has not been scored" in page
    assert notes[0].endswith("evaluate/tiny.json knows no seed 1; run `dvc repro evaluate`")
    results(tmp_path, DATA, TEST)
    folder.parent.parent.rename(tmp_path / "kept")
    _, page, notes = card(tmp_path / "kept/tiny/1", tmp_path / "other")
    assert "has not been scored" in page
    assert notes == ("no results beside it: it does not lie in models/<corpus>/<seed> of a project",)
    (tmp_path / "kept").rename(tmp_path / "models")
    (tmp_path / "metrics/evaluate/tiny.json").write_text("{")
    with pytest.raises(ValueError, match=r"tiny\.json: not valid JSON; remove it and run `dvc repro`$"):
        export(folder, tmp_path / "third")


def test_card_of_a_study(checkpoint, make_params, tmp_path) -> None:
    folder = checkpoint(make_params(fusion="film"))
    run = tmp_path / "studies/fusion/runs/film"
    run.mkdir(parents=True)
    (tmp_path / "models").rename(run / "models")
    path = tmp_path / "studies/fusion/results/film/tiny.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(TEST))
    _, page, notes = card(run / "models" / folder.relative_to(tmp_path / "models"), tmp_path / "out")
    assert "This model: 0.7345" in page
    assert len(notes) == 1


def test_card_of_relations_and_of_a_graph(checkpoint, make_params, tmp_path) -> None:
    scored = {**TEST, "relation": SCORE, "per_relation": {"None": SCORE}, "std": {"relation": SCORE}, "pairs": 44}
    results(tmp_path, {**DATA, "release": "embedded (generated)"}, scored)
    front, page, _ = card(
        checkpoint(make_params(fusion="caption_prefix", **{"relation.pooling": "span"}), RE), tmp_path / "o", onnx=True
    )
    assert "relation-extraction" in front["tags"]
    for said in (
        "how two named entities of a social-media post are related, reading the text and the caption of the picture",
        "Relations: `None`, `/org/per/led_by`, `/per/org/member_of`",
        'relations="this folder")',
        'caption="a crowd at night"',
        "(40 sentences, 44 pairs)",
        "to 12 pairs",
        "It is of no use on real posts.",
        "| `pair_words` | bool | (B, 2, T) | words of head and of tail |",
        "Output: `scores`, float32 (B, 3). Axes: B posts; T words of the longest post; C words of the longest caption.",
    ):
        assert said in page
