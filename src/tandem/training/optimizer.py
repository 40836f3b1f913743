"""AdamW with a rate for each part of the model, and the course of the rates."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from tandem.fusion.base import ImageProjection
from tandem.models.base import FusedModel
from tandem.params import TrainParams


def parameter_groups(model: FusedModel, params: TrainParams, text_rate: float) -> list[dict[str, object]]:
    """Every parameter once: text layers at `text_rate` times layer_decay per layer from the top, a picture encoder at
    the vision rate, the projection of pictures at its own, if it has one, the rest at the head's rate; no weight decay
    on vectors (biases, norms, CRF starts and ends).
    """
    rates: dict[nn.Parameter, float] = {}
    layers = model.text.layers()
    for depth, layer in enumerate(layers):
        for parameter in layer:
            rates[parameter] = text_rate * params.layer_decay ** (len(layers) - 1 - depth)
    if model.vision is not None:
        rates |= dict.fromkeys(model.vision.parameters(), params.vision_learning_rate)
    if params.projection_learning_rate is not None:
        for module in model.fusion.modules():
            if isinstance(module, ImageProjection):
                rates |= dict.fromkeys(module.parameters(), params.projection_learning_rate)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            decay = params.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rates.get(parameter, params.head_learning_rate), decay), []).append(parameter)
    return [{"params": members, "lr": rate, "weight_decay": decay} for (rate, decay), members in groups.items()]


def rate_factor(schedule: str, warmup_steps: int, steps: int) -> Callable[[int], float]:
    """Factor on the peak rate at a step from 0: linear rise over the warm-up, then `schedule` down to 0 (or flat)."""

    def factor(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / (warmup_steps + 1)
        if schedule == "constant":
            return 1.0
        progress = min(1.0, (step - warmup_steps) / max(1, steps - warmup_steps))
        return 1 - progress if schedule == "linear" else 0.5 * (1 + math.cos(math.pi * progress))

    return factor


def build_optimizer(
    model: FusedModel, params: TrainParams, text_rate: float, steps: int
) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.LambdaLR]:
    """AdamW (betas 0.9/0.999, eps 1e-8) and its schedule over `steps` steps."""
    groups = parameter_groups(model, params, text_rate)
    # One pass over memory instead of a dozen: 17 ms a step instead of 105 for MiniLM on one core.
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8, fused=True)
    factor = rate_factor(params.schedule, round(params.warmup * steps), steps)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
