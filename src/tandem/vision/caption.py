"""A picture's caption as its features: token states of a frozen text encoder are the regions, their mean is pooled."""

from __future__ import annotations

from threading import Lock
from typing import Any

import torch
from torch import Tensor

from tandem.params.vision import VisionParams
from tandem.positions import position_limit
from tandem.vision.encoder import Encoded, Encoder
from tandem.weights import fingerprint, load_pretrained

_WORD, _SPECIAL, _PADDING = 0, 1, 2  # kinds of positions in a batch


class CaptionEncoder(Encoder):
    """Token states of one hidden layer, special tokens dropped.

    Args:
        model: a transformers encoder of text.
        tokenizer: its tokenizer.
        layer: index into the hidden states: 0 embeddings, -1 last layer.
        max_regions: most tokens of a caption; longer captions are cut.
    """

    source = "caption"

    def __init__(self, *, model: Any, tokenizer: Any, layer: int, max_regions: int) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.lock = Lock()  # a tokenizer keeps its truncation as a state, which two threads must not set at once
        layers = model.config.num_hidden_layers
        if not -layers - 1 <= layer <= layers:
            raise ValueError(f"vision.caption_layer {layer}: this encoder has {-layers - 1} to {layers}")
        self.layer = layer
        self.specials = tokenizer.num_special_tokens_to_add(pair=False)
        longest = min(tokenizer.model_max_length, position_limit(model.config) or max_regions + self.specials)
        self.regions = min(max_regions, longest - self.specials)
        self.pooled_dim = self.region_dim = model.config.hidden_size
        self.eval().requires_grad_(False)

    def preprocess(self, item: str) -> Tensor:
        """Caption -> (2, T) int64: token ids, and whether each is special. T is 0 where the text gives no tokens."""
        with self.lock:
            encoded = self.tokenizer(
                item, truncation=True, max_length=self.regions + self.specials, return_special_tokens_mask=True
            )
        # A mask of the tokenizer itself: an <unk> is special to some tokenizers but stands for a word.
        tokens = torch.tensor([encoded["input_ids"], encoded["special_tokens_mask"]], dtype=torch.int64)
        return tokens if (tokens[1] == _WORD).any() else tokens[:, :0]

    def collate(self, items: list[Tensor]) -> Tensor:
        """(B, 2, T): padded to the longest with id 0 and kind 2."""
        longest = max(item.shape[1] for item in items)
        batch = torch.zeros(len(items), 2, longest, dtype=torch.int64)
        batch[:, 1] = _PADDING
        for row, item in enumerate(items):
            batch[row, :, : item.shape[1]] = item
        return batch

    def forward(self, batch: Tensor) -> Encoded:
        """(B, 2, T) -> features; R is the longest caption of the batch."""
        ids, kind = batch.unbind(1)
        attended = (kind != _PADDING).long()
        states = self.model(input_ids=ids, attention_mask=attended, output_hidden_states=True)
        hidden = states.hidden_states[self.layer].float()  # (B, T, d)
        words = kind == _WORD
        lengths = words.sum(dim=1)
        order = torch.argsort((~words).long(), dim=1, stable=True)  # words first, in their order
        hidden = torch.gather(hidden, 1, order[..., None].expand_as(hidden))[:, : int(lengths.max())]
        valid = torch.arange(hidden.shape[1], device=hidden.device) < lengths[:, None]
        regions = hidden * valid[..., None]
        return Encoded(regions.sum(dim=1) / lengths[:, None].clamp(min=1), regions, lengths)


def build(params: VisionParams) -> CaptionEncoder:
    """Load `caption_encoder` and its tokenizer."""
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 (slow; only for this family)

    tokenizer = load_pretrained(AutoTokenizer, params.caption_encoder)
    model = load_pretrained(AutoModel, params.caption_encoder, dtype=torch.float32)
    return CaptionEncoder(model=model, tokenizer=tokenizer, layer=params.caption_layer, max_regions=params.max_regions)


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers."""
    return {
        "encoder": "caption",
        "weights": fingerprint(params.caption_encoder),
        "layer": params.caption_layer,
        "max_regions": params.max_regions,
    }
