"""
A picture made small enough to be kept in memory and compared with the next one of its task.
"""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from otel_steps.process.forks import no_fork

if TYPE_CHECKING:
    from PIL.Image import Image

# Pixels of the longer side: a letter of a text is still four of them high. Phones, which are much
# longer than wide, show a text with more pixels than tablets and computers do.
_PHONE_SIDE: Final = 480
_PORTRAIT_SIDE: Final = 720
_LANDSCAPE_SIDE: Final = 960
_PHONE_RATIO: Final = 1.9
# A phone's has 310 kB, none more than 2.8 MB. All pictures that are on their way at once have room:
# one that is read back from where it is stored has been through a codec.
_KEPT_BYTES: Final = 24 * 2**20


@no_fork()  # Pillow loads itself bit by bit
def sketch_of(image: "Image") -> "Image":
    """Return a decoded picture reduced to a size that depends on nothing but its shape."""
    from PIL.Image import Resampling

    share = _side(*image.size) / max(image.size)
    if share >= 1:
        return image.copy()
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return image.resize(size, Resampling.BOX, reducing_gap=3.0)


def _side(width: int, height: int) -> int:
    if max(width, height) >= _PHONE_RATIO * min(width, height):
        return _PHONE_SIDE
    return _PORTRAIT_SIDE if height >= width else _LANDSCAPE_SIDE


class Sketches:
    """The sketches of the pictures seen last, by their sha256; any thread may call."""

    def __init__(self) -> None:
        # Guards what follows: `_bytes` is what all of `_kept` take.
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Image] = OrderedDict()
        self._bytes = 0

    def put(self, sha256: str, sketch: "Image") -> None:
        """Keep a sketch; those asked for least lately make room."""
        with self._lock:
            old = self._kept.pop(sha256, None)
            self._kept[sha256] = sketch
            self._bytes += _bytes_of(sketch) - (0 if old is None else _bytes_of(old))
            while self._bytes > _KEPT_BYTES:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= _bytes_of(gone)

    def get(self, sha256: str) -> "Image | None":
        """Return a sketch, or None where it is not kept any more."""
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
            return self._kept.get(sha256)


def _bytes_of(sketch: "Image") -> int:
    return sketch.width * sketch.height * len(sketch.getbands())
