"""The server as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

import tandem
from tandem.inference.colours import colour_of
from tandem.serving.asked import read_request
from tandem.serving.engine import Engine
from tandem.serving.examples import Example
from tandem.serving.guard import Guard
from tandem.serving.interface import openapi, page
from tandem.serving.limits import Limits, Refused

if TYPE_CHECKING:
    from tandem.inference.predictor import Predictor

STATIC = Path(__file__).parent / "static"
MEDIA = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def create_app(
    predictor: Predictor, *, limits: Limits, examples: Sequence[Example] = (), hosts: Collection[str] | None = None
) -> ASGIApp:
    """The page and its interface. hosts: see `Guard`."""
    engine = Engine(predictor, limits)
    document = openapi(limits)
    about = _about(predictor)

    async def predict(request: Request) -> Response:
        answer = await engine.answer(await read_request(request, limits), request.is_disconnected)
        return Response(answer.model_dump_json(), media_type="application/json")

    async def health(_: Request) -> Response:
        allowed = {"characters": limits.characters, "picture_bytes": limits.picture_bytes}
        status = {"status": "ok", "version": tandem.__version__, "busy": engine.busy}
        return JSONResponse({**status, "model": about, "limits": allowed})

    async def listed(_: Request) -> Response:
        return JSONResponse([_shown(number, example) for number, example in enumerate(examples)])

    async def picture(request: Request) -> Response:
        number = request.path_params["number"]
        path = examples[number].picture if number < len(examples) else None
        if path is None or not path.is_file():
            raise HTTPException(404, "There is no such picture.")
        return FileResponse(path, media_type=examples[number].media)

    async def described(_: Request) -> Response:
        return JSONResponse(document)

    async def interface(request: Request) -> Response:
        return HTMLResponse(page(document, str(request.base_url)))

    @asynccontextmanager
    async def alive(_: Starlette) -> AsyncIterator[None]:
        yield
        engine.close()

    files = [
        Route("/" if path.name == "page.html" else f"/{path.name}", _file(path)) for path in sorted(STATIC.iterdir())
    ]
    routes = [
        *files,
        Route("/api", interface),
        Route("/openapi.json", described),
        Route("/api/predict", predict, methods=["POST"]),
        Route("/api/health", health),
        Route("/api/examples", listed),
        Route("/api/examples/{number:int}/picture", picture),
    ]
    application = Starlette(
        routes=routes,
        lifespan=alive,
        exception_handlers={
            Refused: _refused,
            HTTPException: _http,
            ClientDisconnect: _left,
            Exception: _failed,
        },
    )
    return Guard(application, hosts=hosts)


def _about(predictor: Predictor) -> dict[str, Any]:
    types = dict.fromkeys(label.partition("-")[2] for label in predictor.labels if "-" in label)
    return {
        "corpus": predictor.about.get("corpus"),
        "fusion": predictor.fusion,
        "reads": "nothing" if predictor.no_image else predictor.reads,
        "types": [{"name": name, "colour": colour_of(name).rgb} for name in types],
    }


def _shown(number: int, example: Example) -> dict[str, str | None]:
    address = None if example.picture is None else f"api/examples/{number}/picture"
    return {"text": example.text, "picture": address, "caption": example.caption}


def _file(path: Path) -> Any:
    content, media = path.read_bytes(), MEDIA[path.suffix]

    async def send(_: Request) -> Response:
        return Response(content, media_type=media)

    return send


def _error(status: int, sentence: str) -> Response:
    headers = {"Retry-After": "2"} if status == 503 else None
    return JSONResponse({"error": sentence}, status, headers=headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _error(error.status, str(error))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail)


async def _left(_: Request, error: Exception) -> Response:
    return _error(400, "The request was not sent to its end.")


async def _failed(_: Request, error: Exception) -> Response:
    """The traceback goes to the terminal."""
    return _error(500, "The model failed on this post; the terminal of `tandem serve` says why.")
