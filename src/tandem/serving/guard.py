"""Who may ask, and what a browser may do with the answer."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    # Everything is of the server itself, but pictures may also be files that were dropped on the page.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Answers requests of the server's own page, and of programs.

    hosts: names under which the server is asked; None = any. On loopback the names are known, and another one means a
    page of somebody whose name was made to point here (DNS rebinding). A request that says that a page of another site
    sent it is refused in any case.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] | None) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        reason = self._refusal(Headers(scope=scope))
        inner = self._app if reason is None else PlainTextResponse(reason, 403)
        await inner(scope, receive, answer)

    def _refusal(self, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return f"This server is not called {host[:100]!r}; ask it as {sorted(self._hosts)[0]}.\n"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "This server answers no page but its own.\n"
        return None


def _name(host: str) -> str:
    """Without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
