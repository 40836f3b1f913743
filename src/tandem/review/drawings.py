"""The plots that differ, drawn as PNG: `dvc plots diff` gives Vega, which no comment shows.

vl-convert-python brings Vega with it and needs no browser and no request. It is an extra (`dev`): without it the
review says so and has no plots.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.files import atomic_path

SCALE = 1.0  # pixels of a drawing per pixel of its specification: comments are narrow
HERE = "workspace"  # what DVC calls the files as they are


@dataclass(frozen=True)
class Drawings:
    """PNG files with their titles, the names of the plots that are equal, and why there are no more, if so."""

    made: Mapping[str, str]
    equal: Sequence[str]
    missing: str | None = None


def draw(answer: str, folder: Path) -> Drawings:
    """Draw into `folder` what differs in the answer of `dvc plots diff --json`."""
    made: dict[str, str] = {}
    specifications = list(_specifications(json.loads(answer).get("data", {})))
    differing = [(name, spec) for name, spec in specifications if differs(spec)]
    equal = [name for name, spec in specifications if not differs(spec)]
    try:
        import vl_convert  # noqa: PLC0415 (optional)
    except ImportError:
        missing = "they are drawn by `vl-convert-python`, which is not installed" if differing else None
        return Drawings({}, equal, missing)
    failed = []
    for name, specification in differing:
        file = f"{len(made) + 1}-{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}.png"
        try:
            picture = vl_convert.vegalite_to_png(specification, scale=SCALE)
        except ValueError as error:
            failed.append(f"{name}: {str(error).splitlines()[0][:200]}")
            continue
        with atomic_path(folder / file) as temporary:
            temporary.write_bytes(picture)
        made[file] = _title(specification) or name
    return Drawings(made, equal, "; ".join(failed) or None)


def differs(specification: Mapping[str, Any]) -> bool:
    """Whether the rows of the files as they are differ from those of the other revision."""
    rows: dict[bool, list[str]] = {True: [], False: []}
    for row in specification["data"]["values"]:
        bare = {key: value for key, value in row.items() if key != "rev"}
        rows[row.get("rev") == HERE].append(json.dumps(bare, sort_keys=True))
    return sorted(rows[True]) != sorted(rows[False])


def _specifications(data: Mapping[str, Any]) -> Any:
    for name, renderers in data.items():
        for renderer in renderers:
            content = renderer.get("content")
            if renderer.get("type") == "vega" and content and "values" in content.get("data", {}):
                yield name, content


def _title(specification: Mapping[str, Any]) -> str:
    title = specification.get("title") or ""
    return str(title.get("text", "") if isinstance(title, dict) else title)
