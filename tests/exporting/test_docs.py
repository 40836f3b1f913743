"""The code in docs/export.md, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import tandem
from tandem.evaluation.spans import spans
from tandem.exporting.export import export
from tandem.models.build import load_model
from tandem.models.tagger import Tagger

PAGE = (Path(__file__).resolve().parents[2] / "docs/export.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python( bert)?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PLAIN = [code for kind, code in BLOCKS if not kind]


def run(*blocks: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for code in blocks:
        exec(compile(code, "docs/export.md", "exec"), names)
    return names


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    Image.radial_gradient("L").resize((50, 40)).convert("RGB").save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(words: list[str], mentions: Any) -> list[tuple[str, str]]:
    return [(mention.type, mention.text) for mention in mentions]


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_docs_numpy_finds_what_the_predictor_finds(checkpoint, make_params, here, decoder) -> None:
    folder = checkpoint(make_params(fusion="concat", decoder=decoder))
    export(folder, Path("out/social"), onnx=True)
    names = run(*PLAIN)
    words = names["words"]
    expected = tandem.load("out/social")(" ".join(words), "photo.jpg")
    found = [(kind, " ".join(words[start:end])) for kind, start, end in spans(names["labels"], "default")]
    assert found == [(mention.type, mention.text) for mention in expected.mentions] != []
    model = load_model(folder).model
    assert isinstance(model, Tagger)
    for seed in range(20):  # more to decode than one post
        scores = torch.randn(1, 1 + seed, 5, generator=torch.Generator().manual_seed(seed))
        mask = torch.ones(1, 1 + seed, dtype=torch.bool)
        best = scores.argmax(-1) if model.crf is None else model.crf.decode(scores, mask, model.constraints)
        assert names["viterbi"](scores[0].numpy()) == [model.label_names[label] for label in best[0].tolist()]


def test_docs_sub_words_of_a_pretrained_encoder(checkpoint, make_params, here, tiny_bert) -> None:
    params = make_params(
        fusion="text_only", **{"text.encoder": str(tiny_bert), "text.max_length": 32, "text.overlap": 8}
    )
    export(checkpoint(params), Path("out/social"), onnx=True)
    names = run(PLAIN[0], *(code for kind, code in BLOCKS if kind))
    words = ["saw", "the", "dog", "runs", "@paris"]
    trained = load_model(Path("out/social"))
    expected = trained.tokenizer.collate([trained.tokenizer.encode(words)])
    inputs = names["subwords"](words)
    for name, value in inputs.items():
        assert np.array_equal(value, expected[name].numpy())
    (scores,) = names["session"].run(None, inputs)
    assert len(names["viterbi"](scores[0])) == len(words)
