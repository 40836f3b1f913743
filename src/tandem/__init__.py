"""Tandem: entities and relations out of social-media posts, reading text and picture in tandem."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tandem.inference.prediction import Mention, Prediction, Query, Relation, Word
    from tandem.inference.predictor import Predictor, load

__all__ = ["Mention", "Prediction", "Predictor", "Query", "Relation", "Word", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """What takes long to import is imported when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "predictor" if name in ("Predictor", "load") else "prediction"
    return getattr(import_module(f"tandem.inference.{module}"), name)
