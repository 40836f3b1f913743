"""Listening, and serving until it is stopped."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

import uvicorn
from starlette.types import ASGIApp

CONNECTIONS = 64  # at once; more are told to come back
GRACE = 3  # seconds for answers on their way when the server is stopped


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. port: 0 = any that is free. Errors: `ValueError` naming host or port and the remedy."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror:
        raise ValueError(f"--host {host}: no address of this machine; 127.0.0.1 is for this machine alone") from None
    except PermissionError:
        raise ValueError(f"--port {port}: not allowed to listen there; give one above 1023") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ValueError(f"--port {port}: taken already; give another, or 0 for any that is free") from None
        raise ValueError(f"--host {host}: {error.strerror}; 127.0.0.1 is for this machine alone") from None


def is_loopback(listening: socket.socket) -> bool:
    """Whether only programs of this machine can connect."""
    return ip_address(listening.getsockname()[0]).is_loopback


def address_of(listening: socket.socket) -> str:
    """For a browser of this machine."""
    host, port = listening.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def build_server(app: ASGIApp) -> uvicorn.Server:
    """What `run(sockets=[...])` serves the application with, until Ctrl-C or a signal to end."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)
