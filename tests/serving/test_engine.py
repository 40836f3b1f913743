"""One at a time, not too many, not too long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from tandem.inference.prediction import Query
from tandem.serving import asked as module
from tandem.serving.asked import Asked, read_request
from tandem.serving.engine import Engine
from tandem.serving.limits import Limits, Refused

POST = Asked(Query("saw Paris"), compare=True)


async def here() -> bool:
    return False


async def gone() -> bool:
    return True


async def begun(predictor: Any, number: int) -> None:
    async with asyncio.timeout(10):
        while predictor.begun < number:
            await asyncio.sleep(0.01)


async def refusal(waiting: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as error:
        await waiting
    return error.value.status, str(error.value)


def test_engine_lets_some_wait_and_refuses_more(made_up) -> None:
    async def run() -> None:
        engine = Engine(made_up, Limits(waiting=2))
        made_up.gate.clear()
        jobs = [asyncio.create_task(engine.answer(POST, here)) for _ in range(3)]
        await begun(made_up, 1)
        assert engine.busy == 3
        status, sentence = await refusal(engine.answer(POST, here))
        assert (status, sentence[:25]) == (503, "Too many posts are waitin")
        assert made_up.begun == 1  # one at a time
        made_up.gate.set()
        assert [len(answer.prediction.mentions) for answer in await asyncio.gather(*jobs)] == [1] * 3
        assert (engine.busy, made_up.begun) == (0, 3)
        engine.close()

    asyncio.run(run())


def test_engine_gives_up_after_a_while_and_goes_on(made_up) -> None:
    async def run() -> None:
        engine = Engine(made_up, Limits(waiting=2, seconds=0.3))
        made_up.gate.clear()
        slow, waiting = (asyncio.create_task(refusal(engine.answer(POST, here))) for _ in range(2))
        expected = (504, "This took more than 0.3 seconds and was given up. Try a shorter text.")
        assert await slow == await waiting == expected
        assert (engine.busy, made_up.begun) == (1, 1)  # the one that was begun ends in its own time
        made_up.gate.set()
        assert (await engine.answer(POST, here)).note is None
        assert (engine.busy, made_up.begun) == (0, 2)
        engine.close()

    asyncio.run(run())


def test_engine_does_not_begin_what_nobody_waits_for(made_up) -> None:
    async def run() -> None:
        engine = Engine(made_up, Limits(waiting=2))
        made_up.gate.clear()
        first = asyncio.create_task(engine.answer(POST, here))
        await begun(made_up, 1)
        assert (await refusal(engine.answer(POST, gone)))[0] == 504
        assert engine.busy == 1
        made_up.gate.set()
        await first
        assert made_up.begun == 1
        engine.close()

    asyncio.run(run())


def a_request(kind: str, chunks: Any, **headers: str) -> Request:
    """With a body that goes on for ever, of which `chunks.taken` have been asked for."""

    async def receive() -> dict[str, Any]:
        chunks.taken += 1
        await asyncio.sleep(chunks.pause)
        return {"type": "http.request", "body": chunks.content, "more_body": True}

    raw = [(b"content-type", kind.encode()), *((key.encode(), value.encode()) for key, value in headers.items())]
    return Request({"type": "http", "method": "POST", "headers": raw}, receive)


class Chunks:
    content, pause = b"--y\r\nContent-Disposition: form-data; name=image; filename=a\r\n\r\n" + b"x" * 100_000, 0.0

    def __init__(self) -> None:
        self.taken = 0


KINDS = ["application/json", "multipart/form-data; boundary=y"]


@pytest.mark.parametrize("kind", KINDS)
def test_request_is_refused_before_it_has_arrived(kind: str) -> None:
    limits, chunks = Limits(picture_bytes=1 << 20), Chunks()
    assert asyncio.run(refusal(read_request(a_request(kind, chunks), limits)))[0] == 413
    assert chunks.taken == limits.body_bytes // len(chunks.content) + 1
    announced = Chunks()
    request = a_request(kind, announced, **{"content-length": "99999999"})
    assert asyncio.run(refusal(read_request(request, limits)))[0] == 413
    assert announced.taken == 0


@pytest.mark.parametrize("kind", KINDS)
def test_request_that_dawdles_is_refused(kind: str, monkeypatch) -> None:
    monkeypatch.setattr(module, "BODY_SECONDS", 0.2)
    chunks = Chunks()
    chunks.pause = 0.1
    status, sentence = asyncio.run(refusal(read_request(a_request(kind, chunks), Limits())))
    assert (status, sentence) == (408, "The request did not arrive within 0.2 seconds.")
