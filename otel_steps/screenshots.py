"""
Pictures at rest: named by the hash of what was captured, compressed, with small ones for lists.

A picture is decoded here and nowhere else, far from the agent's thread, where a broken or hostile
one costs nothing but its thumbnails.
"""

import errno
import hashlib
import io
import json
import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from otel_steps.config import ScreenshotFormat
from otel_steps.forks import no_fork
from otel_steps.model import StoredPicture
from otel_steps.picture import EXTENSIONS, PictureError, describe
from otel_steps.private_files import NotRegular, make_private, open_below, read_below
from otel_steps.stores.disk import store_error

if TYPE_CHECKING:
    from PIL.Image import Image

# Widths in pixels: 120 for a filmstrip, 540 for a step (half of a phone's screen).
THUMBNAIL_WIDTHS: Final = (120, 540)
# A phone has 4 to 6 million pixels. Decoding takes 4 bytes for each, whatever the file's size.
MAX_PIXELS: Final = 50_000_000
# More than the journal hands over for one picture.
MAX_FILE_BYTES: Final = 64 * 2**20

# What a picture is called that is none, but was captured as one.
_NO_PICTURE: Final = "bin"
_NOT_OURS: Final = (FileNotFoundError, NotADirectoryError, NotRegular)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
# Method 2 takes half the time of Pillow's default, 4, and makes files of photographs 3 % larger.
_WEBP: Final = {"format": "WEBP", "quality": 80, "method": 2}
_JPEG: Final = {"format": "JPEG", "quality": 80}
_ENCODINGS: Final[dict[str, dict[str, Any]]] = {"image/webp": _WEBP, "image/jpeg": _JPEG}
# What Pillow's codecs are known to raise for a broken file, or for one too long for WebP.
CODEC_ERRORS: Final = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class ScreenshotStore(Protocol):
    """
    Where pictures live, by the sha256 of what was captured.

    Raises:
        StoreUnavailable, StoreOnHold: As a store of rows does; the picture is not saved.
    """

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        """Keep *data* and say what became of it; a second call for the same name does nothing."""

    def find(self, sha256: str) -> StoredPicture | None:
        """Return what is known of a saved picture, or None where it has not been saved."""

    def read(self, sha256: str, width: int | None = None) -> bytes | None:
        """
        Return a file of a saved picture, or None where it has not been saved.

        Args:
            width: Pixels wanted; the smallest file that has as many, else the picture itself.
        """


class ScreenshotFolder:
    """
    A folder of pictures: `ab/<sha256>.webp`, its thumbnails, and `ab/<sha256>.json` with the facts.

    Several processes may share one. Nothing is ever changed in place: a file appears whole, the
    facts last, and a picture without facts has not been saved.
    """

    def __init__(self, root: Path, picture_format: ScreenshotFormat = "webp") -> None:
        self._root = root
        self._format: ScreenshotFormat = picture_format

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        """
        Compress *data* and keep it, on disk for good when the call returns.

        What cannot be decoded, or would take more than `MAX_PIXELS`, is kept as it is, without
        thumbnails and with no `phash`.

        Raises:
            ValueError: *sha256* is not 64 lower-case hex digits.
            StoreUnavailable, StoreOnHold: The picture is not saved.
        """
        if known := self.find(sha256):
            return known
        picture, files = render(sha256, data, self._format)
        with _translated(self._root):
            self._make_folder(sha256)
            for name, content in files.items():
                _write(self._folder(sha256) / name, content)
            # Last: whoever finds the facts finds all they speak of.
            _write(self._folder(sha256) / facts_name(sha256), encoded_facts(picture))
            _sync_folder(self._folder(sha256))
        return picture

    def find(self, sha256: str) -> StoredPicture | None:
        """Return what is known of a saved picture, or None where it has not been saved."""
        if not is_picture_name(sha256):
            return None
        with _translated(self._root):
            facts = self._content(sha256[:2], facts_name(sha256))
            picture = decoded_facts(sha256, facts) if facts else None
            return picture if picture and self._has(picture.path) else None

    def read(self, sha256: str, width: int | None = None) -> bytes | None:
        """
        Return a file of a saved picture, or None where it has not been saved.

        Args:
            width: Pixels wanted; the smallest file that has as many, else the picture itself.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be read.
        """
        picture = self.find(sha256)
        if picture is None:
            return None
        with _translated(self._root):
            for name in thumbnail_names(sha256, width):
                if thumbnail := self._content(sha256[:2], name):
                    return thumbnail
            return self._content(*picture.path.split("/"))

    def _folder(self, sha256: str) -> Path:
        return self._root / sha256[:2]

    def _make_folder(self, sha256: str) -> None:
        folder = self._folder(sha256)
        if folder.is_symlink():  # whoever made it would say where our pictures go
            raise OSError(errno.ELOOP, f"{folder} is a link")
        make_private(folder)

    def _content(self, *names: str) -> bytes | None:
        """Return a file; what a link leads to is none of ours, as what is not there."""
        try:
            return read_below(self._root, *names, max_bytes=MAX_FILE_BYTES)
        except _NOT_OURS:
            return None

    def _has(self, path: str) -> bool:
        try:
            os.close(open_below(self._root, *path.split("/")))
        except _NOT_OURS:
            return False
        return True


