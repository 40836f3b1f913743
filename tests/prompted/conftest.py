"""A chat server on this machine that does what a test wants, also the wrong thing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tandem.prompted.client import ChatClient


@dataclass
class Reply:
    """What the server sends. `half`: it promises the whole body, sends half of it, and hangs up."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0  # seconds before anything is sent
    drip: float = 0.0  # seconds between the bytes of the body
    half: bool = False


def completion(
    text: str | None, *, finish: str = "stop", usage: tuple[int, int] | None = (100, 20), **message: Any
) -> Reply:
    """A whole answer in OpenAI's form."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    tree: dict[str, Any] = {"id": "x", "object": "chat.completion", "choices": [choice]}
    if usage:
        tree["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return Reply(json.dumps(tree).encode())


class ChatServer:
    """`answer(body, number)` makes the reply to the request of that number (from 0); all requests are kept."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.busy = self.most_busy = 0
        self.answer: Callable[[dict[str, Any], int], Reply] = lambda body, number: completion("{}")
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.serve(self)

            def log_message(self, *arguments: Any) -> None:
                """Nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            number = len(self.bodies)
            self.bodies.append(body)
            self.headers.append({key.lower(): value for key, value in handler.headers.items()})
            self.times.append(time.monotonic())
            self.busy += 1
            self.most_busy = max(self.busy, self.most_busy)
        reply = self.answer(body, number) if handler.path == "/v1/chat/completions" else Reply(status=404)
        time.sleep(reply.wait)
        with self._lock:
            self.busy -= 1
        try:
            handler.send_response(reply.status)
            for name, value in reply.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(reply.body)))
            handler.end_headers()
            if reply.drip:
                for byte in reply.body:
                    handler.wfile.write(bytes([byte]))
                    time.sleep(reply.drip)
                return
            handler.wfile.write(reply.body[: len(reply.body) // 2] if reply.half else reply.body)
            handler.close_connection = handler.close_connection or reply.half
        except OSError:  # the client did not wait
            handler.close_connection = True

    def replies(self, *replies: Reply) -> None:
        """Reply with these in turn, and go on with the last one."""
        self.answer = lambda body, number: replies[min(number, len(replies) - 1)]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server(monkeypatch) -> Iterator[ChatServer]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "TANDEM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    running = ChatServer()
    yield running
    running.close()


@pytest.fixture
def reply() -> type[Reply]:
    """`reply(body=b"", status=200, headers={}, wait=0, drip=0, half=False)`."""
    return Reply


@pytest.fixture
def said() -> Callable[..., Reply]:
    """`said(text, finish="stop", usage=(100, 20), **message)`: a whole answer in OpenAI's form."""
    return completion


@pytest.fixture
def make_client(server) -> Iterator[Callable[..., ChatClient]]:
    """`make_client(retries=2, ...)`: a client of the server that does not wait long between attempts."""
    made: list[ChatClient] = []

    def make(**changes: Any) -> ChatClient:
        options: dict[str, Any] = {"endpoint": server.endpoint, "api_key": None, "timeout": 10.0, "retries": 2}
        made.append(ChatClient(**{**options, "first_wait": 0.01, **changes}))
        return made[-1]

    yield make
    for client in made:
        client.close()
