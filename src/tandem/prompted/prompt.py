"""Requests: the instruction, the form of the answer, solved examples, the post and its picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tandem.params.prompted import PromptedParams
from tandem.prompted.pictures import SentPicture

FORMAT = 1  # of the keys; a new one asks everything anew


@dataclass(frozen=True)
class Question:
    """A request but for its picture, which is opened when it is sent."""

    body: dict[str, Any]
    picture: SentPicture | None

    def key(self, endpoint: str) -> str:
        """SHA-256 of all that decides the answer: address, model, texts, settings, content of the picture."""
        picture = self.picture and self.picture.identity
        parts = {"format": FORMAT, "endpoint": endpoint.rstrip("/"), "body": self.body, "picture": picture}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def request(self) -> dict[str, Any]:
        """The body to be sent."""
        if self.picture is None:
            return self.body
        url = self.picture.data_url()
        *earlier, last = self.body["messages"]
        shown = [{"type": "text", "text": last["content"]}, {"type": "image_url", "image_url": {"url": url}}]
        return {**self.body, "messages": [*earlier, {**last, "content": shown}]}


def question(
    knobs: PromptedParams,
    *,
    instruction: str,
    schema: dict[str, Any],
    examples: Sequence[tuple[str, str]],
    text: str,
    picture: SentPicture | None,
) -> Question:
    """Ask about `text`. `examples`: pairs of a text and its answer; `schema`: JSON schema of an answer."""
    messages = [{"role": "system", "content": instruction}]
    for shown, answer in examples:
        messages += [{"role": "user", "content": shown}, {"role": "assistant", "content": answer}]
    messages.append({"role": "user", "content": text})
    body: dict[str, Any] = {"model": knobs.model, "messages": messages}
    if knobs.temperature is not None:
        body["temperature"] = knobs.temperature
    if knobs.max_tokens is not None:
        body["max_tokens"] = knobs.max_tokens
    if knobs.structure == "json_schema":
        form = {"name": "answer", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    elif knobs.structure == "json_object":
        body["response_format"] = {"type": "json_object"}
    return Question(body, picture)


def closed_object(properties: dict[str, Any]) -> dict[str, Any]:
    """JSON schema of an object with exactly these members, as OpenAI's strict mode wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
