"""Requests to a server that misbehaves."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread

import pytest

from tandem.prompted.answers import Answer
from tandem.prompted.client import ChatClient, ChatError, decoded, wait_of

BODY = {"model": "m", "messages": [{"role": "user", "content": "hallo Wörld"}]}
KEY = "sk-0123456789abcdef"


def error(message: str, **more: str) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


def test_client_sends_the_body_and_reads_text_and_tokens(server, make_client, said) -> None:
    server.replies(said("fine", usage=(7, 3)))
    assert make_client().ask(BODY) == Answer("fine", "ok", 7, 3)
    assert server.bodies == [BODY]
    assert "authorization" not in server.headers[0]
    assert server.headers[0]["content-type"] == "application/json"


def test_client_sends_the_key_as_a_bearer_token(server, make_client) -> None:
    make_client(api_key=f"{KEY}\n").ask(BODY)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["two words", "sk-Kö", "a\nb"])
def test_client_refuses_a_key_that_is_none_without_showing_it(make_client, key) -> None:
    with pytest.raises(ChatError, match="TANDEM_API_KEY holds characters that no key has") as caught:
        make_client(api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_client_repeats_what_may_pass(server, make_client, reply, said, status) -> None:
    server.replies(reply(error("slow down"), status=status), said("fine"))
    assert make_client().ask(BODY).text == "fine"
    assert len(server.bodies) == 2


@pytest.mark.parametrize("reason", ["error", "abort"])
def test_client_repeats_what_was_broken_off(server, make_client, said, reason) -> None:
    server.replies(said('{"entities": [{"te', finish=reason), said("fine"))
    assert make_client().ask(BODY).text == "fine"


def test_client_repeats_an_error_that_calls_itself_a_success(server, make_client, reply) -> None:
    server.replies(*[reply(error("Insufficient credits"))] * 9)
    with pytest.raises(ChatError, match=r"an error instead of an answer \(Insufficient credits\)"):
        make_client(retries=1).ask(BODY)


def test_client_takes_a_post_that_is_too_long_for_declined(server, make_client, reply) -> None:
    server.replies(reply(error("too long", code="context_length_exceeded"), status=400))
    assert make_client().ask(BODY).status == "declined"


def test_client_does_not_believe_absurd_counts(server, make_client, said) -> None:
    server.replies(said("fine", usage=(2**63, 3)))
    assert make_client().ask(BODY) == Answer("fine", "ok", None, 3)


def test_client_bounds_an_answer(server, make_client, reply, said, monkeypatch) -> None:
    monkeypatch.setattr("tandem.prompted.client.LARGEST_BODY", 1 << 20)
    server.replies(reply(b" " * (2 << 20)), said("fine"))
    assert make_client().ask(BODY).text == "fine"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_client_decompresses_within_bounds(pack) -> None:
    assert decoded(pack(b"fine"), "gzip" if pack is gzip.compress else "deflate") == b"fine"
    with pytest.raises(Exception, match="more than 16 MiB"):
        decoded(pack(bytes(17 << 20)), "gzip")
    with pytest.raises(Exception, match="does not decompress"):
        decoded(b"plain", "gzip")


def test_client_repeats_after_a_time_out(server, make_client, reply, said) -> None:
    server.replies(reply(wait=0.8), said("fine"))
    assert make_client(timeout=0.3).ask(BODY).text == "fine"
    assert len(server.bodies) == 2


def test_client_counts_the_time_of_a_whole_answer(server, make_client, reply, said) -> None:
    """Each byte comes in time, the answer does not."""
    server.replies(reply(b" " * 100, drip=0.05), said("fine"))
    started = time.monotonic()
    assert make_client(timeout=0.3).ask(BODY).text == "fine"
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": ["parts"]}}]}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": [1]}',
        b"[" * 100_000,
        b"\xff\xfe{",
    ],
)
def test_client_repeats_what_is_no_completion(server, make_client, reply, said, body) -> None:
    server.replies(reply(body), said("fine"))
    assert make_client().ask(BODY).text == "fine"
    assert len(server.bodies) == 2


def test_client_repeats_half_an_answer(server, make_client, said) -> None:
    cut = said("fine")
    cut.half = True
    whole = said("fine")
    half = said("fine")
    half.body = half.body[: len(half.body) // 2]  # half the JSON, as a whole body
    server.replies(cut, half, whole)
    assert make_client().ask(BODY).text == "fine"
    assert len(server.bodies) == 3


def test_client_gives_up_after_the_limit_with_one_line(server, make_client, reply) -> None:
    server.replies(reply(error("over\nloaded"), status=503))
    with pytest.raises(ChatError) as caught:
        make_client(retries=3).ask(BODY)
    assert len(server.bodies) == 4
    assert str(caught.value) == (
        f"{server.endpoint}: gave up after 4 attempt(s), the last: HTTP 503 (over loaded); look at the server, or "
        "raise prompted.retries or prompted.timeout, then run again (answers so far are kept)"
    )


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "check prompted.model, and whether it knows prompted.structure"),
        (401, "set the environment variable TANDEM_API_KEY to a valid key"),
        (403, "set the environment variable TANDEM_API_KEY to a key that may use prompted.model"),
        (404, "check prompted.endpoint and prompted.model"),
        (413, "lower prompted.image_side"),
        (422, "check prompted.model, and whether it knows prompted.structure"),
        (418, "check prompted.endpoint"),
        (307, "check prompted.endpoint"),
    ],
)
def test_client_does_not_repeat_what_cannot_pass(server, make_client, reply, status, remedy) -> None:
    server.replies(reply(error("no"), status=status, headers={"Location": "/v1/elsewhere"}))
    with pytest.raises(ChatError) as caught:
        make_client().ask(BODY)
    assert len(server.bodies) == 1
    assert str(caught.value).startswith(f"{server.endpoint}: HTTP {status} (no); {remedy}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "HTTP 400;"),
        (b'{"error": "plain"}', "HTTP 400 (plain)"),
        (b'{"detail": "by FastAPI"}', "HTTP 400 (by FastAPI)"),
        (b'["list"]', "HTTP 400 (['list'])"),
        (b"<b>page</b>", "HTTP 400 (<b>page</b>)"),
        (b"x" * 10_000, "xxx…"),
    ],
)
def test_client_shows_a_servers_own_words(server, make_client, reply, body, shown) -> None:
    server.replies(reply(body, status=400))
    with pytest.raises(ChatError) as caught:
        make_client().ask(BODY)
    assert shown in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("status", [401, 503])
def test_client_never_shows_the_key(server, make_client, reply, status) -> None:
    server.replies(reply(error(f"{'x' * 375}{KEY} {KEY}"), status=status))
    with pytest.raises(ChatError) as caught:
        make_client(api_key=KEY).ask(BODY)
    assert "***" in str(caught.value)
    assert KEY[:8] not in str(caught.value)


def test_client_hides_the_key_in_answers_but_not_a_placeholder(server, make_client, said) -> None:
    server.replies(said(f"you sent {KEY} or EMPTY"))
    assert make_client(api_key=KEY).ask(BODY).text == "you sent *** or EMPTY"
    assert make_client(api_key="EMPTY").ask(BODY).text == f"you sent {KEY} or EMPTY"


def test_client_waits_as_long_as_the_server_asks(server, make_client, reply, said) -> None:
    server.replies(reply(status=429, headers={"Retry-After": "0.7"}), said("fine"))
    make_client().ask(BODY)
    assert 0.7 <= server.times[1] - server.times[0] < 3


def test_client_waits_longer_each_time(server, make_client, reply) -> None:
    server.replies(reply(status=429))
    with pytest.raises(ChatError):
        make_client(retries=3, first_wait=0.1).ask(BODY)
    waits = [later - earlier for earlier, later in zip(server.times, server.times[1:], strict=False)]
    # Half to all of 0.1, 0.2, 0.4 seconds, and what the requests take.
    for wait, least in zip(waits, (0.05, 0.1, 0.2), strict=True):
        assert least <= wait < 2 * least + 0.5


def test_client_does_not_wait_for_hours(server, make_client, reply) -> None:
    server.replies(reply(status=429, headers={"Retry-After": "86400"}))
    with pytest.raises(ChatError, match=r"asks to wait for 86400 seconds; run again then"):
        make_client().ask(BODY)
    assert len(server.bodies) == 1


def test_client_reads_retry_after_as_seconds_or_as_a_date() -> None:
    assert wait_of("3") == 3
    assert wait_of("-3") == 0
    later = wait_of(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True))
    assert later is not None
    assert 27 < later <= 30
    assert wait_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert wait_of("soon") is wait_of("nan") is wait_of("") is wait_of(None) is None


def test_client_stops_where_it_waits(server, make_client, reply) -> None:
    server.replies(reply(status=429, headers={"Retry-After": "300"}))
    client = make_client()
    caught: list[Exception] = []

    def ask() -> None:
        try:
            client.ask(BODY)
        except ChatError as error:
            caught.append(error)

    thread = Thread(target=ask)
    thread.start()
    while not server.bodies:
        time.sleep(0.01)
    client.stop.set()
    thread.join(10)
    assert "stopped" in str(caught[0])


def test_client_names_an_endpoint_where_nobody_is() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    client = ChatClient(endpoint=f"{endpoint}/", api_key=None, timeout=5, retries=50, first_wait=10)
    started = time.monotonic()
    with pytest.raises(ChatError) as caught:
        client.ask(BODY)
    assert time.monotonic() - started < 5
    client.close()
    assert str(caught.value).startswith(f"{endpoint}: cannot connect (")
    assert str(caught.value).endswith("; start the server, or set prompted.endpoint")


def test_client_repeats_where_a_server_went_away(server, make_client, said) -> None:
    client = make_client(retries=1)
    last = said("fine")
    last.headers["Connection"] = "close"
    server.replies(last)
    client.ask(BODY)
    server.close()
    with pytest.raises(ChatError, match=r"gave up after 2 attempt\(s\), the last: cannot connect"):
        client.ask(BODY)


def test_client_names_an_address_that_cannot_be() -> None:
    client = ChatClient(endpoint="http://exa。。mple/v1", api_key=None, timeout=5, retries=0)
    with pytest.raises(ChatError, match=r"prompted\.endpoint 'http://exa。。mple/v1'"):
        client.ask(BODY)
    client.close()


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"finish": "length"}, "truncated"),
        ({"finish": "content_filter"}, "declined"),
        ({"refusal": "I cannot help with that"}, "declined"),
    ],
)
def test_client_says_when_an_answer_is_none(server, make_client, said, options, status) -> None:
    server.replies(said("half", **options))
    assert make_client().ask(BODY) == Answer("half", status, 100, 20)


def test_client_takes_a_filtered_post_for_an_answer(server, make_client, reply) -> None:
    server.replies(reply(error("filtered", code="content_filter"), status=400))
    assert make_client().ask(BODY) == Answer("", "declined")


def test_client_reads_answers_without_text_tokens_or_whole_characters(server, make_client, said, reply) -> None:
    server.replies(said(None, usage=None), said("a\ud800b", usage=(True, -1)))
    client = make_client()
    assert client.ask(BODY) == Answer("", "ok")
    assert client.ask(BODY) == Answer("a?b", "ok")
