"""JSONL: an object a post."""

from __future__ import annotations

import json

from tandem.inference.formats.base import Answer, TextFormat


class Jsonl(TextFormat):
    """`line`, `id`, `image`, and all that a `Prediction` has; offsets count Unicode characters."""

    def text(self, answer: Answer) -> str:
        """As in `TextFormat`."""
        return json.dumps(answer.to_dict(), ensure_ascii=False) + "\n"
