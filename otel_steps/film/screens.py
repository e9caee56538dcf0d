"""The pictures of a film's screens: read, decoded, and no larger than they are shown."""

from collections.abc import Callable
from functools import lru_cache

from PIL import Image

from otel_steps.film.layout import Layout, fitted
from otel_steps.film.painter import Look
from otel_steps.pictures.captured import PictureError
from otel_steps.pictures.decoding import CODEC_ERRORS, decode

# As `ScreenshotStore.read`.
Read = Callable[[str, int | None], bytes | None]

# That of a step, and the one after it.
_KEPT = 2


def screens(read: Read, layout: Layout) -> Look:
    """
    Return what looks up a picture by its name: RGB, or None where there is none to be shown.

    Args:
        read: May raise what the store raises.
    """

    @lru_cache(_KEPT)
    def look(name: str) -> Image.Image | None:
        try:
            picture = decode(read(name, layout.width) or b"").image
        except (PictureError, *CODEC_ERRORS):
            return None
        box = fitted(layout, picture.size)
        if box.width >= picture.width:
            return picture
        return picture.resize((box.width, box.height), Image.Resampling.LANCZOS, reducing_gap=2)

    return look
