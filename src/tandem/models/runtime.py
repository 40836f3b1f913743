"""Device, number format and threads."""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from tandem.hardware import has_bf16_units

PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Runtime:
    """Where and how a model runs."""

    device: torch.device
    autocast_dtype: torch.dtype | None  # None = float32 throughout

    def autocast(self) -> AbstractContextManager[object]:
        """Context in which matrix products run in the chosen format."""
        enabled = self.autocast_dtype is not None
        return torch.autocast(self.device.type, dtype=self.autocast_dtype or torch.bfloat16, enabled=enabled)


def pick_runtime(*, device: str, precision: str, threads: int = 0, small: bool = False) -> Runtime:
    """Resolve `auto`.

    Device: CUDA where there is one. Precision: bfloat16 on CUDA and on CPUs with bf16 instructions (AVX512-BF16, AMX),
    float32 elsewhere and for `small` models, whose matrices are too small to win. Threads: as many as torch finds, one
    for `small` models, which is as fast and gives the same numbers on machines with few cores and with many.
    Errors: `ValueError` for CUDA without CUDA, and for a device or a precision that is none of those.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
        raise ValueError(f"device {device!r}; allowed: auto, cpu, cuda, cuda:<number>")
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r}; allowed: {', '.join(PRECISIONS)}")
    if threads or small:
        torch.set_num_threads(threads or 1)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"device {device}: torch finds no CUDA device; set it (train.device) to auto or cpu")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    chosen = torch.device(device)
    if chosen.type == "cuda":
        # Same seed, same metrics: cuBLAS reads this before its first call.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    half = precision == "bfloat16" or (precision == "auto" and not small and has_bf16_units(chosen))
    return Runtime(chosen, torch.bfloat16 if half else None)
