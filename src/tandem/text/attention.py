"""Which tokens a token may attend to: found out by trying, because configurations do not say it alike."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from transformers import PreTrainedModel


@torch.no_grad()
def reads_ahead(model: PreTrainedModel, run: Callable[[dict[str, Tensor]], Tensor], *, unmasked: bool = False) -> bool:
    """Whether a token's vector depends on the tokens after it; with `unmasked`, under `full_attention`.

    `run` gives the model's states (W, L, d) of input_ids and attention_mask. Two inputs that differ in their last token
    alone are compared.
    """
    config = model.config
    special = {getattr(config, f"{name}_token_id", None) for name in ("pad", "bos", "eos")}
    first, second, third = [token for token in range(8) if token not in special][:3]
    attended = torch.ones(1, 2, dtype=torch.long, device=model.device)
    mask = full_attention(attended) if unmasked else attended
    training = model.training
    model.eval()
    states = [
        run({"input_ids": attended.new_tensor([[first, last]]), "attention_mask": mask})[:, 0]
        for last in (second, third)
    ]
    model.train(training)
    return not torch.equal(*states)


def full_attention(attention_mask: Tensor) -> Tensor:
    """Every token attends to every token that is no padding: (W, L) of 0 and 1 -> (W, 1, L, L), added to the scores.

    Decoders take a mask of four dimensions as it is, instead of making a causal one.
    """
    length = attention_mask.shape[1]
    hidden = (attention_mask == 0)[:, None, None, :].expand(-1, 1, length, -1)
    return torch.zeros(hidden.shape, device=hidden.device).masked_fill(hidden, torch.finfo(torch.float32).min)
