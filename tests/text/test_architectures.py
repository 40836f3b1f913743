"""Every architecture of text encoder by the same rules, from a saved checkpoint through our own build."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, normalizers
from tokenizers.models import BPE
from transformers import (
    AutoTokenizer,
    CLIPTextConfig,
    DebertaConfig,
    DebertaV2Config,
    LlamaConfig,
    MPNetConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
)

from tandem.params import TextParams
from tandem.positions import position_limit
from tandem.text.build import build_text, load_text
from tandem.text.markers import mark
from tandem.text.pretrained import PretrainedEncoder
from tandem.text.subwords import SubwordTokenizer

ENCODERS = [
    *("tiny_bert", "tiny_roberta", "tiny_bertweet", "tiny_xlmr", "tiny_deberta", "tiny_deberta_v3", "tiny_mpnet"),
    "tiny_bert",
]
DECODERS = ["tiny_llama", "tiny_mistral", "tiny_qwen2", "tiny_clip"]
ALL = [*dict.fromkeys(ENCODERS), *DECODERS]
SENTENCES = [["the", "dog", "@cab", "\ufe0f", "日本", "b" * 300] * 4, ["cab"], ["the", "zoo"]]


@pytest.fixture(params=ALL)
def folder(request) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=DECODERS)
def decoder(request) -> Path:
    return request.getfixturevalue(request.param)


def params_of(folder: Path, **more) -> TextParams:
    return TextParams(encoder=str(folder), **{"max_length": 32, "overlap": 8, **more})


def built(folder: Path, *, markers: bool = False, **more) -> tuple[SubwordTokenizer, PretrainedEncoder]:
    torch.manual_seed(0)
    tokenizer, encoder = build_text(params_of(folder, **more), markers=markers)
    assert isinstance(tokenizer, SubwordTokenizer)
    assert isinstance(encoder, PretrainedEncoder)
    return tokenizer, encoder.eval()


@torch.no_grad()
def vectors(tokenizer: SubwordTokenizer, encoder: PretrainedEncoder, *sentences) -> torch.Tensor:
    return encoder(tokenizer.collate([tokenizer.encode(words) for words in sentences]))


@pytest.mark.parametrize("pooling", ["first", "mean", "last"])
def test_architectures_every_word_gets_a_vector(folder, pooling) -> None:
    tokenizer, encoder = built(folder, pooling=pooling)
    found = vectors(tokenizer, encoder, *SENTENCES)
    assert found.shape == (3, 24, 32)
    assert found.dtype == torch.float32
    real = torch.tensor([[place < len(words) for place in range(24)] for words in SENTENCES])
    assert torch.equal(found.abs().sum(-1) > 0, real)


@pytest.mark.parametrize("attention", ["as_trained", "bidirectional"])
def test_architectures_padding_never_changes_a_word(folder, attention) -> None:
    tokenizer, encoder = built(folder, attention=attention)
    together = vectors(tokenizer, encoder, *SENTENCES)
    for row, words in enumerate(SENTENCES):
        alone = vectors(tokenizer, encoder, words)[0]
        torch.testing.assert_close(together[row, : len(words)], alone, rtol=1e-4, atol=1e-5)


def test_architectures_the_side_of_the_padding_is_ours(folder) -> None:
    batches = []
    for side in ("left", "right"):
        backend = AutoTokenizer.from_pretrained(folder, padding_side=side)
        tokenizer = SubwordTokenizer(backend, max_length=32, overlap=8, pooling="first", normalise="none")
        batches.append(tokenizer.collate([tokenizer.encode(words) for words in SENTENCES]))
    left, right = batches
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)
    mask = left["attention_mask"]
    assert torch.equal(mask, mask.sort(dim=1, descending=True).values)


def test_architectures_a_text_in_one_window_equals_the_model_alone(folder) -> None:
    """The very tokens that the tokenizer makes of the text, and the states that the model gives them."""
    tokenizer, encoder = built(folder)
    words = ["the", "cab", "the"]
    batch = tokenizer.collate([tokenizer.encode(words)])
    lead = tokenizer._lead
    plain = AutoTokenizer.from_pretrained(folder)(lead + " ".join(words), return_tensors="pt")
    assert torch.equal(batch["input_ids"], plain["input_ids"])
    with torch.no_grad():
        states = encoder.model(input_ids=plain["input_ids"]).last_hidden_state[0]
    places = [place for _, place, _ in tokenizer.encode(words).places]
    torch.testing.assert_close(vectors(tokenizer, encoder, words)[0], states[places])


def test_architectures_long_texts_are_read_in_windows(folder) -> None:
    tokenizer, encoder = built(folder)
    words = ["the", "cab"] * 40
    encoded = tokenizer.encode(words)
    assert len(encoded.rows) > 2
    found = vectors(tokenizer, encoder, words)[0]
    for word in (0, 33, 79):
        ((window, place),) = [(row, at) for row, at, owner in encoded.places if owner == word]
        ids = torch.tensor([encoded.rows[window]])
        with torch.no_grad():
            states = encoder.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        torch.testing.assert_close(found[word], states[0, place], rtol=1e-4, atol=1e-5)


def test_architectures_markers_grow_the_table(folder) -> None:
    before = built(folder)[1].vocabulary
    tokenizer, encoder = built(folder, markers=True)
    assert encoder.vocabulary == before + 4
    words = mark(["the", "cab", "the"], (0, 1), (2, 3)).words
    assert max(tokenizer.encode(words).rows[0]) == before + 3
    assert vectors(tokenizer, encoder, words).shape == (1, 7, 32)


@pytest.mark.parametrize("attention", ["as_trained", "bidirectional"])
def test_architectures_a_step_changes_every_parameter(folder, attention) -> None:
    tokenizer, encoder = built(folder, markers=True, attention=attention)
    before = {name: parameter.detach().clone() for name, parameter in encoder.named_parameters()}
    optimizer = torch.optim.AdamW(encoder.train().parameters(), lr=1e-2, weight_decay=0.0)
    words = mark(["the", "cab", "zoo", "the"], (0, 1), (2, 3)).words
    found = encoder(tokenizer.collate([tokenizer.encode(words)]))
    (found * torch.randn_like(found)).sum().backward()
    optimizer.step()
    still = [name for name, parameter in encoder.named_parameters() if torch.equal(parameter, before[name])]
    assert still == []


def test_architectures_half_precision_is_trained_in_full(tiny_mistral, tmp_path) -> None:
    tokenizer, encoder = built(tiny_mistral)
    encoder.save_config(tmp_path)
    tokenizer.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"dtype": "bfloat16"}))  # as checkpoints may say
    _, fresh = load_text(params_of(tiny_mistral), tmp_path)
    for found in (encoder, fresh):
        assert {tensor.dtype for tensor in [*found.parameters(), *found.buffers()]} == {torch.float32}
        frequencies = found.model.rotary_emb.inv_freq
        expected = 10_000.0 ** -(torch.arange(0, 16, 2) / 16)  # nothing of them was rounded to bfloat16
        torch.testing.assert_close(frequencies, expected)


# --- what a word sees -------------------------------------------------------------------------------------------------


def changes(folder: Path, attention: str, at: int) -> list[bool]:
    """Of six words, whose vectors change to the last bit when the word `at` does?"""
    tokenizer, encoder = built(folder, attention=attention, pooling="last")  # of pieces; the first may be a mere blank
    one, other = ["the", "cab", "the", "cab", "the", "cab"], ["the", "cab", "the", "cab", "the", "cab"]
    one[at], other[at] = "xy", "zw"
    found = vectors(tokenizer, encoder, one), vectors(tokenizer, encoder, other)
    return [not torch.equal(a, b) for a, b in zip(found[0][0], found[1][0], strict=True)]


@pytest.mark.parametrize("attention", ["as_trained", "causal"])
@pytest.mark.parametrize("at", [1, 4])
def test_attention_causal_words_never_see_later_ones(decoder, attention, at) -> None:
    seen = changes(decoder, attention, at)
    assert not any(seen[:at])
    assert seen[at]
    assert decoder.name.startswith("tiny-mistral") or all(seen[at:])  # Mistral's words see only a few


@pytest.mark.parametrize("at", [0, 1, 5])
def test_attention_bidirectional_words_see_all(folder, at) -> None:
    assert all(changes(folder, "bidirectional", at))


def test_attention_bidirectional_is_full_attention_with_the_padding_hidden(tiny_llama) -> None:
    """Against a model whose masks are replaced: every layer computes softmax(QK'/sqrt(d)) V over the real tokens."""
    tokenizer, encoder = built(tiny_llama, attention="bidirectional")
    batch = tokenizer.collate([tokenizer.encode(["the", "cab"]), tokenizer.encode(["zoo", "the", "cab"])])
    found = encoder.model
    ids, real = batch["input_ids"], batch["attention_mask"].bool()

    def attend(layer, hidden):
        states = layer.input_layernorm(hidden)
        shape = (*states.shape[:2], -1, layer.self_attn.head_dim)
        query, key, value = (
            project(states).view(shape).transpose(1, 2)
            for project in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj)
        )
        cos, sin = (part[:, None] for part in found.rotary_emb(states, torch.arange(ids.shape[1])[None]))
        query, key = (part * cos + turn(part) * sin for part in (query, key))
        scores = query @ key.transpose(2, 3) / layer.self_attn.head_dim**0.5
        weights = scores.masked_fill(~real[:, None, None], -torch.inf).softmax(-1)
        hidden = hidden + layer.self_attn.o_proj((weights @ value).transpose(1, 2).flatten(2))
        return hidden + layer.mlp(layer.post_attention_layernorm(hidden))

    def turn(part):
        low, high = part.chunk(2, dim=-1)
        return torch.cat([-high, low], dim=-1)

    with torch.no_grad():
        hidden = found.embed_tokens(ids)
        for layer in found.layers:
            hidden = attend(layer, hidden)
        expected = found.norm(hidden).flatten(0, 1)[batch["piece"]]
        words = encoder(batch).flatten(0, 1)[batch["word"]]
    torch.testing.assert_close(words, expected, rtol=1e-4, atol=1e-5)


