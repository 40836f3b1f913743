"""Pretrained encoders from Hugging Face checkpoints."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from tandem.positions import position_limit
from tandem.text.attention import full_attention, reads_ahead
from tandem.text.base import TextBatch, TextEncoder
from tandem.text.lora import ExtendedTable
from tandem.text.subwords import pool_words

Attention = Literal["as_trained", "causal", "bidirectional"]

# Of rows added to a table of embeddings, in standard deviations of the table: enough to tell them apart.
NOISE = 0.1


class PretrainedEncoder(TextEncoder):
    """A transformers model whose last hidden states become word vectors.

    Encoders and decoders alike. `attention` is what a word may see: `causal` the words before it, `bidirectional` all
    of them, also where a decoder was trained without (its sliding windows are then lifted too).
    Errors: `ValueError` for an attention that the model does not have and cannot be given.
    """

    def __init__(self, model: PreTrainedModel, *, attention: Attention = "as_trained") -> None:
        super().__init__()
        # A model of texts and pictures (CLIP) has one for each; ours reads texts.
        self.model: PreTrainedModel = getattr(model, "text_model", None) or model
        self.out_dim = int(self.model.config.hidden_size)
        # Checkpoints without a second segment (RoBERTa's) have one type of token at most.
        self._types = int(getattr(self.model.config, "type_vocab_size", 0) or 0)
        # The pooler of BERT-like models reads [CLS] for tasks that are not ours; it would never get a gradient.
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None
        if getattr(self.model.config, "use_cache", False):
            self.model.config.use_cache = False  # of decoders, for texts that grow word by word; ours are whole
        self._unmask = attention == "bidirectional" and not reads_ahead(self.model, self.run)
        self._check(attention)

    def _check(self, attention: Attention) -> None:
        kind = self.model.config.model_type
        if attention == "causal" and self.reads_ahead:
            raise ValueError(
                f"text.attention causal: a {kind} model was trained to read in both directions; "
                "set it to as_trained or bidirectional"
            )
        if attention == "bidirectional" and not self.reads_ahead:
            raise ValueError(f"text.attention bidirectional: a {kind} model cannot read ahead; set it to as_trained")

    @property
    def reads_ahead(self) -> bool:
        """Whether the vector of a word depends on the words after it."""
        return reads_ahead(self.model, self.run, unmasked=self._unmask)

    def forward(self, batch: TextBatch) -> Tensor:
        return pool_words(self.states(self.inputs(batch)), batch)

    def inputs(self, batch: TextBatch) -> dict[str, Tensor]:
        """What the model takes of W windows of at most L sub-words, each (W, L)."""
        names = ["input_ids", "attention_mask"]
        if self._types > 1 and "token_type_ids" in batch:
            names.append("token_type_ids")
        return {name: batch[name] for name in names}

    def states(self, inputs: dict[str, Tensor]) -> Tensor:
        """Last hidden states (W, L, d)."""
        return self.run(inputs | {"attention_mask": self.mask(inputs["attention_mask"])})

    def mask(self, attention_mask: Tensor) -> Tensor:
        """Of 0 and 1 (W, L), as the model takes it for the attention that it was given."""
        # Padding stands on the right whatever the tokenizer's side, so that positions are those of the row.
        return full_attention(attention_mask) if self._unmask else attention_mask

    def run(self, inputs: dict[str, Tensor]) -> Tensor:
        """What the model says of texts alone: last hidden states (W, L, d)."""
        mask = inputs["attention_mask"]
        if mask.dim() == 4 and "position_ids" in inspect.signature(self.model.forward).parameters:
            # Some (OPT) count positions in the mask, which they expect to have two dimensions.
            inputs = inputs | {"position_ids": torch.arange(mask.shape[-1], device=mask.device)[None]}
        states: Tensor = self.model(**inputs).last_hidden_state
        return states

    def layers(self) -> list[list[nn.Parameter]]:
        groups: dict[int, list[nn.Parameter]] = {}
        deepest = int(getattr(self.model.config, "num_hidden_layers", 0))
        for name, parameter in self.model.named_parameters():
            groups.setdefault(_depth(name, self.model.config.model_type, deepest), []).append(parameter)
        return [groups[depth] for depth in sorted(groups)]

    @property
    def positions(self) -> int | None:
        """Longest window in sub-words, None if there is no such limit."""
        return position_limit(self.model.config)

    @property
    def vocabulary(self) -> int:
        """Rows of the table of token embeddings."""
        table: Any = self.model.get_input_embeddings()
        return int(table.num_embeddings)

    def grow(self, tokens: int, *, apart: bool = False) -> None:
        """Add rows for new tokens to the table: its mean row, with a little noise from the current random state.

        With `apart` they stay a parameter of their own, so that the table can be frozen.
        """
        known = self.vocabulary
        table: Any = self.model.get_input_embeddings()
        if not apart:
            table = self.model.resize_token_embeddings(known + tokens, mean_resizing=False)
        with torch.no_grad():
            old = table.weight[:known]
            rows = old.mean(0) + NOISE * old.std(0) * torch.randn(tokens, old.shape[1])
            if apart:
                self.model.set_input_embeddings(ExtendedTable(table, rows))
            else:
                table.weight[known:] = rows

    def save_config(self, folder: Path) -> None:
        self.model.config.save_pretrained(folder)

    @classmethod
    def from_config(cls, folder: Path, *, attention: Attention = "as_trained") -> PretrainedEncoder:
        """Build with random weights from what `save_config` wrote; the weights come from the checkpoint."""
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        model = AutoModel.from_config(config, dtype=torch.float32)  # whatever the original was published in
        return cls(model, attention=attention)


def _depth(name: str, kind: str, deepest: int) -> int:
    """How high above the embeddings, which are 0, the parameter `name` lies; layers count from 1 to `deepest`."""
    numbers = [int(part) for part in name.split(".") if part.isdigit()]
    if numbers:
        return numbers[0] + 1
    if kind == "deberta-v2" and name.startswith("encoder.conv."):  # on the output of the first layer
        return 1
    if kind == "deberta-v2" and name.startswith("encoder.LayerNorm."):  # on the relative positions
        return 0
    return 0 if any(part in name for part in BENEATH_THE_LAYERS) else deepest  # a final norm goes with the top


# Tables of tokens and of positions, among them those of relative positions, which all layers read.
BENEATH_THE_LAYERS = ("embed", "shared", "wte", "wpe", "relative_attention_bias")
