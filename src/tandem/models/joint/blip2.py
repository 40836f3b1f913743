"""BLIP-2 (Li et al. 2023): learned queries read the picture, and stand before the words of a language model."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForTextEncoding, Blip2PreTrainedModel, Blip2QFormerModel, PreTrainedModel

from tandem.models.joint.base import JointEncoder, check_tower, tower_tokens
from tandem.positions import position_limit
from tandem.text.pretrained import Attention
from tandem.weights import load_part


class PictureQueries(Blip2PreTrainedModel):
    """The part of BLIP-2 between its vision tower and its language model, under the names of its checkpoints."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        width = config.qformer_config.hidden_size
        self.query_tokens = nn.Parameter(torch.zeros(1, config.num_query_tokens, width))
        self.qformer = Blip2QFormerModel(config.qformer_config)
        self.language_projection = nn.Linear(width, config.text_config.hidden_size)
        self.post_init()

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Tokens of a vision tower (B, P, d_v), mask (B, P) of 0 and 1 -> queries (B, Q, d_t)."""
        queries = self.query_tokens.expand(len(tokens), -1, -1)
        read = self.qformer(query_embeds=queries, encoder_hidden_states=tokens, encoder_attention_mask=mask)
        projected: Tensor = self.language_projection(read.last_hidden_state)
        return projected


class Blip2Encoder(JointEncoder):
    """The language model's last states at the words, after the queries; of T5 and its like, the encoder's.

    The vision tower is no part of it: `vision.encoder: hf/<checkpoint>` is. In a decoder (OPT) a word is seen by those
    after it alone, as it was trained.
    """

    family: ClassVar[str] = "BLIP-2"

    def __init__(
        self, model: PreTrainedModel, queries: PictureQueries, config: Any, *, attention: Attention = "as_trained"
    ) -> None:
        super().__init__(model, config, attention=attention)
        self.queries = queries

    @property
    def positions(self) -> int | None:
        limit = position_limit(self.model.config)
        return None if limit is None else limit - int(self.config.num_query_tokens)

    def joint_states(self, inputs: dict[str, Tensor], pooled: Tensor, regions: Tensor, region_mask: Tensor) -> Tensor:
        queries = self.queries(*tower_tokens(pooled, regions, region_mask))  # (W, Q, d)
        table: Any = self.model.get_input_embeddings()
        words = table(inputs["input_ids"])
        mask = inputs["attention_mask"]
        together = {
            "inputs_embeds": torch.cat([queries.to(words.dtype), words], dim=1),
            "attention_mask": self.mask(torch.cat([mask.new_ones(queries.shape[:2]), mask], dim=1)),
        }
        return self.run(together)[:, queries.shape[1] :]

    def check_pictures(self, pooled_dim: int, region_dim: int, checkpoint: str) -> None:
        check_tower((pooled_dim, region_dim), self.config.vision_config.hidden_size, self.family, checkpoint)

    def layers(self) -> list[list[nn.Parameter]]:
        """Those of the language model; what makes the queries goes with its embeddings, beside which they stand."""
        bottom, *rest = super().layers()
        return [[*self.queries.parameters(), *bottom], *rest]

    @classmethod
    def from_checkpoint(cls, name: str, config: Any, *, attention: Attention) -> Blip2Encoder:
        options, inside = {"dtype": torch.float32}, {r"^language_model\.(model\.)?": ""}
        language = load_part(_language(config), name, inside, config=config.text_config, **options)
        return cls(language, load_part(PictureQueries, name, {}, config=config, **options), config, attention=attention)

    @classmethod
    def from_saved(cls, config: Any, *, attention: Attention) -> Blip2Encoder:
        language = _language(config).from_config(config.text_config, dtype=torch.float32)
        return cls(language, PictureQueries(config), config, attention=attention)


def _language(config: Any) -> Any:
    """The class that makes the language model without its head, and of an encoder and decoder the encoder alone."""
    return AutoModel if config.use_decoder_only_language_model else AutoModelForTextEncoding