def test_attention_bidirectional_hides_padding_in_bfloat16_too(decoder) -> None:
    tokenizer, encoder = built(decoder, attention="bidirectional")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        together = vectors(tokenizer, encoder, *SENTENCES)[1, :1]
        alone = vectors(tokenizer, encoder, SENTENCES[1])[0]
    torch.testing.assert_close(together, alone, rtol=5e-2, atol=5e-2)
    torch.testing.assert_close(alone, vectors(tokenizer, encoder, SENTENCES[1])[0], rtol=5e-2, atol=5e-2)


@pytest.mark.parametrize("name", ["tiny_bert", "tiny_roberta", "tiny_deberta_v3", "tiny_mpnet"])
def test_attention_causal_is_refused_by_encoders(request, name) -> None:
    with pytest.raises(ValueError, match=r"text\.attention causal: a .* model was trained to read in both directions"):
        built(request.getfixturevalue(name), attention="causal")


def test_attention_bidirectional_of_an_encoder_is_as_trained(tiny_bert) -> None:
    one, other = (vectors(*built(tiny_bert, attention=kind), *SENTENCES) for kind in ("as_trained", "bidirectional"))
    assert torch.equal(one, other)


def test_attention_captions_need_a_model_that_reads_ahead(decoder) -> None:
    with pytest.raises(ValueError, match=r"never sees a caption after the text; set text\.attention to bidirectional"):
        build_text(params_of(decoder), context=True)
    tokenizer, encoder = build_text(params_of(decoder, attention="bidirectional"), context=True)
    encoder.eval()
    words = ["the", "cab"]
    found = [encoder(tokenizer.collate([tokenizer.encode(words, [caption])])) for caption in ("zoo", "the")]
    assert bool((found[0] != found[1]).any(-1).all())


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lead"),
    [("tiny_roberta", " "), ("tiny_deberta", " "), ("tiny_qwen2", " "), ("tiny_llama", ""), ("tiny_xlmr", "")],
)
def test_architectures_words_are_written_as_after_a_blank(request, name, lead) -> None:
    assert built(request.getfixturevalue(name))[0]._lead == lead


