"""Pictures as part of a request."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tandem.vision.pictures import Picture, open_picture, read_picture

QUALITY = 90  # of the JPEG that is sent


@dataclass(frozen=True)
class SentPicture:
    """A picture file as the server gets it. `content` is the SHA-256 that the file had when it was prepared."""

    path: str
    content: str
    side: int  # longest side, pixels
    max_pixels: int

    @property
    def identity(self) -> dict[str, str | int]:
        """What decides what the model sees, whatever the bytes that an encoder makes of it."""
        return {"content": self.content, "side": self.side, "quality": QUALITY}

    @property
    def usable(self) -> bool:
        """Whether the file opens. Errors: `ValueError` for a file that is not the one that was prepared."""
        return self._open().image is not None

    def data_url(self) -> str:
        """The picture, no longer than `side`, as a JPEG in a `data:` address.

        Errors: `ValueError` for a file that does not open, or is not the one that was prepared.
        """
        image = self._open().image
        if image is None:
            raise ValueError(f"{self.path}: does not open any more; run `dvc repro prepare` again")
        image.thumbnail((self.side, self.side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=QUALITY)
        return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"

    def _open(self) -> Picture:
        data = read_picture(Path(self.path))
        if isinstance(data, Picture):
            return data
        if hashlib.sha256(data).hexdigest() != self.content:
            raise ValueError(f"{self.path}: changed since it was prepared; run `dvc repro prepare` again")
        return open_picture(data, self.max_pixels, side=self.side)
