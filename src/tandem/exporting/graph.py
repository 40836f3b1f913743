"""Text encoder, fusion and head as an ONNX graph: what a batch brings -> scores of the labels."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tandem.files import write_json
from tandem.fusion.base import Picture
from tandem.models.base import Batch, FusedModel, PairPlaces
from tandem.models.build import Trained
from tandem.models.relation import RelationClassifier
from tandem.models.tagger import Tagger
from tandem.text.pretrained import PretrainedEncoder
from tandem.text.scratch import FEATURES

GRAPH = "model.onnx"
DECODING = "decoding.json"
OPSET = 18
TOLERANCE = 1e-4  # between the scores of the graph and those of the model
NEEDS = ("onnx", "onnxruntime", "onnxscript")
# Sizes of what the graph is traced with. They differ, so that none is taken for another.
_SIZES = {"B": 3, "T": 5, "W": 4, "L": 6, "P": 7, "C": 8, "R": 2}
# Sizes at which graph and model are compared: one word, and more of everything than was traced.
_CHECKED = (dict.fromkeys(_SIZES, 1), {"B": 4, "T": 9, "W": 5, "L": 8, "P": 12, "C": 3, "R": 7})


@dataclass(frozen=True)
class Input:
    """An input of the graph.

    dtype: of numpy. axes: sizes, by name where they may differ from batch to batch. below: of indices, what they are
    less than, as a product of axes; None if it is no index. meaning: for the reader of the model card.
    """

    name: str
    dtype: str
    axes: tuple[str | int, ...]
    meaning: str
    below: tuple[str | int, ...] | None = None


AXES = {
    "B": "posts",
    "T": "words of the longest post",
    "W": "windows of sub-words; a short post is one",
    "L": "sub-words of the longest window",
    "P": "sub-words that words are made of",
    "C": "words of the longest caption",
    "R": "regions of a picture",
}
"""What the axes count."""


def graph_inputs(trained: Trained) -> list[Input]:
    """What the graph of a model takes.

    Errors: `ValueError` for a joint encoder, which passes windows with a picture and without apart.
    """
    model, fusion = trained.model, trained.model.fusion
    if fusion.joint:
        raise ValueError(
            f"fusion {trained.params.fusion}: an encoder that reads words and picture together cannot be an ONNX "
            "graph; leave out --onnx"
        )
    mask = Input("word_mask", "bool", ("B", "T"), "a word, not padding")
    inputs = [mask, *_subwords(model, fusion.reads_caption)]
    if not isinstance(model.text, PretrainedEncoder):
        table = int(model.text.get_parameter("table.weight").shape[0])
        inputs = [Input("rows", "int64", ("B", "T", FEATURES), "hashed views of each word, 0 = none", (table,)), mask]
        if fusion.reads_caption:
            inputs.append(Input("context", "int64", ("B", "C", FEATURES), "those of the caption's words", (table,)))
    if fusion.uses_picture:
        dims = trained.dims
        inputs += (
            [
                Input("regions", "float32", ("B", "R", dims.regions), "features of the regions of each picture"),
                Input("region_mask", "bool", ("B", "R"), "a region, not padding"),
            ]
            if fusion.uses_regions
            else [Input("pooled", "float32", ("B", dims.pooled), "features of each picture as a whole")]
        )
        inputs.append(Input("present", "bool", ("B",), "there is a picture; features of others are not read"))
    if isinstance(model, RelationClassifier):
        if model.pooling == "start":
            inputs.append(Input("starts", "int64", ("B", 2), "places of the start markers of head and tail", ("T",)))
        else:
            inputs.append(Input("pair_words", "bool", ("B", 2, "T"), "words of head and of tail"))
    return inputs


def _subwords(model: FusedModel, captions: bool) -> list[Input]:
    """What a pretrained encoder takes; nothing of another one."""
    if not isinstance(model.text, PretrainedEncoder):
        return []
    one = torch.ones(1, 1, dtype=torch.long)
    names = model.text.inputs({"input_ids": one, "attention_mask": one, "token_type_ids": one})
    found = [
        Input("input_ids", "int64", ("W", "L"), "sub-words, special tokens among them", (model.text.vocabulary,)),
        Input("attention_mask", "int64", ("W", "L"), "1 = a sub-word, 0 = padding", (2,)),
    ]
    if captions and "token_type_ids" in names:
        found.append(Input("token_type_ids", "int64", ("W", "L"), "0 = the post, 1 = the caption", (2,)))
    return [
        *found,
        Input("piece", "int64", ("P",), "places in (W, L), counted row by row, of sub-words", ("W", "L")),
        Input("word", "int64", ("P",), "places in (B, T), counted row by row, of the words they make", ("B", "T")),
    ]


def tensors_of(inputs: Sequence[Input], batch: Batch) -> dict[str, Tensor]:
    """What the graph takes of a batch."""
    picture, pairs, text = batch.picture, batch.pairs, batch.text
    given = {**text, **{name: getattr(picture, name) for name in ("pooled", "regions", "region_mask", "present")}}
    if pairs is not None:
        given |= {"starts": pairs.starts, "pair_words": pairs.words}
    # A batch without any caption says nothing of captions.
    absent = {"token_type_ids": lambda: torch.zeros_like(text["input_ids"]), "context": lambda: text["rows"][:, :1] * 0}
    return {one.name: given[one.name] if one.name in given else absent[one.name]() for one in inputs}


class Scores(nn.Module):
    """A model as a function of the tensors of its graph."""

    def __init__(self, model: FusedModel, inputs: Sequence[Input]) -> None:
        super().__init__()
        self.model = model
        self.names = [one.name for one in inputs]

    def forward(self, *tensors: Tensor) -> Tensor:
        """Scores (B, T, K) of words, or (B, K) of pairs."""
        given = dict(zip(self.names, tensors, strict=True))
        mask = given["word_mask"]
        nothing = torch.zeros_like(mask[:, :1], dtype=torch.float32)  # (B, 1): what no one reads
        picture = Picture(
            pooled=given.get("pooled", nothing),
            regions=given.get("regions", nothing.unsqueeze(1)),
            region_mask=given.get("region_mask", mask[:, :1]),
            present=given.get("present", mask[:, 0]),
        )
        words = given.get("pair_words", mask.unsqueeze(1).expand(-1, 2, -1))
        pairs = PairPlaces(given.get("starts", words[..., 0].long()), words, mask)
        scores: Tensor = self.model(Batch(given, picture, pairs=pairs))
        return scores


def write_graph(trained: Trained, folder: Path) -> float:
    """Write model.onnx and decoding.json; the largest difference between scores of the graph and of the model.

    The model is in evaluation, on the CPU and without adapters. One that trains its picture encoder takes its features.
    Errors: `ValueError` if onnx is not installed, or the model cannot be such a graph.
    """
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise ValueError(f"--onnx: needs {', '.join(missing)}; run `pip install -e '.[onnx]'`")
    inputs = graph_inputs(trained)
    vision, trained.model.vision = trained.model.vision, None
    try:
        scores = Scores(trained.model, inputs).eval()
        _export(scores, inputs, folder / GRAPH, f"fusion {trained.params.fusion} on {trained.params.text.encoder}")
        difference = _difference(scores, inputs, folder / GRAPH)
    finally:
        trained.model.vision = vision
    write_json(folder / DECODING, decoding(trained.model))
    return difference


def _export(scores: Scores, inputs: Sequence[Input], path: Path, name: str) -> None:
    given = example(inputs, _SIZES)
    axes = tuple(
        {place: torch.export.Dim(axis) for place, axis in enumerate(one.axes) if isinstance(axis, str)}
        for one in inputs
    )
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                scores,
                tuple(given.values()),
                dynamo=True,
                dynamic_shapes={"tensors": axes},
                opset_version=OPSET,
                input_names=list(given),
                output_names=["scores"],
                verbose=False,
            )
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{name}: torch cannot write it as ONNX ({reason}); leave out --onnx") from error
    assert program is not None
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # lines of the source, with the folders of this machine
    program.save(path)


def _difference(scores: Scores, inputs: Sequence[Input], path: Path) -> float:
    """The largest one at sizes other than those that were traced. Errors: `ValueError` if it is not rounding."""
    import onnxruntime  # noqa: PLC0415 (optional)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    largest = 0.0
    for sizes in _CHECKED:
        given = example(inputs, sizes)
        with torch.no_grad():
            expected = scores(*given.values())
        (found,) = session.run(None, {name: tensor.numpy() for name, tensor in given.items()})
        difference = float((torch.from_numpy(found) - expected).abs().max())
        if not difference < TOLERANCE:  # NaN is one
            raise ValueError(
                f"{GRAPH}: scores differ from the model's by {difference:.2g} at {sizes}, more than {TOLERANCE}; leave "
                "out --onnx"
            )
        largest = max(largest, difference)
    return largest


def example(inputs: Sequence[Input], sizes: Mapping[str, int]) -> dict[str, Tensor]:
    """Tensors that the graph takes, of the given sizes: random, but all masks are True."""
    generator = torch.Generator().manual_seed(0)
    found = {}
    for one in inputs:
        shape = [sizes[axis] if isinstance(axis, str) else axis for axis in one.axes]
        if one.dtype == "bool":
            found[one.name] = torch.ones(shape, dtype=torch.bool)
        elif one.dtype == "float32":
            found[one.name] = torch.randn(shape, generator=generator)
        elif one.name == "attention_mask":
            found[one.name] = torch.ones(shape, dtype=torch.long)
        else:
            below = 1
            for axis in one.below or ():
                below *= sizes[axis] if isinstance(axis, str) else axis
            found[one.name] = torch.randint(below, shape, generator=generator)
    return found


def decoding(model: FusedModel) -> dict[str, Any]:
    """What turns scores into labels; plain lists, so that any language can read it.

    With a CRF the best sequence of labels is the highest sum of `start` of the first, `transitions` [from][to], `end`
    of the last, and the scores, among those that `allowed` [from][to] and `allowed_start` leave.
    """
    found: dict[str, Any] = {"labels": model.label_names, "decoder": "argmax"}
    if not isinstance(model, Tagger) or model.crf is None:
        return found
    crf, constraints = model.crf, model.constraints
    return {
        **found,
        "decoder": "crf",
        "transitions": crf.transitions.tolist(),
        "start": crf.start.tolist(),
        "end": crf.end.tolist(),
        "allowed": constraints.transitions.tolist(),
        "allowed_start": constraints.start.tolist(),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says of itself."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
