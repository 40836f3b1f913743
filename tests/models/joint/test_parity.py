"""Each joint encoder beside transformers' own full model on the same weights, from pixels and words to text states."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    Blip2ForConditionalGeneration,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
    BlipForQuestionAnswering,
    ViltForMaskedLM,
)

from tandem.fusion.base import Picture
from tandem.models.joint.build import build_joint
from tandem.params.vision import VisionParams
from tandem.text.subwords import pool_words
from tandem.vision.registry import load_encoder

SENTENCES = [["saw", "Paris", "again"], ["dog"], ["the", "dog", "runs", "on", "a", "beach", "today"]]


@pytest.fixture
def bytes_of_pictures() -> torch.Tensor:
    """(3, 3, 32, 32) uint8, as a vision encoder's `preprocess` gives them."""
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (3, 3, 32, 32), generator=generator, dtype=torch.uint8)


@pytest.fixture
def parts(joint_params, tiny_joint, bytes_of_pictures):
    """`parts(name)`: checkpoint, our encoder, a batch of words, its pictures, and their normalised pixels."""

    def make(name):
        folder = tiny_joint(name)
        tokenizer, encoder = build_joint(joint_params(name).text)
        batch = tokenizer.collate([tokenizer.encode(words) for words in SENTENCES])
        present = torch.ones(3, dtype=torch.bool)
        if name == "vilt":
            rows = bytes_of_pictures.permute(0, 2, 3, 1).reshape(3, 32, 96).float()
            picture = Picture(
                rows.mean((1, 2))[:, None].expand(3, 3), rows, torch.ones(3, 32, dtype=torch.bool), present
            )
            normalised = (bytes_of_pictures / 255 - 0.5) / 0.5
        else:
            tower = load_encoder(VisionParams(encoder=f"hf/{folder}", image_size=32))
            pooled, regions, _ = tower(bytes_of_pictures)
            picture = Picture(pooled, regions, torch.ones(3, 4, dtype=torch.bool), present)
            normalised = (bytes_of_pictures - tower.mean) / tower.std
        return folder, encoder.eval(), batch, picture, normalised

    return make


def same(encoder, batch, picture, states) -> None:
    """Our word vectors are the states of the full model at the words' sub-words."""
    with torch.no_grad():
        torch.testing.assert_close(encoder(batch, picture), pool_words(states, batch), rtol=1e-4, atol=1e-5)


def test_parity_blip_matching_and_question_encoder(parts) -> None:
    folder, encoder, batch, picture, normalised = parts("blip_itm")
    full = BlipForImageTextRetrieval.from_pretrained(folder).eval()
    with torch.no_grad():
        output = full(batch["input_ids"], normalised, attention_mask=batch["attention_mask"], use_itm_head=True)
    same(encoder, batch, picture, output.question_embeds)

    folder, encoder, batch, picture, normalised = parts("blip_vqa")
    full = BlipForQuestionAnswering.from_pretrained(folder).eval()
    with torch.no_grad():
        output = full.text_encoder(
            batch["input_ids"],
            attention_mask=batch["attention_mask"],
            encoder_hidden_states=full.vision_model(normalised).last_hidden_state,
        )
    same(encoder, batch, picture, output.last_hidden_state)


def test_parity_blip_captioning_decoder_reads_in_both_directions(parts) -> None:
    folder, encoder, batch, picture, normalised = parts("blip_captioning")
    full = BlipForConditionalGeneration.from_pretrained(folder).eval()
    with torch.no_grad():
        image = full.vision_model(normalised).last_hidden_state
        text = {"attention_mask": batch["attention_mask"], "encoder_hidden_states": image}
        output = full.text_decoder.bert(batch["input_ids"], **text, is_decoder=False)
        causal = full.text_decoder.bert(batch["input_ids"], **text, is_decoder=True)
    same(encoder, batch, picture, output.last_hidden_state)
    assert not torch.allclose(output.last_hidden_state[2], causal.last_hidden_state[2], atol=1e-3)


def test_parity_vilt(parts) -> None:
    folder, encoder, batch, picture, normalised = parts("vilt")
    full = ViltForMaskedLM.from_pretrained(folder).eval().vilt
    with torch.no_grad():
        text = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
        mask = torch.ones(3, 32, 32, dtype=torch.long)
        states = full(**text, pixel_values=normalised, pixel_mask=mask).last_hidden_state
    same(encoder, batch, picture, states[:, : batch["input_ids"].shape[1]])


@pytest.mark.parametrize("name", ["blip2_opt", "blip2_t5"])
def test_parity_blip2(parts, name) -> None:
    folder, encoder, batch, picture, normalised = parts(name)
    full = Blip2ForConditionalGeneration.from_pretrained(folder).eval()
    ids, mask = batch["input_ids"], batch["attention_mask"]
    with torch.no_grad():
        queries = full.get_image_features(normalised).pooler_output
        embedded = full.get_input_embeddings()(ids)
        inputs = torch.cat([queries, embedded], dim=1)
        attended = torch.cat([mask.new_ones(queries.shape[:2]), mask], dim=1)
        language = full.language_model.model if name == "blip2_opt" else full.language_model.encoder
        states = language(inputs_embeds=inputs, attention_mask=attended).last_hidden_state
    assert queries.shape == (3, 3, 32)
    same(encoder, batch, picture, states[:, 3:])


def test_parity_blip2_decoder_hides_later_words_from_earlier_ones(parts) -> None:
    _, encoder, batch, picture, _ = parts("blip2_opt")
    other = batch["input_ids"].clone()
    last = batch["attention_mask"].sum(1) - 1
    other[torch.arange(3), last] = 5
    with torch.no_grad():
        changed = (encoder(batch, picture) - encoder(batch | {"input_ids": other}, picture)).abs().amax(-1) > 1e-5
    words = batch["word_mask"].sum(1)
    assert all(not bool(row[: count - 1].any()) for row, count in zip(changed, words.tolist(), strict=True))
