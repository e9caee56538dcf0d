"""Pictures made small enough for a page that holds them all."""

import io
from collections.abc import Iterator
from typing import Final

from otel_steps.pictures.captured import PictureError, describe
from otel_steps.pictures.decoding import CODEC_ERRORS, decode

# Half of a phone's screen, as wide as the viewer shows it beside the next one.
WIDTH: Final = 540
# In base64 a third more; with its text a step stays below 50 KB.
MAX_BYTES: Final = 30_000
_TRIALS: Final = ((WIDTH, 70), (WIDTH, 50), (400, 50), (400, 30), (270, 30), (135, 20))


def shrunk(data: bytes) -> bytes | None:
    """
    Return the picture *data* as it is if it is small, else as WebP of at most `MAX_BYTES`.

    What is no picture, or one that cannot be made so small, is None.
    """
    try:
        describe(data)
        if len(data) <= MAX_BYTES:
            return data
        return next((small for small in _smaller(data) if len(small) <= MAX_BYTES), None)
    except (PictureError, *CODEC_ERRORS):
        return None


def _smaller(data: bytes) -> Iterator[bytes]:
    whole = decode(data).image
    for width, quality in _TRIALS:
        scaled = whole
        if whole.width > width:
            height = max(1, round(whole.height * width / whole.width))
            scaled = whole.resize((width, height), reducing_gap=2.0)
        buffer = io.BytesIO()
        scaled.save(buffer, format="WEBP", quality=quality, method=4)
        yield buffer.getvalue()
