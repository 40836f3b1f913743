"""Requests to an OpenAI-compatible chat endpoint, repeated where that can help."""

from __future__ import annotations

import json
import math
import random
import time
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event
from typing import Any

import httpx2

from tandem.prompted.answers import Answer, Status

API_KEY = "TANDEM_API_KEY"  # the environment variable; the key is read from nowhere else and written nowhere
SECRET_LENGTH = 8  # shorter keys are placeholders for servers that need none
LONGEST_WAIT = 60.0  # seconds between two attempts, unless the server asks for more
LONGEST_PATIENCE = 600.0  # seconds that a server may ask for; a daily quota asks for hours
LARGEST_BODY = 16 << 20  # bytes of one response, also once it is decompressed
_EXCERPT = 400  # characters of others' words in a message
_REPEATED = (408, 425, 429)  # and all from 500 on
# Posts that the provider will not read, or that its model cannot: no reason to stop asking about others.
_DECLINED = ("content_filter", "content_policy_violation", "context_length_exceeded", "image_parse_error")
_FINISHED = (None, "stop", "eos", "length", "content_filter", "tool_calls", "function_call")  # else broken off
_LARGEST_COUNT = 2**63 - 1  # of tokens: what the store can hold
_REMEDIES = {
    400: "check prompted.model, and whether it knows prompted.structure, temperature, max_tokens and pictures",
    401: f"set the environment variable {API_KEY} to a valid key",
    403: f"set the environment variable {API_KEY} to a key that may use prompted.model",
    404: "check prompted.endpoint and prompted.model",
    413: "lower prompted.image_side or prompted.examples",
}


class ChatError(ValueError):
    """A request that cannot succeed; the message is one line that names the endpoint and the remedy."""


class _Again(Exception):
    """An attempt that failed and may be repeated. `wait`: seconds that the server asks for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class ChatClient:
    """Asks one endpoint; threads may share it.

    Args:
        endpoint: base address, without `/chat/completions`.
        api_key: sent as a bearer token; None sends none.
        timeout: seconds for a whole request.
        retries: attempts after the first one.
        first_wait: seconds before the second attempt; doubled for each further one, and shortened at random by up to
            half so that clients which failed together do not come back together.

    Set `stop` to have every thread give up where it waits.
    """

    def __init__(
        self, *, endpoint: str, api_key: str | None, timeout: float, retries: int, first_wait: float = 1.0
    ) -> None:
        """Errors: `ChatError` for a key that cannot stand in a header."""
        self._endpoint = endpoint.rstrip("/")
        self._key = api_key.strip() if api_key else ""
        if not (self._key.isascii() and self._key.isprintable()) or " " in self._key:
            raise ChatError(f"{API_KEY} holds characters that no key has (blanks, control, not ASCII); set it anew")
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip, deflate"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        self._http = httpx2.Client(headers=headers, timeout=timeout, limits=limits)
        self._timeout, self._retries, self._first_wait = timeout, retries, first_wait
        self._reached = False
        self.stop = Event()

    def ask(self, body: Mapping[str, Any]) -> Answer:
        """The answer to one request. Errors: `ChatError` where repeating cannot help, or did not."""
        payload = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        for attempt in range(self._retries + 1):
            try:
                return self._attempt(payload)
            except _Again as problem:
                reason, asked = str(problem), problem.wait
            if attempt < self._retries:
                self._wait(attempt, asked)
        raise ChatError(
            f"{self._endpoint}: gave up after {self._retries + 1} attempt(s), the last: {reason}; look at the server, "
            "or raise prompted.retries or prompted.timeout, then run again (answers so far are kept)"
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _wait(self, attempt: int, asked: float | None) -> None:
        if asked is not None and asked > LONGEST_PATIENCE:
            raise ChatError(
                f"{self._endpoint}: asks to wait for {asked:.0f} seconds; run again then (answers so far are kept)"
            )
        # Not before the server wants it, and not all at once.
        own = min(LONGEST_WAIT, self._first_wait * 2**attempt) * random.uniform(0.5, 1.0)
        if self.stop.wait(own if asked is None else max(own, asked + random.uniform(0, self._first_wait))):
            raise ChatError(f"{self._endpoint}: stopped (answers so far are kept)")

    def _attempt(self, payload: bytes) -> Answer:
        deadline = time.monotonic() + self._timeout
        try:
            with self._http.stream("POST", f"{self._endpoint}/chat/completions", content=payload) as response:
                self._reached = True
                received = bytearray()
                for chunk in response.iter_raw():  # as sent: chunks that decompress to nothing count as well
                    received += chunk
                    if time.monotonic() > deadline:  # the library's limit is for each chunk
                        raise _Again(f"no whole answer in {self._timeout:g} seconds")
                    if len(received) > LARGEST_BODY:
                        raise _Again(f"an answer of more than {LARGEST_BODY >> 20} MiB")
        except httpx2.TimeoutException:
            raise _Again(f"no answer in {self._timeout:g} seconds") from None
        except httpx2.ConnectError as error:
            if self._reached:
                raise _Again(self._plain(f"cannot connect ({error})")) from None
            # Nothing has ever answered there: a wrong address or no server, which time does not mend.
            raise ChatError(
                self._plain(f"{self._endpoint}: cannot connect ({error}); start the server, or set prompted.endpoint")
            ) from None
        except httpx2.InvalidURL as error:
            raise ChatError(f"prompted.endpoint {self._endpoint!r}: {error}; mend it") from None
        except httpx2.RequestError as error:
            raise _Again(self._plain(f"{type(error).__name__} {error}")) from None
        data = decoded(bytes(received), response.headers.get("content-encoding", ""))
        if response.status_code != 200:
            return self._failed(response.status_code, response.headers.get("retry-after"), data)
        try:
            answer = read_completion(data)
        except _Again as problem:
            raise _Again(self._plain(str(problem))) from None
        return replace(answer, text=self._hidden(answer.text))

    def _failed(self, status: int, retry_after: str | None, data: bytes) -> Answer:
        """What a status other than 200 means: an exception, or that the provider will not read this post."""
        message, code = _complaint(data)
        said = self._plain(f"HTTP {status}" + (f" ({message})" if message else ""))
        if status in _REPEATED or status >= 500:
            raise _Again(said, wait_of(retry_after))
        if status == 400 and code in _DECLINED:
            return Answer(text="", status="declined")
        remedy = _REMEDIES.get(400 if status == 422 else status, "check prompted.endpoint")
        raise ChatError(f"{self._endpoint}: {said}; {remedy}")

    def _plain(self, text: str) -> str:
        """A server's or a library's words as one line of bounded length, without the key."""
        line = " ".join(self._hidden(text).split())
        return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + "…"

    def _hidden(self, text: str) -> str:
        """A text in which nobody's words show the key: some servers repeat what they were sent."""
        return text.replace(self._key, "***") if len(self._key) >= SECRET_LENGTH else text


