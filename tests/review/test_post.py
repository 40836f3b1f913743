"""Posting: one comment a pull request, rewritten in place; pictures by address. The services are imitated here."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tandem.review.post import MARKER, PER_PAGE, PostError, placed, post

HOME = Path(__file__).resolve().parents[2]
PNG = b"\x89PNG\r\n\x1a\n--not a boundary--"


class Service:
    """Comments and git objects of a service, behind HTTP. `refused`: parts of paths that are answered with 403."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.refs: dict[str, str] = {}
        self.blobs: list[bytes] = []
        self.uploads: list[bytes] = []
        self.seen: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.refused: tuple[str, ...] = ()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                address = urlsplit(self.path)
                service.seen.append((self.command, address.path))
                service.headers.append({key.lower(): value for key, value in self.headers.items()})
                status, reply = service.answer(self.command, address.path, parse_qs(address.query), body)
                data = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_PUT = _any

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any]:  # noqa: PLR0911
        if any(part in path for part in self.refused):
            return 403, {"message": "Resource not accessible"}
        if path.endswith("/uploads"):
            self.uploads.append(body)
            return 201, {"url": f"/uploads/{len(self.uploads)}/plot.png"}
        said = json.loads(body or b"{}")
        if "/git/refs" in path:
            name = said.get("ref") or path.partition("/git/")[2]
            if (method == "POST") == (name in self.refs):
                return 422, {"message": "Reference does not exist, or does"}
            self.refs[name] = said["sha"]
            return 200, {}
        if "/git/" in path:
            if path.endswith("/blobs"):
                self.blobs.append(base64.b64decode(said["content"]))
            return 201, {"sha": f"{path.rpartition('/')[2]}{len(self.seen)}"}
        if method == "GET":
            page, size = int(query["page"][0]), int(query["per_page"][0])
            return 200, self.comments[(page - 1) * size : page * size]
        if method == "POST":
            self.comments.append({"id": len(self.comments) + 1, "body": said["body"]})
            return 201, self.comments[-1]
        found = next(one for one in self.comments if one["id"] == int(path.rpartition("/")[2]))
        found["body"] = said["body"]
        return 200, found


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    body = f"{MARKER}\nfirst\n\n![Scores](1-a.png)\n![Lost](2-b.png)\n![Elsewhere](/etc/x.png)\n"
    (tmp_path / "review.md").write_text(body, encoding="utf-8")
    (tmp_path / "1-a.png").write_bytes(PNG)
    return tmp_path


def github(service: Service, **changes: str) -> dict[str, str]:
    return {
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "owner/name",
        "GITHUB_API_URL": service.root,
        "GITHUB_SERVER_URL": "https://git.example",
        "GITHUB_RUN_ID": "99",
        "GITHUB_TOKEN": "secret",
    } | changes


def gitlab(service: Service) -> dict[str, str]:
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{service.root}/api/v4",
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "3",
        "CI_JOB_URL": "https://git.example/jobs/1",
        "TANDEM_GITLAB_TOKEN": "secret",
    }


def test_post_to_github_then_rewrites_the_comment_wherever_it_is(service: Service, folder: Path) -> None:
    service.comments = [{"id": place + 1, "body": f"talk {place} {MARKER}"} for place in range(PER_PAGE + 5)]
    assert post(folder, github(service)) == "posted"
    assert post(folder, github(service)) == "updated"
    assert len(service.comments) == PER_PAGE + 6
    assert [one["body"] for one in service.comments if one["body"].startswith(MARKER)] == [service.comments[-1]["body"]]
    assert all(header["authorization"] == "Bearer secret" for header in service.headers)
    assert ("POST", "/repos/owner/name/issues/7/comments") in service.seen


def test_post_to_github_shows_pictures_from_a_ref_of_their_own(service: Service, folder: Path) -> None:
    post(folder, github(service))
    first = service.refs["refs/tandem/review/7"]
    assert f"![Scores](https://git.example/owner/name/blob/{first}/1-a.png?raw=true)" in service.comments[0]["body"]
    assert service.blobs == [PNG]
    post(folder, github(service))
    assert list(service.refs) == ["refs/tandem/review/7"]
    assert service.refs["refs/tandem/review/7"] != first


def test_post_links_pictures_that_nobody_keeps(service: Service, folder: Path, capsys) -> None:
    service.refused = ("/git/",)  # a token that may only comment
    assert post(folder, github(service)) == "posted"
    body = service.comments[0]["body"]
    assert "[Scores: see the artifact](https://git.example/owner/name/actions/runs/99)" in body
    assert "![Scores]" not in body
    assert "warning: no plots in the comment: POST /repos/owner/name/git/blobs: 403" in capsys.readouterr().err


def test_post_to_gitlab_uploads_pictures_and_rewrites_the_note(service: Service, folder: Path) -> None:
    assert post(folder, gitlab(service)) == "posted"
    assert post(folder, gitlab(service)) == "updated"
    assert len(service.comments) == 1
    assert "![Scores](/uploads/2/plot.png)" in service.comments[0]["body"]
    boundary, _, rest = service.uploads[0].partition(b"\r\n")
    head, _, content = rest.partition(b"\r\n\r\n")
    assert b'name="file"; filename="1-a.png"' in head
    assert content == PNG + b"\r\n" + boundary + b"--\r\n"
    assert service.headers[0]["private-token"] == "secret"
    assert service.seen[-1] == ("PUT", "/api/v4/projects/5/merge_requests/3/notes/1")


def test_placed_touches_pictures_of_the_page_alone() -> None:
    body = "![A](1-a.png) ![B](2-b.png) ![C](https://x/3-c.png) ![D](../4-d.png)"
    shown = placed(body, {"1-a.png": "https://y/1"}, "https://run")
    assert shown == "![A](https://y/1) [B: see the artifact](https://run) ![C](https://x/3-c.png) ![D](../4-d.png)"


def test_post_errors_say_what_was_refused(service: Service, folder: Path) -> None:
    service.refused = ("/comments",)
    with pytest.raises(PostError, match=r"GET /repos/owner/name/issues/7/comments.*: 403 .*not accessible"):
        post(folder, github(service))
    with pytest.raises(PostError, match="only a workflow of `pull_request`"):
        post(folder, github(service, GITHUB_REF="refs/heads/main"))
    with pytest.raises(PostError, match="GITHUB_TOKEN is not set"):
        post(folder, {key: value for key, value in github(service).items() if key != "GITHUB_TOKEN"})
    with pytest.raises(PostError, match="CI_MERGE_REQUEST_IID"):
        post(folder, gitlab(service) | {"CI_MERGE_REQUEST_IID": ""})
    with pytest.raises(PostError, match="GET"):
        post(folder, github(service, GITHUB_API_URL="http://127.0.0.1:9"))


def test_post_runs_without_any_installed_package(service: Service, folder: Path) -> None:
    code = (
        f"import runpy, sys\nsys.path.insert(0, {str(HOME / 'src')!r})\nsys.argv = ['post', {str(folder)!r}]\n"
        "runpy.run_module('tandem.review.post', run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, env=github(service), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "Comment posted.\n"), done.stderr
    (folder / "review.md").unlink()
    done = subprocess.run(command, env=github(service), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
