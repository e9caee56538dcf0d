"""
A film as MP4 (H.264) or WebM (VP9), by PyAV.

Where a film ends stands at its beginning, for players that show it while it is loaded; so the file
is written whole, to a folder of this user alone, and then read from there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, NamedTuple

import av
from PIL import Image

from otel_steps.film.shot import Shot

Container = Literal["mp4", "webm"]

_frame_of: Final[Callable[[Image.Image], av.VideoFrame]] = av.VideoFrame.from_image

_CHUNK_BYTES: Final = 256 * 1024
# Of ITU-T H.273: BT.709, the colours of screens, with black at 16.
_BT709: Final = 1
_NARROW: Final = 1


class _Codec(NamedTuple):
    """An encoder and its options: of one quality, and never more than a chat takes."""

    name: Literal["libx264", "libvpx-vp9"]
    options: Mapping[str, str]
    container: Mapping[str, str]


_CODECS: Final[Mapping[Container, _Codec]] = {
    "mp4": _Codec(
        "libx264",
        {"crf": "26", "preset": "veryfast", "maxrate": "1M", "bufsize": "1M"},
        {"movflags": "+faststart"},
    ),
    "webm": _Codec(
        "libvpx-vp9",
        {"crf": "34", "b": "1M", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
        {},
    ),
}


def encoded(
    shots: Iterable[Shot], size: tuple[int, int], container: Container, *, frame_ms: int
) -> Iterator[bytes]:
    """
    Yield the file, once all of *shots* is encoded; until then b"", so that a reader can leave.

    Args:
        size: Of the pictures: even numbers.
        frame_ms: What every shot's time is a multiple of.
    """
    with TemporaryDirectory(prefix="otel-steps-") as folder:
        path = Path(folder) / f"film.{container}"
        for _ in _encode(shots, size, path, _CODECS[container], frame_ms):
            yield b""
        with path.open("rb") as file:
            yield from iter(lambda: file.read(_CHUNK_BYTES), b"")


def _encode(
    shots: Iterable[Shot], size: tuple[int, int], path: Path, codec: _Codec, frame_ms: int
) -> Iterator[Shot]:
    """Write the file at *path*; yield each shot that is in it."""
    rate = Fraction(1000, frame_ms)
    with av.open(path, "w", options=dict(codec.container)) as output:
        stream = output.add_stream(codec.name, rate, options=dict(codec.options))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace = _BT709
        stream.codec_context.color_primaries = _BT709
        stream.codec_context.color_trc = _BT709
        stream.codec_context.color_range = _NARROW
        number = 0
        for shot in shots:
            frame = _frame_of(shot.picture).reformat(format="yuv420p", dst_colorspace=_BT709)
            for _ in range(shot.ms // frame_ms):
                frame.pts, frame.time_base = number, 1 / rate
                output.mux(stream.encode(frame))
                number += 1
            yield shot
        output.mux(stream.encode(None))