def decoded(data: bytes, encoding: str) -> bytes:
    """A body without its compression, which is worth another attempt where it is damaged or swells too far."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return data
    try:
        plain = zlib.decompressobj(wbits=47).decompress(data, LARGEST_BODY + 1)  # 47: gzip or zlib, whichever it is
    except zlib.error as error:
        raise _Again(f"an answer that does not decompress ({error})") from None
    if len(plain) > LARGEST_BODY:
        raise _Again(f"an answer of more than {LARGEST_BODY >> 20} MiB")
    return plain


def read_completion(data: bytes) -> Answer:
    """The answer in the body of a response. Half of one, or none at all, is worth another attempt."""
    try:
        tree = json.loads(data)
        if isinstance(tree, dict) and tree.get("error"):
            raise _Again(f"an error instead of an answer ({_complaint(data)[0]})")
        choice = tree["choices"][0]
        message, usage = choice["message"], tree.get("usage") or {}
        text, refusal = message.get("content"), message.get("refusal")
        finish = choice.get("finish_reason")
        tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise _Again("an answer that is not a chat completion in JSON") from None
    if not isinstance(text, str | None):
        raise _Again(f"an answer whose content is {type(text).__name__}, not text")
    if finish not in _FINISHED:
        raise _Again(f"an answer that was broken off ({finish})")
    status: Status = "declined" if refusal or finish == "content_filter" else "ok"
    if status == "ok" and finish == "length":
        status = "truncated"
    prompt, completion = (count if type(count) is int and 0 <= count <= _LARGEST_COUNT else None for count in tokens)
    # Half of a surrogate pair is no text that can be kept.
    return Answer((text or "").encode(errors="replace").decode(), status, prompt, completion)


def wait_of(retry_after: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, given as seconds or as a date; None if it says neither."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            date = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (aware - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _complaint(data: bytes) -> tuple[str, str | None]:
    """Message and code of an error as OpenAI's servers and others write it, or whatever came."""
    text = data.decode(errors="replace")
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return text, None
    error = tree.get("error", tree) if isinstance(tree, dict) else tree
    if not isinstance(error, dict):
        return str(error), None
    message, code = error.get("message") or error.get("detail") or error, error.get("code")
    return str(message), code if isinstance(code, str) else None
