"""What a request may ask for, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass

BODY_SECONDS = 30.0  # in which a request has to arrive whole
BESIDES_PICTURE = 1 << 20  # bytes of a request that are not its picture


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Each is refused with a sentence that names it.

    characters: of a text, and of a caption. picture_bytes: of a picture's file; how many pixels it may have is
    `vision.max_pixels` of the model. waiting: posts that may wait while one is read. seconds: from a post's arrival
    to its answer.
    """

    characters: int = 10_000
    picture_bytes: int = 20 << 20
    waiting: int = 8
    seconds: float = 60.0

    @property
    def body_bytes(self) -> int:
        """Of a request: the picture in base64, which takes four bytes for three, and the rest."""
        return self.picture_bytes * 4 // 3 + BESIDES_PICTURE


class Refused(Exception):
    """A request that gets no prediction. status: of HTTP. The message is a sentence for people."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
