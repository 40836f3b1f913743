"""The state of a training between epochs, on disk, so that a kill costs at most one epoch and changes no number."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tandem.files import atomic_path, sha256_of

# The code whose change makes a half-finished training another one.
CODE = ("corpora", "evaluation", "fusion", "models", "params", "tasks", "text", "training", "vision")


@dataclass
class Progress:
    """What has happened so far."""

    epoch: int = 0  # epochs finished
    best: float = -1.0  # F1 of the best epoch on the validation split, by the average that decides
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)  # one row an epoch

    def exhausted(self, patience: int) -> bool:
        """Whether `patience` epochs have passed since the best one; never before the first mention is found."""
        return self.best > 0 and self.epoch - self.best_epoch >= patience


def run_key(*, knobs: dict[str, Any], files: list[Path], weights: str, code: list[Path] | None = None) -> str:
    """Sixteen hexadecimal digits of what decides a training: knobs, data, pretrained weights, code, torch.

    `code`: the source files in question; None = all that any training may use.
    """
    digest = hashlib.sha256(json.dumps([knobs, weights, torch.__version__], sort_keys=True).encode())
    package = Path(__file__).parents[1]
    whole = (file for folder in CODE for file in sorted((package / folder).rglob("*.py")))
    for path in [*files, *(whole if code is None else code)]:
        digest.update(sha256_of(path).encode())
    return digest.hexdigest()[:16]


class StateStore:
    """The folder of one training: `state.pt` (tensors and plain values only) and `best.safetensors`."""

    def __init__(self, folder: Path, *, enabled: bool = True) -> None:
        self.folder = folder
        self.enabled = enabled

    @property
    def best(self) -> Path:
        """Weights of the best epoch so far."""
        return self.folder / "best.safetensors"

    def save(self, progress: Progress, parts: dict[str, Any]) -> None:
        """Write the state after an epoch. `parts` are `state_dict()`s by name."""
        if not self.enabled:
            return
        state = {"progress": vars(progress), "parts": parts, "random": torch.get_rng_state()}
        if torch.cuda.is_available():
            state["random_cuda"] = torch.cuda.get_rng_state()
        with atomic_path(self.folder / "state.pt") as temporary:
            torch.save(state, temporary)

    def load(self, parts: dict[str, Any]) -> Progress | None:
        """Restore the parts and the random state; None if there is nothing to go on from."""
        path = self.folder / "state.pt"
        if not self.enabled or not path.is_file() or not self.best.is_file():
            return None
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
        except Exception:  # whatever is wrong with the file, starting over is right and costs only time
            return None
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        torch.set_rng_state(state["random"])
        if "random_cuda" in state and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["random_cuda"])
        return Progress(**state["progress"])

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
