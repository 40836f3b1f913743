"""The encoder that needs no download."""

from __future__ import annotations

import json
import subprocess
import sys

import torch

from tandem.params import TextParams
from tandem.text.build import build_text
from tandem.text.markers import Marker
from tandem.text.scratch import HashTokenizer, ScratchEncoder, views


def test_scratch_views_see_case_affixes_and_shape() -> None:
    assert views("McDonald5") == ["l:mcdonald5", "p:mcd", "s:ld5", "h:XxXx9", "w:McDonald5"]


def test_scratch_padding_does_not_change_a_sentence() -> None:
    torch.manual_seed(0)
    tokenizer = HashTokenizer(buckets=512, normalise="none")
    encoder = ScratchEncoder(dim=16, buckets=512, layers=2)
    short, long = tokenizer.encode(["a", "b"]), tokenizer.encode(["c"] * 9)
    alone = encoder(tokenizer.collate([short]))
    beside = encoder(tokenizer.collate([long, short]))
    torch.testing.assert_close(alone[0], beside[1, :2])
    assert bool((beside[1, 2:] == 0).all())


def test_scratch_hashing_is_the_same_in_every_process() -> None:
    tokenizer = HashTokenizer(buckets=8192, normalise="none")
    assert tokenizer.encode(["Paris"]).words.tolist() == [[1684, 401, 1479, 974, 2932]]


def test_scratch_tokenizer_reloads(tmp_path) -> None:
    HashTokenizer(buckets=300, normalise="bertweet").save(tmp_path)
    again = HashTokenizer.load(tmp_path)
    assert (again.buckets, again.normalise) == (300, "bertweet")


def test_scratch_drop_words_empties_rows() -> None:
    tokenizer = HashTokenizer(buckets=300, normalise="none")
    batch = tokenizer.collate([tokenizer.encode(["a"] * 1000)])
    torch.manual_seed(0)
    rows = tokenizer.drop_words(batch, 0.25)["rows"]
    empty = (rows == 0).all(-1)
    assert 200 < int(empty.sum()) < 300
    assert torch.equal(rows[~empty], batch["rows"][~empty])


def test_scratch_markers_have_rows_of_their_own() -> None:
    tokenizer, encoder = build_text(TextParams(scratch={"dim": 16, "buckets": 300, "layers": 1}), markers=True)
    encoded = tokenizer.encode([*Marker, "[E1]"])
    rows = encoded.words
    assert rows[:4].tolist() == [[300 + number, 0, 0, 0, 0] for number in range(4)]
    assert int(rows[4].max()) < 300  # a word that reads like a marker is none
    assert encoder.table.num_embeddings == 304
    assert encoder(tokenizer.collate([encoded])).shape == (1, 5, 16)


def test_scratch_without_markers_has_the_table_that_was_asked_for() -> None:
    _, encoder = build_text(TextParams(scratch={"dim": 16, "buckets": 300, "layers": 1}))
    assert encoder.table.num_embeddings == 300


def test_scratch_drop_words_never_hides_a_marker() -> None:
    tokenizer = HashTokenizer(buckets=300, normalise="none")
    batch = tokenizer.collate([tokenizer.encode(["a", *Marker] * 50)])
    dropped = tokenizer.drop_words(batch, 0.999999)["rows"]
    markers = batch["rows"][..., 0] >= 300
    assert int(markers.sum()) == 200
    assert torch.equal(dropped[markers], batch["rows"][markers])
    assert bool((dropped[~markers] == 0).all())


def test_scratch_context_is_a_layer_only_where_it_is_read() -> None:
    params = TextParams(scratch={"dim": 16, "buckets": 300, "layers": 1})
    torch.manual_seed(0)
    _, plain = build_text(params)
    torch.manual_seed(0)
    tokenizer, reading = build_text(params, context=True)
    more = set(reading.state_dict()) - set(plain.state_dict())
    assert more == {"context.weight", "context.bias"}
    assert all(torch.equal(value, reading.state_dict()[name]) for name, value in plain.state_dict().items())
    batch = tokenizer.collate([tokenizer.encode(["a", "b"])])
    assert set(batch) == {"rows", "word_mask"}
    assert torch.equal(plain(batch), reading(batch))


def test_scratch_context_adds_the_mean_of_its_words_to_each_word() -> None:
    torch.manual_seed(0)
    tokenizer = HashTokenizer(buckets=512, normalise="none")
    encoder = ScratchEncoder(dim=16, buckets=512, layers=1, context=True)
    words, caption = ["cat", "mat"], ["a", "red", "sofa"]
    found = encoder(tokenizer.collate([tokenizer.encode(words, caption)]))[0]

    def embed(text):
        return encoder.table(tokenizer.encode(text).words).sum(1)

    with torch.no_grad():
        added = embed(words) + encoder.context(embed(caption).mean(0))
        expected = encoder.norm(encoder.blocks[0](added[None], torch.ones(1, 2, 1)))[0]
    torch.testing.assert_close(found, expected)


def test_scratch_context_padding_does_not_change_a_sentence() -> None:
    torch.manual_seed(0)
    tokenizer = HashTokenizer(buckets=512, normalise="none")
    encoder = ScratchEncoder(dim=16, buckets=512, layers=2, context=True)
    bare, short = tokenizer.encode(["a", "b"]), tokenizer.encode(["a", "b"], ["c"])
    long = tokenizer.encode(["d"] * 9, ["e", "f"] * 9)
    together = encoder(tokenizer.collate([long, bare, short]))
    for place, encoded in ((1, bare), (2, short)):
        torch.testing.assert_close(encoder(tokenizer.collate([encoded]))[0], together[place, :2])
        assert bool((together[place, 2:] == 0).all())
    assert not torch.allclose(together[1, :2], together[2, :2], atol=1e-3)


def test_scratch_context_survives_saving(tmp_path) -> None:
    for context in (True, False):
        ScratchEncoder(dim=8, buckets=300, layers=1, context=context).save_config(tmp_path)
        again = ScratchEncoder.from_config(tmp_path)
        assert (again.context is not None) is context
        assert ("context" in json.loads((tmp_path / "config.json").read_text())) is context


def test_scratch_is_trained_and_used_without_importing_transformers() -> None:
    """Its import takes longer than an epoch, in every stage of every corpus and seed."""
    code = (
        "import sys, tandem.training.loop, tandem.inference.transfer\n"
        "from tandem.models.build import build_joint, build_text\n"
        "from tandem.params import TextParams\n"
        "assert build_joint(TextParams()) is None and build_text(TextParams())\n"
        "sys.exit('transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
