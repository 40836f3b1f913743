"""Post review.md as the comment of a pull request (GitHub) or a merge request (GitLab).

    python -m tandem.review.post review

Needs nothing but the standard library, so that the job which may write runs no installed package. The comment of the
push before is rewritten in place. Comments show only pictures that have an address: GitLab takes uploads; on GitHub
the plots become a commit without parents under refs/tandem/review/<number>, which no branch and no clone contains, and
which the next push replaces. A token that may not write contents costs the plots alone: a line says where they are.

GitHub sets all variables but GITHUB_TOKEN; GitLab all but TANDEM_GITLAB_TOKEN (an access token with the scope `api`,
since job tokens may not write comments).
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

MARKER = "<!-- tandem-review -->"  # by which the comment of the push before is found
PICTURE = re.compile(r"(!\[[^\]]*\]\()([A-Za-z0-9-]+\.png)\)")
TIMEOUT = 60  # seconds
PER_PAGE = 100  # comments; both services give no more at once


class PostError(ValueError):
    """The comment could not be posted; the message says what was refused."""


@dataclass(frozen=True)
class Api:
    """JSON over HTTP with one header that says who asks."""

    root: str
    header: tuple[str, str]

    def call(self, method: str, path: str, body: Any = None, *, form: tuple[bytes, str] | None = None) -> Any:
        """The answer's JSON. `form`: a body and its content type in place of JSON. Errors: `PostError`."""
        data, kind = form or (None if body is None else json.dumps(body).encode(), "application/json")
        request = Request(f"{self.root}{path}", data=data, method=method)
        request.add_header(*self.header)
        request.add_header("Content-Type", kind)
        try:
            with urlopen(request, timeout=TIMEOUT) as reply:
                return json.loads(reply.read() or b"null")
        except HTTPError as error:
            said = error.read().decode(errors="replace")[:200]
            raise PostError(f"{method} {path}: {error.code} {' '.join(said.split())}") from None
        except (URLError, TimeoutError) as error:
            raise PostError(f"{method} {path}: {getattr(error, 'reason', error)}") from None

    def find(self, path: str) -> int | None:
        """The id of the comment that begins with the marker, of all pages of `path`."""
        page = 1
        while found := self.call("GET", f"{path}?per_page={PER_PAGE}&page={page}"):
            for comment in found:
                if (comment.get("body") or "").startswith(MARKER):
                    return int(comment["id"])
            if len(found) < PER_PAGE:
                break
            page += 1
        return None


@dataclass(frozen=True)
class GitHub:
    """A pull request."""

    api: Api
    repository: str
    number: str
    server: str
    run: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> GitHub:
        """The pull request that a workflow runs for. Errors: `PostError` if it runs for none."""
        reference = environment.get("GITHUB_REF", "")
        found = re.fullmatch(r"refs/pull/(\d+)/merge", reference)
        if not found:
            raise PostError(f"GITHUB_REF is {reference!r}; only a workflow of `pull_request` has something to comment")
        server, repository = environment["GITHUB_SERVER_URL"], environment["GITHUB_REPOSITORY"]
        return cls(
            Api(environment["GITHUB_API_URL"], ("Authorization", f"Bearer {environment['GITHUB_TOKEN']}")),
            repository,
            found[1],
            server,
            f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}",
        )

    def upload(self, pictures: Sequence[Path]) -> dict[str, str]:
        """Where the pictures are shown from, by name."""
        git = f"/repos/{self.repository}/git"
        entries = []
        for picture in pictures:
            content = base64.b64encode(picture.read_bytes()).decode()
            blob = self.api.call("POST", f"{git}/blobs", {"content": content, "encoding": "base64"})
            entries.append({"path": picture.name, "mode": "100644", "type": "blob", "sha": blob["sha"]})
        tree = self.api.call("POST", f"{git}/trees", {"tree": entries})
        message = f"Plots of pull request {self.number}"
        commit = self.api.call("POST", f"{git}/commits", {"message": message, "tree": tree["sha"], "parents": []})
        name = f"tandem/review/{self.number}"
        try:
            self.api.call("PATCH", f"{git}/refs/{name}", {"sha": commit["sha"], "force": True})
        except PostError:  # the first push of this pull request
            self.api.call("POST", f"{git}/refs", {"ref": f"refs/{name}", "sha": commit["sha"]})
        root = f"{self.server}/{self.repository}/blob/{commit['sha']}"
        return {picture.name: f"{root}/{picture.name}?raw=true" for picture in pictures}

    def post(self, body: str) -> str:
        """Write the comment anew or in place of the last one; which of the two."""
        comments = f"/repos/{self.repository}/issues/{self.number}/comments"
        old = self.api.find(comments)
        if old is None:
            self.api.call("POST", comments, {"body": body})
            return "posted"
        self.api.call("PATCH", f"/repos/{self.repository}/issues/comments/{old}", {"body": body})
        return "updated"


