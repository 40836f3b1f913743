"""Entities out of BIO tags, by either of the two readings in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

Mode = Literal["default", "strict"]


class Span(NamedTuple):
    """An entity: its type, its first word, and the word after its last."""

    type: str
    start: int
    end: int


def spans(tags: Sequence[str], mode: Mode) -> list[Span]:
    """The entities of one sentence, in order.

    `default` is the reading of conlleval and of seqeval without a mode: B- opens an entity, and so does an I- that
    follows O or another type. `strict` is that of seqeval with `mode="strict", scheme=IOB2`: only B- opens, and an
    I- that does not go on with an entity of its own type is no entity. The tags themselves are never repaired.

    Errors: `ValueError` naming a tag that is neither `O` nor `B-<type>` nor `I-<type>`.
    """
    if mode not in get_args(Mode):
        raise ValueError(f"span mode {mode!r}; allowed: {', '.join(get_args(Mode))}")
    found: list[Span] = []
    open_type: str | None = None
    start = 0
    for position, tag in enumerate(tags):
        if tag == "O":
            kind = None
        elif tag[:2] in ("B-", "I-") and len(tag) > 2:
            kind = tag[2:]
        else:
            raise ValueError(f"tag {tag!r} of word {position}; allowed: O, B-<type>, I-<type>")
        if kind is not None and tag[0] == "I" and kind == open_type:
            continue
        if open_type is not None:
            found.append(Span(open_type, start, position))
        opens = kind is not None and (tag[0] == "B" or mode == "default")
        open_type, start = (kind, position) if opens else (None, position)
    if open_type is not None:
        found.append(Span(open_type, start, len(tags)))
    return found