def test_architectures_words_of_a_tokenizer_that_puts_the_blank_itself() -> None:
    """As in the published Llama 2: a blank of ours would become a piece of its own."""
    tokens = ["<unk>", "<s>", "▁", *"words", "▁w"]
    backend = Tokenizer(BPE({token: row for row, token in enumerate(tokens)}, [("▁", "w")], unk_token="<unk>"))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    whole = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", bos_token="<s>")
    assert whole.tokenize(" w") == ["▁", "▁w"]
    tokenizer = SubwordTokenizer(whole, max_length=32, overlap=8, pooling="first", normalise="none")
    assert tokenizer.pieces(["w", "wo"]) == [[8], [8, 4]]


def test_architectures_no_padding_token_no_start_token(tiny_llama, tiny_qwen2) -> None:
    llama, _ = built(tiny_llama)
    assert llama.tokenizer.pad_token_id is None
    assert (llama.prefix, llama.suffix) == ([llama.tokenizer.bos_token_id], [])
    assert llama.pad == llama.tokenizer.unk_token_id
    qwen, encoder = built(tiny_qwen2)
    assert (qwen.prefix, qwen.suffix, qwen.capacity) == ([], [], 32)
    assert vectors(qwen, encoder, ["the"]).shape == (1, 1, 32)


