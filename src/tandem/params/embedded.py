"""Knobs of the embedded corpora."""

from __future__ import annotations

from pydantic import Field

from tandem.params.base import Knobs


class EmbeddedParams(Knobs):
    """Size and difficulty, the same for all. The sizes of `embedded_relations` count pairs, two a sentence."""

    seed: int = Field(13, ge=0, lt=1 << 32, description="same seed, same bytes")
    train: int = Field(2000, ge=1, le=100_000, description="sentences of the training split, per corpus")
    valid: int = Field(250, ge=1, le=100_000, description="sentences of the validation split, per corpus")
    test: int = Field(500, ge=1, le=100_000, description="sentences of the test split, per corpus")
    ambiguous: float = Field(
        0.6, ge=0, le=1, description="share of sentences with one mention whose type only the picture tells"
    )
    irrelevant: float = Field(
        0.12, ge=0, le=1, description="share of pictures drawn for a random class, whatever the sentence says"
    )
    missing_picture: float = Field(0.03, ge=0, le=1, description="share of sentences whose picture file is absent")

    def sizes(self) -> dict[str, int]:
        """Sentences per split, in the order train, valid, test."""
        return {"train": self.train, "valid": self.valid, "test": self.test}
