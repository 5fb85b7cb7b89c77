"""Photos: what may be sent as one, its sizes, and its file_ids."""

import base64
import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property

from PIL import Image, UnidentifiedImageError

from .refusals import bad

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_SIDES = 10_000
LONGEST_RATIO = 20
SIDES = (90, 320, 800, 1280, 2560)


@dataclass(frozen=True)
class Photo:
    """A photo that was uploaded once; it is sent again by any of its file_ids."""

    content: bytes = field(repr=False)
    width: int
    height: int

    @cached_property
    def sizes(self):
        """The photo as the API describes it: a list of PhotoSize; the last is the whole photo."""
        longest = max(self.width, self.height)
        scales = [side / longest for side in SIDES if side < longest] + [1.0]
        return [self._size(scale) for scale in scales]

    def _size(self, scale):
        width, height = max(round(self.width * scale), 1), max(round(self.height * scale), 1)
        key = hashlib.sha256(self.content + f"{width}x{height}".encode()).digest()
        return {
            "file_id": "AgACAgIAAxk" + base64.urlsafe_b64encode(key).decode().rstrip("="),
            "file_unique_id": "AQAD" + base64.urlsafe_b64encode(key[:8]).decode().rstrip("="),
            "width": width,
            "height": height,
            "file_size": len(self.content)
            if scale == 1.0
            else max(int(len(self.content) * scale * scale), 1),
        }

    def bytes_of(self, file_id):
        """Return the content of one of the sizes."""
        size = next(size for size in self.sizes if size["file_id"] == file_id)
        if size is self.sizes[-1]:
            return self.content
        with Image.open(io.BytesIO(self.content)) as image:
            small = image.convert("RGB").resize((size["width"], size["height"]))
        written = io.BytesIO()
        small.save(written, "JPEG")
        return written.getvalue()


def photo_of(content):
    """Return what was uploaded as a photo; refuse what the real server refuses."""
    if not content:
        raise bad("file must be non-empty")
    if len(content) > LARGEST_FILE:
        raise bad(
            f"type of file mismatch: the photo has {len(content)} bytes, at most {LARGEST_FILE} are allowed"
        )
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            width, height = image.size
            sane = width + height <= LARGEST_SIDES and max(width, height) <= LONGEST_RATIO * min(
                width, height
            )
            if not sane:
                raise bad("PHOTO_INVALID_DIMENSIONS")
            image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise bad("IMAGE_PROCESS_FAILED") from error
    return Photo(content, width, height)
