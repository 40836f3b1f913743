"""ONNX graphs against the models that they were made of, in onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import onnxruntime
import pytest
import torch

from tandem.corpora.schema import RelationSample, Sample
from tandem.exporting import graph as module
from tandem.exporting.graph import graph_inputs, tensors_of, write_graph
from tandem.fusion import STRATEGIES, strategy
from tandem.models.build import PictureDims, Trained, load_model
from tandem.models.captions import captions_for
from tandem.tasks import RE

EXPORTABLE = sorted(name for name in STRATEGIES if not strategy(name).joint)
DIMS = (6, 5)
CAPTIONS = [None, "dog runs", "the beach on the beach"]


class Pictures:
    """Features of any picture, more regions in one batch than in another."""

    def __init__(self, regions: int, dims: PictureDims) -> None:
        self.regions, self.dims = regions, dims

    def gather(self, image_ids: Any, *, with_regions: bool, views: Any = None) -> Any:
        generator = torch.Generator().manual_seed(len(image_ids))
        present = torch.tensor([one is not None for one in image_ids])
        pooled = torch.randn(len(image_ids), self.dims.pooled, generator=generator)
        regions = torch.randn(len(image_ids), self.regions, self.dims.regions, generator=generator)
        mask = torch.rand(len(image_ids), self.regions, generator=generator) < 0.7
        pooled[~present], regions[~present] = float("nan"), float("nan")  # never read
        return SimpleNamespace(pooled=pooled, regions=regions, region_mask=mask, present=present)


def row(words: list[str], picture: str | None, caption: str | None, pair: bool) -> Any:
    shared: dict[str, Any] = {"id": "", "source": "", "split": "", "text_hash": "", "image_path": None}
    shared |= {"image_hash": None, "words": words, "image_id": picture, "caption": caption}
    if not pair:
        return Sample(**shared, tags=[])
    ends = {"head_start": 0, "head_end": 1, "tail_start": len(words) - 1, "tail_end": len(words)}
    return RelationSample(**shared, **ends, relation="None")


SHAPES = {
    "one word": ([["Paris"]], ["a"], 1),
    "no picture": ([["saw", "Paris", "today"]], [None], 3),
    "three": ([["dog"], ["saw", "Paris"], ["the", "dog", "runs"]], ["a", None, "b"], 4),
    "windows": ([["really"] * 40, ["x", "y"], ["so"]], ["a", "b", None], 2),
}


def check(trained: Trained, folder: Path) -> None:
    """The graph's scores are the model's, at shapes that it was not traced with."""
    pair = trained.task is RE
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    inputs = graph_inputs(trained)
    assert [one.name for one in session.get_inputs()] == [one.name for one in inputs]
    assert [one.shape for one in session.get_inputs()] == [list(one.axes) for one in inputs]
    vision, trained.model.vision = trained.model.vision, None
    seen = []
    for words, pictures, regions in SHAPES.values():
        captions = [CAPTIONS[1 + number % 2] if picture else None for number, picture in enumerate(pictures)]
        rows = [row(*one, pair) for one in zip(words, pictures, captions, strict=True)]
        data = trained.task.dataset(
            rows,
            tokenizer=trained.tokenizer,
            features=Pictures(regions, trained.dims),
            with_regions=True,
            captions=captions_for(trained.model.fusion, rows),
        )
        batch = data.batch(range(len(rows)))
        with torch.no_grad():
            expected = trained.model(batch)
            blind = trained.model(data.blind(range(len(rows)), batch))
        (found,) = session.run(None, {name: one.numpy() for name, one in tensors_of(inputs, batch).items()})
        assert found.shape == tuple(expected.shape)
        assert torch.allclose(torch.from_numpy(found), expected, atol=1e-4, rtol=0)
        seen.append(not torch.allclose(blind, expected))
    assert any(seen) == (trained.model.fusion.uses_picture or trained.model.fusion.reads_caption)
    trained.model.vision = vision


def settings(encoder: Path | None) -> dict[str, Any]:
    return {} if encoder is None else {"text.encoder": str(encoder), "text.max_length": 32, "text.overlap": 8}


@pytest.mark.parametrize("fusion", EXPORTABLE)
def test_graph_of_every_strategy_equals_the_model(checkpoint, make_params, tmp_path, fusion) -> None:
    trained = load_model(checkpoint(make_params(fusion=fusion), dims=DIMS))
    assert write_graph(trained, tmp_path) < 1e-5
    check(trained, tmp_path)


@pytest.mark.parametrize(
    ("encoder", "fusion"),
    [("tiny_bert", "caption_prefix"), ("tiny_mpnet", "film"), ("tiny_roberta", "cross_attention")],
)
def test_graph_of_pretrained_encoders_equals_the_model(
    request, checkpoint, make_params, tmp_path, encoder, fusion
) -> None:
    params = make_params(fusion=fusion, **settings(request.getfixturevalue(encoder)))
    trained = load_model(checkpoint(params, dims=DIMS))
    assert write_graph(trained, tmp_path) < 1e-5
    check(trained, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["tiny_xlmr", "tiny_deberta_v3", "tiny_llama"])
def test_graph_of_other_encoders_equals_the_model(request, checkpoint, make_params, tmp_path, encoder) -> None:
    params = make_params(fusion="gated", **settings(request.getfixturevalue(encoder)))
    trained = load_model(checkpoint(params, dims=DIMS))
    write_graph(trained, tmp_path)
    check(trained, tmp_path)


@pytest.mark.parametrize(
    ("fusion", "pooling"), [("film", "start"), ("guided_attention", "span"), ("partial_prediction", "start")]
)
def test_graph_of_relations_equals_the_model(checkpoint, make_params, tmp_path, fusion, pooling) -> None:
    trained = load_model(checkpoint(make_params(fusion=fusion, **{"relation.pooling": pooling}), RE, dims=DIMS))
    write_graph(trained, tmp_path)
    check(trained, tmp_path)
    assert json.loads((tmp_path / "decoding.json").read_text()) == {
        "labels": trained.model.label_names,
        "decoder": "argmax",
    }


def test_graph_of_relations_with_a_pretrained_encoder_equals_the_model(
    checkpoint, make_params, tmp_path, tiny_bert
) -> None:
    trained = load_model(checkpoint(make_params(fusion="concat", **settings(tiny_bert)), RE, dims=DIMS))
    write_graph(trained, tmp_path)
    check(trained, tmp_path)


def test_graph_of_a_model_that_trains_its_picture_encoder_takes_features(checkpoint, make_params, tmp_path) -> None:
    vision = {"encoder": "torchvision/resnet18", "weights": "none", "train": True, "image_size": 32}
    trained = load_model(checkpoint(make_params(fusion="film", vision=vision), dims=(3, 96)))
    write_graph(trained, tmp_path)
    assert [one.axes for one in graph_inputs(trained) if one.name == "pooled"] == [("B", 512)]
    check(trained, tmp_path)
    assert trained.model.vision is not None


def test_graph_is_one_valid_file_that_names_no_folder(checkpoint, make_params, tmp_path) -> None:
    trained = load_model(checkpoint(make_params(fusion="film"), dims=DIMS))
    write_graph(trained, tmp_path)
    onnx.checker.check_model(tmp_path / "model.onnx", full_check=True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["decoding.json", "model.onnx"]
    assert b"/tandem/" not in (tmp_path / "model.onnx").read_bytes()


def test_graph_of_a_joint_encoder_is_refused(checkpoint, make_params, tmp_path, tiny_joint) -> None:
    folder = str(tiny_joint("vilt"))
    more = {"text.encoder": folder, "text.max_length": 32, "text.overlap": 8, "vision.encoder": "raw"}
    params = make_params(fusion="joint", **more, **{"vision.image_size": 32})
    trained = load_model(checkpoint(params, dims=(3, 96)))
    with pytest.raises(ValueError, match=r"^fusion joint: .* cannot be an ONNX graph; leave out --onnx$"):
        write_graph(trained, tmp_path)


def test_graph_needs_the_extra(checkpoint, make_params, tmp_path, monkeypatch) -> None:
    trained = load_model(checkpoint(make_params(fusion="film"), dims=DIMS))
    monkeypatch.setattr(module, "find_spec", lambda name: None if name.startswith("onnxr") else name)
    with pytest.raises(ValueError, match=r"^--onnx: needs onnxruntime; run `pip install -e '\.\[onnx\]'`$"):
        write_graph(trained, tmp_path)


def test_graph_errors_are_one_line(checkpoint, make_params, tmp_path, monkeypatch) -> None:
    trained = load_model(checkpoint(make_params(fusion="film"), dims=DIMS))

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no\nsuch operator")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(ValueError, match=r"^fusion film on scratch: .*\(no such operator\); leave out --onnx$"):
        write_graph(trained, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(module, "TOLERANCE", 0.0)
    with pytest.raises(ValueError, match=r"^model\.onnx: scores differ from the model's by .* leave out --onnx$"):
        write_graph(trained, tmp_path)
