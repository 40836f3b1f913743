"""Pretrained encoders from Hugging Face checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from tandem.text.base import TextBatch, TextEncoder
from tandem.text.subwords import pool_words

# Of rows added to a table of embeddings, in standard deviations of the table: enough to tell them apart.
NOISE = 0.1


class PretrainedEncoder(TextEncoder):
    """A transformers model whose last hidden states become word vectors."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        self.out_dim = int(model.config.hidden_size)
        # Checkpoints without a second segment (RoBERTa's) have one type of token at most.
        self._types = int(getattr(model.config, "type_vocab_size", 0) or 0)
        # The pooler of BERT-like models reads [CLS] for tasks that are not ours; it would never get a gradient.
        if getattr(model, "pooler", None) is not None:
            model.pooler = None  # type: ignore[assignment]

    def forward(self, batch: TextBatch) -> Tensor:
        more = {"token_type_ids": batch["token_type_ids"]} if self._types > 1 and "token_type_ids" in batch else {}
        output = self.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], **more)
        return pool_words(output.last_hidden_state, batch)

    def layers(self) -> list[list[nn.Parameter]]:
        groups: dict[int, list[nn.Parameter]] = {}
        deepest = int(getattr(self.model.config, "num_hidden_layers", 0))
        for name, parameter in self.model.named_parameters():
            numbers = [int(part) for part in name.split(".") if part.isdigit()]
            # embeddings lie under layer 0; what has no number and is no embedding (a final norm) goes with the top
            depth = numbers[0] + 1 if numbers else (0 if "embed" in name else deepest)
            groups.setdefault(depth, []).append(parameter)
        return [groups[depth] for depth in sorted(groups)]

    @property
    def vocabulary(self) -> int:
        """Rows of the table of token embeddings."""
        table: Any = self.model.get_input_embeddings()
        return len(table.weight)

    def grow(self, tokens: int) -> None:
        """Add rows for new tokens to the table: its mean row, with a little noise from the current random state."""
        known = self.vocabulary
        table = self.model.resize_token_embeddings(known + tokens, mean_resizing=False).weight
        with torch.no_grad():
            old = table[:known]
            table[known:] = old.mean(0) + NOISE * old.std(0) * torch.randn(tokens, table.shape[1])

    def save_config(self, folder: Path) -> None:
        self.model.config.save_pretrained(folder)

    @classmethod
    def from_config(cls, folder: Path) -> PretrainedEncoder:
        """Build with random weights from what `save_config` wrote; the weights come from the checkpoint."""
        return cls(AutoModel.from_config(AutoConfig.from_pretrained(folder, trust_remote_code=False)))


def position_limit(config: Any) -> int | None:
    """Longest input in sub-words that the position embeddings allow, None if the model has no such limit."""
    positions = getattr(config, "max_position_embeddings", None)
    if not positions or getattr(config, "model_type", "") in {"deberta-v2", "xlnet"}:
        return None
    # RoBERTa-like models number positions from padding_idx + 1.
    offset = (config.pad_token_id or 0) + 1 if config.model_type in ROBERTA_LIKE else 0
    return int(positions) - offset


ROBERTA_LIKE = {"roberta", "xlm-roberta", "camembert", "longformer", "mpnet"}
