"""Captions and descriptions of pictures: `image id<TAB>text`, one a line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tandem.corpora.twitter import BLANK, CorpusError, decode


def read_captions(path: Path) -> tuple[dict[str, str], Counter[str]]:
    """Caption by image id, and counts of what was odd.

    A later line for the same id is counted and ignored; an empty caption is kept as an empty string. An id alone on
    its line, as editors leave it that strip a trailing tab, has an empty caption and is counted. The counts always
    have the keys `empty`, `repeated_ids` and `lines_without_tab`. Errors: `CorpusError` names file and line.
    """
    if not path.is_file():
        raise CorpusError(f"{path}: not found; set `captions` of this corpus in params.yaml")
    captions: dict[str, str] = {}
    counts: Counter[str] = Counter(empty=0, repeated_ids=0, lines_without_tab=0)
    for number, line in enumerate(decode(path.read_bytes(), str(path)).removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip(BLANK):
            continue
        image_id, tab, caption = line.partition("\t")
        image_id = image_id.strip(BLANK)
        if not tab:
            if any(blank in image_id for blank in BLANK):
                raise CorpusError(
                    f"{path}:{number}: expected image id, tab, caption, found {line[:60]!r}; "
                    "put a tab after the image id, or join the line to the caption it continues"
                )
            counts["lines_without_tab"] += 1
        caption = caption.strip()
        if image_id in captions:
            counts["repeated_ids"] += 1
            continue
        counts["empty"] += not caption
        captions[image_id] = caption
    return captions, counts
