"""Knobs of the training loop."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tandem.params.base import Knobs


class TrainParams(Knobs):
    """Optimisation, sampling, and the machine."""

    epochs: int = Field(12, ge=1, le=1000)
    batch_size: int = Field(32, ge=1, le=4096, description="sentences a step")
    eval_batch_size: int = Field(64, ge=1, le=4096)
    learning_rate: float = Field(5e-5, gt=0, le=1, description="peak rate of a pretrained text encoder")
    head_learning_rate: float = Field(1e-3, gt=0, le=1, description="peak rate of fusion, head and CRF")
    projection_learning_rate: float | None = Field(
        None, gt=0, le=1, description="peak rate of the projection of pictures; null = head_learning_rate"
    )
    vision_learning_rate: float = Field(1e-4, gt=0, le=1, description="peak rate of a picture encoder that trains")
    layer_decay: float = Field(1.0, gt=0, le=1, description="factor on the rate per encoder layer from the top")
    weight_decay: float = Field(0.01, ge=0, le=1, description="AdamW; none on biases and norms")
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps with a rising rate")
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    clip_norm: float = Field(1.0, gt=0, description="largest norm of the gradient")
    patience: int = Field(4, ge=1, description="epochs without a better validation F1 before stopping")
    select_by: Literal["micro", "weighted"] = Field("micro", description="average whose F1 picks the best epoch")
    sampling: Literal["uniform", "inverse_frequency"] = "uniform"
    image_dropout: float = Field(0.1, ge=0, le=1, description="share of training pictures masked in a step")
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(0, ge=0, le=1024, description="CPU threads; 0 = as many as torch finds, one for scratch")
    resume: bool = Field(True, description="save the state after each epoch, go on from it after a kill")
