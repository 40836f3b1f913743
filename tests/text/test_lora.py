"""Low-rank adapters: what learns, what is saved, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from tandem.params import ParamsError, TextParams
from tandem.text.build import build_text, load_text
from tandem.text.lora import ExtendedTable
from tandem.text.markers import mark
from tandem.text.pretrained import NOISE

WORDS = mark(["the", "cab", "zoo", "the"], (0, 1), (2, 3)).words
FAMILIES = ["tiny_bert", "tiny_xlmr", "tiny_deberta", "tiny_deberta_v3", "tiny_mpnet", "tiny_llama", "tiny_clip"]


@pytest.fixture(params=FAMILIES)
def folder(request) -> Path:
    return request.getfixturevalue(request.param)


def params_of(folder: Path, **lora) -> TextParams:
    return TextParams(encoder=str(folder), max_length=32, overlap=8, lora={"rank": 4, "dropout": 0.0} | lora)


def step(tokenizer, encoder, times: int = 2) -> None:
    """Train a little: B is zero at first, so that A moves from the second step on."""
    torch.manual_seed(1)
    learning = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-2, weight_decay=0.0)
    for _ in range(times):
        found = encoder(tokenizer.collate([tokenizer.encode(WORDS)]))
        optimizer.zero_grad()
        (found * torch.randn_like(found)).sum().backward()
        optimizer.step()


def test_lora_only_adapters_and_marker_rows_learn(folder) -> None:
    tokenizer, encoder = build_text(params_of(folder), markers=True)
    before = {name: parameter.detach().clone() for name, parameter in encoder.named_parameters()}
    step(tokenizer, encoder)
    moved = {name for name, parameter in encoder.named_parameters() if not torch.equal(parameter, before[name])}
    rows = {name for name in before if name.endswith(".rows")}
    assert len(rows) == 1
    assert moved == {name for name in before if "lora_" in name} | rows
    layers = encoder.model.config.num_hidden_layers
    assert sum("lora_A" in name for name in moved) == layers * (1 if folder.name.startswith("tiny-deberta0") else 2)


def test_lora_starts_where_the_checkpoint_is(folder) -> None:
    tokenizer, adapted = build_text(params_of(folder), markers=True)
    _, plain = build_text(params_of(folder, rank=0), markers=True)
    batch = tokenizer.collate([tokenizer.encode(["the", "cab"])])
    with torch.no_grad():
        torch.testing.assert_close(adapted.eval()(batch), plain.eval()(batch))


def test_lora_marker_rows_start_near_the_mean_of_the_table(folder) -> None:
    torch.manual_seed(0)
    _, encoder = build_text(params_of(folder), markers=True)
    (rows,) = (parameter for name, parameter in encoder.named_parameters() if name.endswith(".rows"))
    _, plain = build_text(params_of(folder, rank=0))
    table = plain.model.get_input_embeddings().weight
    apart = ((rows - table.mean(0)).abs() / table.std(0)).detach()
    assert 0.3 * NOISE < float(apart.mean()) < float(apart.max()) < 5 * NOISE


def test_lora_adds_scaled_low_rank_products(tiny_llama) -> None:
    """h = W x + alpha / rank * B A x."""
    tokenizer, encoder = build_text(params_of(tiny_llama, rank=2, alpha=6), markers=True)
    step(tokenizer, encoder)
    layer = encoder.model.layers[1].self_attn.q_proj
    states = torch.randn(3, 32)
    a, b = (getattr(layer, part)["default"].weight for part in ("lora_A", "lora_B"))
    assert a.shape == (2, 32)
    expected = states @ layer.base_layer.weight.T + 3.0 * states @ a.T @ b.T
    torch.testing.assert_close(layer.eval()(states), expected)
    assert not hasattr(encoder.model.layers[1].self_attn.k_proj, "lora_A")


def test_lora_saves_what_learns_and_nothing_else(folder, tmp_path) -> None:
    params = params_of(folder)
    tokenizer, encoder = build_text(params, markers=True)
    step(tokenizer, encoder)
    tokenizer.save(tmp_path)
    encoder.save_config(tmp_path)
    state = encoder.state_dict()
    assert set(state) == {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    again, fresh = load_text(params, tmp_path, markers=True)
    fresh.load_state_dict(state)
    batch, copy = (one.collate([one.encode(WORDS)]) for one in (tokenizer, again))
    with torch.no_grad():
        assert torch.equal(encoder.eval()(batch), fresh.eval()(copy))
    del state[next(iter(state))]
    with pytest.raises(RuntimeError, match="Missing key"):
        fresh.load_state_dict(state)


def test_lora_targets_by_name(tiny_llama) -> None:
    _, encoder = build_text(params_of(tiny_llama, targets=["k_proj", "down_proj"]))
    found = {name.split(".lora_")[0].rpartition(".")[2] for name in encoder.state_dict()}
    assert found == {"k_proj", "down_proj"}


def test_lora_refuses_targets_that_are_not_there(tiny_bert) -> None:
    with pytest.raises(
        ValueError, match=r"text\.lora\.targets \['q_proj'\]: BertModel has no such layers; name some of"
    ):
        build_text(params_of(tiny_bert, targets=["q_proj"]))


def test_lora_without_peft_says_what_to_do(tiny_bert, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ValueError, match=r"text\.lora\.rank 4: needs the package peft.*pip install -e '\.\[lora\]'"):
        build_text(params_of(tiny_bert))
    build_text(params_of(tiny_bert, rank=0))


def test_lora_and_attention_are_for_pretrained_encoders(make_params) -> None:
    with pytest.raises(ParamsError, match=r"text\.lora\.rank 4 has no meaning for encoder scratch; set it to 0"):
        make_params(**{"text.lora": {"rank": 4}})
    with pytest.raises(
        ParamsError, match=r"text\.attention causal has no meaning for encoder scratch; set it to as_trained"
    ):
        make_params(**{"text.attention": "causal"})


def test_extended_table_looks_up_old_rows_and_new_ones() -> None:
    table = torch.nn.Embedding(5, 3)
    rows = torch.randn(2, 3)
    ids = torch.tensor([[0, 4], [5, 6]])
    expected = torch.cat([table.weight, rows])[ids]
    torch.testing.assert_close(ExtendedTable(table, rows)(ids), expected)
