"""How long an input the positions of a pretrained text model allow."""

from __future__ import annotations

from typing import Any


def position_limit(config: Any) -> int | None:
    """Longest input in sub-words that the position embeddings allow, None if the model has no such limit."""
    kind = getattr(config, "model_type", "")
    positions = getattr(config, "max_position_embeddings", None)
    relative = kind == "xlnet" or (kind in {"deberta", "deberta-v2"} and not config.position_biased_input)
    if not positions or relative:
        return None
    # RoBERTa-like models number positions from padding_idx + 1.
    offset = (config.pad_token_id or 0) + 1 if kind in ROBERTA_LIKE else 0
    return int(positions) - offset


ROBERTA_LIKE = {
    *("roberta", "xlm-roberta", "xlm-roberta-xl", "roberta-prelayernorm", "camembert", "data2vec-text", "xmod"),
    *("longformer", "mpnet"),
}
