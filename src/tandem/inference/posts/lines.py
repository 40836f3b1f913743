"""Lines of a file of any size and content, each with the place where it begins, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tandem.inference.posts.row import MOST_BYTES, Place

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """The bytes of a line with its end; of one that is longer than MOST_BYTES, the first of them (`cut`)."""

    content: bytes
    start: Place
    end: Place
    cut: bool = False


def read_lines(stream: BinaryIO, start: Place) -> Iterator[Line]:
    """The lines of a stream that stands at `start`; a byte order mark at the head of a file is left out.

    Only LF (and so CRLF) ends a line: U+2028 and the like belong to the text.
    """
    while content := stream.readline(MOST_BYTES):
        offset = start.offset + len(content)
        cut = len(content) == MOST_BYTES and not content.endswith(b"\n")
        if cut:
            while more := stream.readline(MOST_BYTES):
                offset += len(more)
                if more.endswith(b"\n"):
                    break
        end = Place(start.line + 1, offset)
        yield Line(content.removeprefix(BOM) if start.offset == 0 else content, start, end, cut)
        start = end
