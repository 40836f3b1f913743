"""A request's body as a post to read. Nothing of it is written to disk."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tandem.inference.prediction import Query
from tandem.serving.limits import BESIDES_PICTURE, BODY_SECONDS, Limits, Refused


class Post(BaseModel):
    """A post to read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(description="As it was posted: words, emojis, @mentions, #hashtags and addresses.")
    image: str | None = Field(default=None, description="The picture's file in base64; a data URL will do too.")
    caption: str | None = Field(default=None, description="What the picture shows, for models that read captions.")
    compare: bool = Field(default=True, description="Say too what the model finds without the picture.")


@dataclass(frozen=True)
class Asked:
    """A query, and whether it is to be read without its picture too."""

    query: Query
    compare: bool


async def read_request(request: Request, limits: Limits) -> Asked:
    """The post in a body of JSON or of multipart/form-data. Errors: `Refused`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    readers = {"application/json": _read_json, "multipart/form-data": _read_form}
    if kind not in readers:
        raise Refused(415, "Send the post as application/json or multipart/form-data.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            post, picture = await readers[kind](request, limits)
    except TimeoutError:
        raise Refused(408, f"The request did not arrive within {BODY_SECONDS:g} seconds.") from None
    for name, text in (("text", post.text), ("caption", post.caption or "")):
        if len(text) > limits.characters:
            raise Refused(
                413, f"The {name} has {len(text):,} characters; at most {limits.characters:,} can be read at once."
            )
    if not post.text.strip():
        raise Refused(422, "There is no text to read: type a post.")
    if picture is not None and len(picture) > limits.picture_bytes:
        raise _too_big(limits)
    return Asked(Query(post.text, picture, post.caption), post.compare)


async def _chunks(request: Request, limits: Limits) -> AsyncGenerator[bytes, None]:
    """The body, as far as it is allowed: what is too long is refused before it has arrived whole."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limits.body_bytes:
        raise _too_big(limits)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limits.body_bytes:
            raise _too_big(limits)
        yield chunk


def _too_big(limits: Limits) -> Refused:
    return Refused(413, f"The picture's file is too big; at most {limits.picture_bytes / (1 << 20):g} MB are read.")


async def _read_json(request: Request, limits: Limits) -> tuple[Post, bytes | None]:
    body = b"".join([chunk async for chunk in _chunks(request, limits)])
    post = _checked(body)
    if not post.image:
        return post, None
    encoded = post.image.rpartition(",")[2] if post.image.startswith("data:") else post.image
    try:
        return post, base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(422, "image: this is not base64.") from None


async def _read_form(request: Request, limits: Limits) -> tuple[Post, bytes | None]:
    parser = MultiPartParser(
        request.headers, _chunks(request, limits), max_files=1, max_fields=3, max_part_size=BESIDES_PICTURE
    )
    parser.spool_max_size = limits.body_bytes + 1  # more never arrives, so that the file stays in memory
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Refused(400, f"The form cannot be read: {error.message}") from None
    picture = form.get("image")
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if isinstance(picture, str):
        if picture:
            raise Refused(422, "image: send it as a file.")
        fields.pop("image")
    compare = fields.pop("compare", "true").lower()
    if compare not in {"true", "false"}:
        raise Refused(422, "compare: send true or false.")
    post = _checked({**fields, "compare": compare == "true"})
    return post, await _content(form)


async def _content(form: FormData) -> bytes | None:
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    if files and files[0][0] != "image":
        raise Refused(422, f"{files[0][0]}: no such file is expected; send the picture as image.")
    try:
        content = await files[0][1].read() if files else b""
    finally:
        await form.close()
    named = bool(files and files[0][1].filename)  # a form whose field was left empty sends neither name nor content
    return content if content or named else None


def _checked(values: bytes | dict[str, object]) -> Post:
    try:
        return Post.model_validate_json(values) if isinstance(values, bytes) else Post.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "".join(f"{part}: " for part in first["loc"])
        raise Refused(400 if first["type"] == "json_invalid" else 422, f"{place}{first['msg']}.") from None
