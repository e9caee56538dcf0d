"""
Pictures of every kind that a browser shows: bit depths, transparency, profiles, EXIF, animations.

PNGs are written by hand, so that no library decides what is in them. All show the same two ramps
and corners that differ, as far as their kind can, so that a wrong turn or colour is seen.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from PIL import Image, ImageCms

WIDTH, HEIGHT = 144, 96
# Position in 0..1, each way -> the value of each channel, 0..1.
Ramp = Callable[[float, float], Sequence[float]]
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
_PASSES = (*_ADAM7, (0, 1, 1, 2))
_GRAY, _RGB, _PALETTE, _GRAY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6


def odd_pictures() -> dict[str, bytes]:
    """Return them all, by a name that says what is odd."""
    return dict(_all())


def _all() -> Iterator[tuple[str, bytes]]:
    for depth in (1, 2, 4, 8, 16):
        yield f"png gray {depth}", raw_png(depth, _GRAY, _gray)
        clear = struct.pack(">H", 2 ** (depth - 1))
        yield f"png gray {depth} with one clear", raw_png(depth, _GRAY, _steps, tRNS=clear)
    for depth in (8, 16):
        yield f"png gray alpha {depth}", raw_png(depth, _GRAY_ALPHA, _gray_alpha)
        yield f"png rgb {depth}", raw_png(depth, _RGB, _colours)
        yield f"png rgba {depth}", raw_png(depth, _RGB_ALPHA, _colours_alpha)
        clear = struct.pack(">HHH", *[2 ** (depth - 1)] * 3)
        yield f"png rgb {depth} with one clear", raw_png(depth, _RGB, _gray_steps, tRNS=clear)
    for depth in (1, 2, 4, 8):
        yield f"png palette {depth}", raw_png(depth, _PALETTE, _gray, PLTE=_palette(depth))
        alphas = bytes(255 - 200 * at // 2**depth for at in range(2**depth))
        palette = {"PLTE": _palette(depth), "tRNS": alphas}
        yield f"png palette {depth} with alphas", raw_png(depth, _PALETTE, _gray, **palette)
    for depth, kind, ramp in ((8, _RGB, _colours), (16, _GRAY, _gray), (4, _GRAY, _gray)):
        yield f"png interlaced {kind} {depth}", raw_png(depth, kind, ramp, is_interlaced=True)
    yield "png nothing painted", raw_png(8, _RGB_ALPHA, lambda x, y: (0, 0, 0, 0))
    picture = Image.open(io.BytesIO(raw_png(8, _RGB, _colours)))
    for side in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = side
        for kind in ("JPEG", "WEBP", "PNG"):
            yield f"{kind.lower()} exif {side}", _saved(picture, kind, exif=exif)
    for kind in ("JPEG", "WEBP", "PNG"):
        yield f"{kind.lower()} display p3", _saved(picture, kind, icc_profile=display_p3())
    transparent = Image.open(io.BytesIO(raw_png(8, _RGB_ALPHA, _colours_alpha)))
    yield "png rgba display p3", _saved(transparent, "PNG", icc_profile=display_p3())
    yield "png broken profile", _saved(picture, "PNG", icc_profile=b"none")
    yield "png gray display p3", _saved(picture.convert("L"), "PNG", icc_profile=display_p3())
    yield "jpeg gray", _saved(picture.convert("L"), "JPEG")
    yield "jpeg progressive", _saved(picture, "JPEG", progressive=True)
    yield "jpeg cmyk", _saved(Image.merge("CMYK", list(_inks(picture))), "JPEG")
    yield "webp alpha", _saved(transparent, "WEBP", lossless=True)
    yield "webp lossy alpha", _saved(transparent, "WEBP")
    yield "gif", _saved(picture.quantize(64), "GIF")
    yield "gif clear", _saved(transparent, "GIF")
    frames = [picture.rotate(180), picture.convert("L").convert("RGB")]
    for kind in ("GIF", "WEBP", "PNG"):
        moving = _saved(picture, kind, save_all=True, append_images=frames, duration=600_000)
        yield f"{kind.lower()} animated", moving
    yield (
        "png animated behind another",
        _saved(
            picture,
            "PNG",
            save_all=True,
            default_image=True,
            append_images=[*frames, picture],
            duration=600_000,
        ),
    )


def _gray(x: float, y: float) -> Sequence[float]:
    return (max(x, 1 - y if x < 0.25 else 0),)


def _steps(x: float, y: float) -> Sequence[float]:
    return (0.5 if 0.4 < x < 0.6 else x,)


def _gray_steps(x: float, y: float) -> Sequence[float]:
    return (_steps(x, y)[0],) * 3


def _gray_alpha(x: float, y: float) -> Sequence[float]:
    return (x, y)


def _colours(x: float, y: float) -> Sequence[float]:
    return (x, y, 1.0 if x < 0.25 and y < 0.5 else 0.2)


def _colours_alpha(x: float, y: float) -> Sequence[float]:
    return (*_colours(x, y), 1 - x)


def _palette(depth: int) -> bytes:
    count = 2**depth
    return b"".join(bytes((255 * at // count, 255 - 99 * at // count, 40)) for at in range(count))


def _inks(picture: Image.Image) -> Iterator[Image.Image]:
    for channel in picture.split():
        yield channel.point(lambda value: 255 - value)
    yield Image.linear_gradient("L").resize(picture.size)


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **({"quality": 95} | options if kind != "PNG" else options))
    return buffer.getvalue()


def raw_png(
    depth: int, kind: int, ramp: Ramp, *, is_interlaced: bool = False, **chunks: bytes
) -> bytes:
    """Return a PNG of `WIDTH` x `HEIGHT` with *depth* bits a sample and a colour type of PNG's."""
    passes = _PASSES if is_interlaced else ((0, 0, 1, 1),)
    rows = b"".join(row for each in passes for row in _rows(depth, ramp, *each))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, is_interlaced)
    more = b"".join(_chunk(name.encode(), content) for name, content in chunks.items())
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + more
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _rows(depth: int, ramp: Ramp, left: int, top: int, right: int, down: int) -> Iterator[bytes]:
    most = 2**depth - 1
    for y in range(top, HEIGHT, down):
        samples = [
            min(most, int(value * 2**depth))
            for x in range(left, WIDTH, right)
            for value in ramp(x / WIDTH, y / HEIGHT)
        ]
        bits = "".join(f"{sample:0{depth}b}" for sample in samples)
        yield b"\0" + int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def display_p3() -> bytes:
    """Return a profile of Display P3, whose colours reach further than those of sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    columns = {
        b"rXYZ": (0.51512, 0.2412, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.06657, 0.78407),
    }
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132]), 12):
        name, start = bytes(profile[at : at + 4]), int.from_bytes(profile[at + 4 : at + 8])
        if name in columns:
            numbers = (round(value * 65536) for value in columns[name])
            profile[start + 8 : start + 20] = struct.pack(">iii", *numbers)
    return bytes(profile)