def test_architectures_bertweet_keeps_its_merges_when_saved(tiny_bertweet, tmp_path) -> None:
    tokenizer, _ = built(tiny_bertweet)
    tokenizer.save(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.tokenizer.tokenize("the thx") == again.tokenize("the thx") == ["the", "th@@", "x"]
    assert again.bpe_ranks == tokenizer.tokenizer.bpe_ranks


def test_architectures_deberta_v3_reads_a_sentencepiece_model(tiny_deberta_v3, tmp_path) -> None:
    """The published v3 models bring nothing else."""
    trainer = pytest.importorskip("sentencepiece").SentencePieceTrainer
    pieces = {"pad": "[PAD]", "bos": "[CLS]", "eos": "[SEP]", "unk": "[UNK]"}
    trainer.train(
        sentence_iterator=iter(["the dog runs on the beach", "a cab of words"] * 9),
        model_prefix=str(tmp_path / "spm"),
        vocab_size=50,
        hard_vocab_limit=False,
        minloglevel=2,
        **{f"{name}_piece": piece for name, piece in pieces.items()},
        **{f"{name}_id": number for number, name in enumerate(pieces)},
    )
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((tiny_deberta_v3 / name).read_bytes())
    tokenizer, encoder = built(tmp_path)
    model = pytest.importorskip("sentencepiece").SentencePieceProcessor(str(tmp_path / "spm.model"))
    assert tokenizer.pieces(["the", "cab"]) == [model.encode("the"), model.encode("cab")]
    assert vectors(tokenizer, encoder, ["the", "cab"]).shape == (1, 2, 32)


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        (RobertaConfig(max_position_embeddings=514, pad_token_id=1), 512),
        (RobertaConfig(max_position_embeddings=130, pad_token_id=1), 128),  # BERTweet
        (MPNetConfig(max_position_embeddings=514), 512),
        (CLIPTextConfig(), 77),
        (LlamaConfig(max_position_embeddings=131072), 131072),
        (DebertaConfig(max_position_embeddings=512, position_biased_input=False, relative_attention=True), None),
        (DebertaV2Config(max_position_embeddings=512, position_biased_input=False, relative_attention=True), None),
        (DebertaV2Config(max_position_embeddings=512, position_biased_input=True), 512),
    ],
)
def test_architectures_position_limit(config, limit) -> None:
    assert position_limit(config) == limit


