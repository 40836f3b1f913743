"""Seeded corpora of invented posts whose pictures decide: the project's own proof that fusion works."""

from tandem.corpora.embedded.generate import generate

__all__ = ["generate"]