@dataclass(frozen=True)
class GitLab:
    """A merge request."""

    api: Api
    number: str
    run: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> GitLab:
        """The merge request that a pipeline runs for. Errors: `PostError` if it runs for none."""
        number = environment.get("CI_MERGE_REQUEST_IID")
        if not number:
            raise PostError("CI_MERGE_REQUEST_IID is not set; only a pipeline of a merge request can comment")
        root = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}"
        return cls(Api(root, ("PRIVATE-TOKEN", environment["TANDEM_GITLAB_TOKEN"])), number, environment["CI_JOB_URL"])

    def upload(self, pictures: Sequence[Path]) -> dict[str, str]:
        """Where the pictures are shown from, by name."""
        return {picture.name: self.api.call("POST", "/uploads", form=_form(picture))["url"] for picture in pictures}

    def post(self, body: str) -> str:
        """Write the comment anew or in place of the last one; which of the two."""
        notes = f"/merge_requests/{self.number}/notes"
        old = self.api.find(notes)
        if old is None:
            self.api.call("POST", notes, {"body": body})
            return "posted"
        self.api.call("PUT", f"{notes}/{old}", {"body": body})
        return "updated"


def post(folder: Path, environment: Mapping[str, str]) -> str:
    """Post `folder`/review.md with its pictures. Errors: `PostError`, or `OSError` where there is no review.md."""
    body = (folder / "review.md").read_text(encoding="utf-8")
    try:
        service = GitLab.of(environment) if "GITLAB_CI" in environment else GitHub.of(environment)
    except KeyError as error:
        raise PostError(f"{error.args[0]} is not set, and there is no comment without it") from None
    pictures = [folder / name for _, name in PICTURE.findall(body) if (folder / name).is_file()]
    addresses: dict[str, str] = {}
    if pictures:
        try:
            addresses = service.upload(pictures)
        except PostError as error:
            print(f"warning: no plots in the comment: {error}", file=sys.stderr)
    return service.post(placed(body, addresses, service.run))


def placed(body: str, addresses: Mapping[str, str], run: str) -> str:
    """The body with the addresses of its pictures; those without one become a link to the run that has them."""

    def place(found: re.Match[str]) -> str:
        opening, name = found.groups()
        return f"{opening}{addresses[name]})" if name in addresses else f"[{opening[2:-2]}: see the artifact]({run})"

    return PICTURE.sub(place, body)


def _form(picture: Path) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{picture.name}"\r\n'
    body = (
        head.encode() + b"Content-Type: image/png\r\n\r\n" + picture.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    )
    return body, f"multipart/form-data; boundary={boundary}"


def main(arguments: Sequence[str]) -> int:
    """`python -m tandem.review.post FOLDER`."""
    if len(arguments) != 1:
        print("usage: python -m tandem.review.post FOLDER", file=sys.stderr)
        return 2
    try:
        print(f"Comment {post(Path(arguments[0]), os.environ)}.")
    except (PostError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