@pytest.mark.parametrize(("name", "limit"), [("tiny_clip", 77), ("tiny_bertweet", 64), ("tiny_xlmr", 64)])
def test_architectures_read_as_many_positions_as_they_have(request, name, limit) -> None:
    folder = request.getfixturevalue(name)
    tokenizer, encoder = built(folder, max_length=limit)
    assert vectors(tokenizer, encoder, ["cab"] * 200).shape == (1, 200, 32)
    with pytest.raises(ValueError, match=rf"text\.max_length {limit + 1}: .* has {limit} positions"):
        built(folder, max_length=limit + 1)


@pytest.mark.parametrize("name", ["tiny_deberta", "tiny_deberta_v3"])
def test_architectures_relative_positions_have_no_limit(request, name) -> None:
    tokenizer, encoder = built(request.getfixturevalue(name), max_length=128)
    assert vectors(tokenizer, encoder, ["cab"] * 60).shape == (1, 60, 32)


def test_architectures_huge_vocabularies_are_read_quickly(tmp_path) -> None:
    """Word by word costs what the words cost, and not what the vocabulary does."""
    from transformers import XLMRobertaTokenizer  # noqa: PLC0415

    tokens = ["<s>", "<pad>", "</s>", "<unk>", "▁", *(f"▁w{number}" for number in range(250_000)), "<mask>"]
    backend = XLMRobertaTokenizer(vocab=[(token, -1.0 * (row > 3)) for row, token in enumerate(tokens)])
    tokenizer = SubwordTokenizer(backend, max_length=128, overlap=32, pooling="first", normalise="none")
    started = time.perf_counter()
    for number in range(2000):
        tokenizer.encode([f"w{number}", f"w{number + 1}", "w7"])
    assert time.perf_counter() - started < 4  # a pass over the vocabulary for each would take minutes


# --- layers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bottom", "first", "top"),
    [
        ("tiny_bert", "embeddings.LayerNorm.weight", "encoder.layer.0.output.dense.bias", "encoder.layer.1."),
        ("tiny_mpnet", "encoder.relative_attention_bias.weight", "encoder.layer.0.", None),
        ("tiny_deberta", "encoder.rel_embeddings.weight", "encoder.layer.0.", "encoder.layer.1."),
        ("tiny_deberta_v3", "encoder.LayerNorm.weight", "encoder.conv.conv.weight", "encoder.layer.1."),
        ("tiny_llama", "embed_tokens.weight", "layers.0.", "norm.weight"),
        ("tiny_qwen2", "embed_tokens.weight", "layers.0.", "norm.weight"),
        ("tiny_clip", "embeddings.position_embedding.weight", "encoder.layers.0.", "final_layer_norm.bias"),
    ],
)
def test_architectures_layers_from_the_bottom_to_the_top(request, name, bottom, first, top) -> None:
    _, encoder = built(request.getfixturevalue(name))
    depth = {id(parameter): number for number, layer in enumerate(encoder.layers()) for parameter in layer}
    named = dict(encoder.model.named_parameters())
    assert len(depth) == len(named)
    assert len(encoder.layers()) == 1 + encoder.model.config.num_hidden_layers
    found = {prefix: {depth[id(p)] for n, p in named.items() if n.startswith(prefix)} for prefix in (bottom, first)}
    assert found == {bottom: {0}, first: {1}}
    if top is not None:
        assert {depth[id(parameter)] for n, parameter in named.items() if n.startswith(top)} == {2}
    table = encoder.model.get_input_embeddings().weight
    assert depth[id(table)] == 0
