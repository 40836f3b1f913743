"""Knobs of the prompted baseline: a chat model behind an endpoint, asked post by post."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from tandem.params.base import Knobs


class PromptedParams(Knobs):
    """Which model is asked, how, and for how much. Its key comes from the environment alone (TANDEM_API_KEY)."""

    endpoint: str = Field(
        "http://127.0.0.1:8000/v1", description="base address; `/chat/completions` is added, as OpenAI's clients do"
    )
    model: str = Field("Qwen/Qwen2.5-VL-7B-Instruct", min_length=1, description="name under which the server knows it")
    temperature: float | None = Field(0.0, ge=0, le=2, description="of sampling; null = not sent")
    max_tokens: int | None = Field(512, ge=1, description="of an answer; null = not sent")
    image_side: int = Field(512, ge=0, le=4096, description="longest side of a sent picture, pixels; 0 = send none")
    examples: int = Field(0, ge=0, le=64, description="solved training posts in each request, without pictures")
    seed: int = Field(1, ge=0, lt=2**31, description="of the choice of examples and of the exchanged pictures")
    concurrency: int = Field(4, ge=1, le=256, description="requests at a time")
    timeout: float = Field(120.0, gt=0, le=3600, description="of one request, seconds")
    retries: int = Field(6, ge=0, le=100, description="of one request after time-outs, HTTP 408, 425, 429 and 5xx")
    structure: Literal["json_schema", "json_object", "none"] = Field(
        "json_schema", description="what the server is told of the answer's form (response_format)"
    )
    price_in: float = Field(0.0, ge=0, description="of a million prompt tokens, in any currency")
    price_out: float = Field(0.0, ge=0, description="of a million completion tokens")
    max_cost: float | None = Field(None, gt=0, description="no request is sent once a corpus has cost this; null = any")
    controls: bool = Field(False, description="ask again with exchanged pictures, and with none")
    limit: int | None = Field(None, ge=1, description="first test rows that are asked; null = all")

    @field_validator("endpoint")
    @classmethod
    def _plain_address(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("must be an address like http://127.0.0.1:8000/v1")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("must have no user, password, query or fragment; a key goes into TANDEM_API_KEY")
        return endpoint

    @model_validator(mode="after")
    def _cost_is_known(self) -> PromptedParams:
        if self.max_cost is not None and not self.price_in and not self.price_out:
            raise ValueError("max_cost needs price_in or price_out; without a price nothing costs anything")
        return self

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What tokens cost."""
        return (prompt_tokens * self.price_in + completion_tokens * self.price_out) / 1e6