def is_picture_name(sha256: str) -> bool:
    """Return whether *sha256* is 64 lower-case hex digits."""
    return _SHA256.fullmatch(sha256) is not None


def facts_name(sha256: str) -> str:
    """Return the name of the file that holds the facts of a picture as JSON."""
    return f"{sha256}.json"


def encoded_facts(picture: StoredPicture) -> bytes:
    """Return the content of that file."""
    return json.dumps(asdict(picture)).encode()


def decoded_facts(sha256: str, content: bytes) -> StoredPicture | None:
    """
    Return what that file says, or None where saving has to make it good.

    It may be cut off, of another version, or name another file than a picture's own.
    """
    try:
        picture = StoredPicture(**json.loads(content))
    except (ValueError, TypeError):
        return None
    return picture if picture.path in _paths_of(sha256) else None


def _path_of(sha256: str, extension: str) -> str:
    return f"{sha256[:2]}/{sha256}.{extension}"


def _paths_of(sha256: str) -> list[str]:
    return [_path_of(sha256, each) for each in (*EXTENSIONS.values(), _NO_PICTURE)]


def thumbnail_names(sha256: str, width: int | None) -> list[str]:
    """Return the names of the thumbnails of at least *width* pixels, the smallest first."""
    if width is None:
        return []
    return [_thumbnail_name(sha256, each) for each in THUMBNAIL_WIDTHS if each >= width]


def render(
    sha256: str, data: bytes, picture_format: ScreenshotFormat
) -> tuple[StoredPicture, dict[str, bytes]]:
    """
    Return the facts and the files, by name, to keep for the picture *data*.

    Raises:
        ValueError: *sha256* is not 64 lower-case hex digits.
    """
    if not is_picture_name(sha256):
        raise ValueError(f"{sha256[:80]!r} is no name of a picture: 64 hex digits are")
    original = _as_captured(sha256, data)
    # PNG means "as captured": encoding it again would cost time and gain nothing.
    mime_type = original.mime_type if picture_format == "png" else f"image/{picture_format}"
    try:
        with no_fork():  # Pillow loads itself bit by bit
            image = _decode(original, data)
            picture, content = _compress(original, data, image, mime_type)
            files = {Path(picture.path).name: content} | _thumbnails(sha256, image)
            phash = _difference_hash(image)
    except CODEC_ERRORS:
        return original, {Path(original.path).name: data}
    picture = replace(
        picture,
        width=image.width,
        height=image.height,
        phash=phash,
        black=image.getbbox() is None,
    )
    return picture, files


def _compress(
    original: StoredPicture, data: bytes, image: "Image", mime_type: str
) -> tuple[StoredPicture, bytes]:
    if mime_type == original.mime_type:
        return original, data
    content = _encode(image, _ENCODINGS[mime_type])
    if len(content) >= len(data):  # a plain screen: PNG is the smaller one, and loses nothing
        return original, data
    return replace(_facts(original.sha256, content, mime_type), compressed=True), content


def _as_captured(sha256: str, data: bytes) -> StoredPicture:
    try:
        info = describe(data)
    except PictureError:
        return _facts(sha256, data, "application/octet-stream")
    facts = _facts(sha256, data, info.mime_type)
    return replace(facts, width=info.width, height=info.height)


def _facts(sha256: str, content: bytes, mime_type: str) -> StoredPicture:
    return StoredPicture(
        sha256=sha256,
        path=_path_of(sha256, EXTENSIONS.get(mime_type, _NO_PICTURE)),
        file_size=len(content),
        file_hash=hashlib.sha256(content).hexdigest(),
        compressed=False,
        mime_type=mime_type,
    )


def _decode(original: StoredPicture, data: bytes) -> "Image":
    """Return the picture in RGB: a screen has no transparency."""
    from PIL import Image

    pixels = (original.width or 0) * (original.height or 0)
    if not 0 < pixels <= MAX_PIXELS:
        raise ValueError(f"not decoded: {pixels} pixels")
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        return image.convert("RGB")


def _encode(image: "Image", encoding: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **encoding)
    return buffer.getvalue()


def _thumbnails(sha256: str, image: "Image") -> dict[str, bytes]:
    files = {}
    # The largest first: each is made from the one before, which takes a tenth of the time.
    for width in sorted(THUMBNAIL_WIDTHS, reverse=True):
        if width < image.width:
            height = max(1, round(image.height * width / image.width))
            image = image.resize((width, height), reducing_gap=2.0)
            files[_thumbnail_name(sha256, width)] = _encode(image, _WEBP)
    return files


def _thumbnail_name(sha256: str, width: int) -> str:
    return f"{sha256}.{width}.webp"


def _difference_hash(image: "Image") -> int:
    """Return 64 bits, each "brighter than the pixel to its right" in a picture of 9 x 8, signed."""
    from PIL.Image import Resampling

    pixels = image.convert("L").resize((9, 8), Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            left = row * 9 + column
            bits = bits << 1 | (pixels[left] > pixels[left + 1])
    # Databases have no unsigned 64-bit integers.
    return bits - 2**64 if bits >= 2**63 else bits


@contextmanager
def _translated(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise store_error(error, root) from error


def _write(path: Path, content: bytes) -> None:
    """Make *content* appear at *path*, whole, and stay there over a power cut."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(
        partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder, and needs no such call
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
