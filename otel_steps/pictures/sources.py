"""
What a caller gives as a picture, in any of the shapes that agents have it in.

`take` runs on the agent's thread and does what cannot wait: what may change or go away meanwhile (a
buffer, a file, an image) is read or copied. What takes time (base64, encoding an image) is left to
whoever calls what it returns. Nothing waits for a device, follows a link or fetches an address.
"""

import io
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from otel_steps.pictures.captured import MAX_BYTES, PictureError, header, too_large, whole
from otel_steps.pictures.decoding import MAX_PIXELS
from otel_steps.pictures.files import MAX_PATH_CHARS, from_file
from otel_steps.pictures.texts import from_base64, from_text, holds_picture, may_be_base64

if TYPE_CHECKING:
    from PIL.Image import Image

# Under which names agents keep the picture of a screenshot, or of a part of a message.
_CONTENT_NAMES: Final = ("base64_data", "base64", "image_base64", "image", "data")
# Deeper down it is no screenshot: an object that holds one which holds a picture.
_MAX_DEPTH: Final = 2
_BEGINNING_BYTES: Final = 256
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
# Encoding must be fast rather than small: the store encodes it once more.
_PNG: Final[dict[str, Any]] = {"format": "PNG", "compress_level": 1}
_PNG_MODES: Final = frozenset({"1", "L", "LA", "I;16", "P", "RGB", "RGBA"})


class Readable(Protocol):
    """A file, in memory or on disk."""

    def read(self, size: int = -1, /) -> bytes | str:
        """Return at most *size* bytes; or characters, of base64."""

    def seek(self, offset: int, /) -> int:
        """Go to *offset*, one that `tell` has returned or 0."""

    def tell(self) -> int:
        """Return where it is read next."""


class PillowImage(Protocol):
    """What is known here of an image of Pillow's; it is told by its class."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def copy(self) -> Any:
        """Return another one that looks like it."""


class ScreenshotLike(Protocol):
    """An agent's own screenshot, such as Open-AutoGLM's."""

    base64_data: str


Source = (
    bytes | bytearray | memoryview | str | os.PathLike[str]
    | Readable | PillowImage | ScreenshotLike | Mapping[str, Any]
)  # fmt: skip
Take = Callable[[], bytes]


def take(source: Any) -> Take:
    """
    Take hold of the picture *source*, whatever becomes of it from now on.

    Args:
        source: A `Source`: bytes or any other buffer, base64 as text or as bytes, a `data:` URL, a
            path (a regular file, not a link), a file, an image of Pillow, or an object or mapping
            that holds one of these, as agents' screenshots do.

    Returns:
        What returns its bytes, on any thread; `captured.describe` says whether they are a picture.
        It may raise `PictureError`.

    Raises:
        PictureError: There is nothing of that kind.
    """
    try:
        return _taken(source, 0)
    except PictureError:
        raise
    except Exception as error:
        # Foreign code: a file, a path, an object. Its words may quote the picture.
        raise PictureError(
            f"the picture, of type {type(source).__name__}, cannot be read: {type(error).__name__}"
        ) from error


def bytes_of(source: Any) -> bytes:
    """Return what `take` takes hold of; raises as both of its calls do."""
    return take(source)()


def read(source: Any) -> bytes:
    """
    Return the bytes of the picture that *source* holds or names; see `take`.

    Raises:
        PictureError: There is no such picture, it is larger than `MAX_BYTES`, or it is no PNG,
            JPEG, WebP or GIF.
    """
    data = bytes_of(source)
    header(data)
    return data


def is_sensitive(source: Any) -> bool | None:
    """Return whether the agent's own screenshot says that its screen must not be shown."""
    try:
        said = getattr(source, "is_sensitive", None)
    except Exception:  # noqa: BLE001 - foreign code; the picture counts
        return None
    return said if isinstance(said, bool) else None


def is_given(source: Any) -> bool:
    """Tell whether *source* stands for anything; what is foreign has no truth that may be asked."""
    return not (source is None or (isinstance(source, str) and not source))


def path_of(source: Any) -> str | None:
    """Return the path that *source* is, or None: it holds the picture itself."""
    if isinstance(source, os.PathLike):
        return os.fsdecode(source)
    if not isinstance(source, str) or len(source) > MAX_PATH_CHARS or holds_picture(source):
        return None
    return None if may_be_base64(source) else source


def _taken(source: Any, depth: int) -> Take:
    if isinstance(source, str):
        return _named_or_held(source)
    if isinstance(source, os.PathLike):
        return _ready(from_file(os.fsdecode(source)))
    if (data := _bytes_of(source)) is not None:
        return _from_bytes(data)
    if (image := _copied_image(source)) is not None:
        return partial(_encoded, image)
    if callable(getattr(source, "read", None)):
        return _taken(_content_of(source), depth)
    held = _held_by(source) if depth < _MAX_DEPTH else None
    if held is None:
        raise PictureError(
            f"a picture is bytes, base64, a path, a file or an image, not {type(source).__name__}"
        )
    return _taken(held, depth + 1)


def _ready(data: bytes) -> Take:
    return lambda: data


def _named_or_held(text: str) -> Take:
    if holds_picture(text):
        return partial(from_text, text)
    if not text.startswith("file:") and _ADDRESS.match(text):
        raise PictureError("the picture is an address, which is not fetched; give its bytes")
    try:
        return _ready(from_file(_path_in(text)))
    except PictureError:
        # Not known by its beginning: a picture of another kind, or one behind a line of text.
        if not may_be_base64(text):
            raise
        return partial(from_base64, text)


def _path_in(text: str) -> str:
    if text.startswith("file:"):
        return url2pathname(urlsplit(text).path)
    # Only a whole name: what begins like this may be a name as well.
    return os.path.expanduser(text) if text.startswith("~/") else text  # noqa: PTH111


# --- Bytes


def _bytes_of(source: Any) -> bytes | None:
    """Return the content of a buffer, or None where *source* is none."""
    if type(source) is bytes:
        return source
    if isinstance(source, io.BytesIO):
        return source.getvalue()
    try:
        view = memoryview(source)
    except TypeError:
        return None
    with view:
        if view.ndim > 1 and max(view.shape or ()) != view.nbytes:
            shape = " x ".join(map(str, view.shape or ()))
            raise PictureError(
                f"the picture is an array of {shape}; give it encoded, or as an image of Pillow"
            )
        if view.nbytes > MAX_BYTES * 3 // 2:
            raise too_large("the picture", view.nbytes)
        return bytes(view)


def _from_bytes(data: bytes) -> Take:
    beginning = data[:_BEGINNING_BYTES].decode("latin-1")
    if not (holds_picture(beginning) or may_be_base64(beginning)):
        return partial(whole, data)
    return lambda: from_text(data.decode("ascii", "replace"))


def _content_of(file: Readable) -> bytes | str:
    """Return all that is in a file, which may have been written a moment ago."""
    seekable = getattr(file, "seekable", None)
    if not callable(seekable) or seekable() is not True:
        raise PictureError("the picture is a stream, which may have to be waited for; give bytes")
    at = file.tell()
    try:
        file.seek(0)
        content = file.read(MAX_BYTES * 3 // 2 + 1)
    finally:
        file.seek(at)
    if not isinstance(content, bytes | str):
        raise PictureError(f"the picture is a file that holds {type(content).__name__}")
    return content


# --- Images and what holds one


def _copied_image(source: Any) -> "Image | None":
    """Return a copy of an image of Pillow's, which its owner may draw on; None for others."""
    module = sys.modules.get("PIL.Image")  # who has such an image has loaded it
    if module is None or not isinstance(source, module.Image):
        return None
    if source.width * source.height > MAX_PIXELS:
        raise PictureError(f"the image has {source.width} x {source.height} pixels: too many")
    copy: Image = source.copy()
    return copy


def _encoded(image: "Image") -> bytes:
    if image.mode not in _PNG_MODES:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    buffer = io.BytesIO()
    image.save(buffer, **_PNG)
    return whole(buffer.getvalue())


def _held_by(source: Any) -> Any:
    """Return the picture in an agent's screenshot or in a part of a message, or None."""
    is_mapping = isinstance(source, Mapping)
    for name in _CONTENT_NAMES:
        held = source.get(name) if is_mapping else getattr(source, name, None)
        if held is not None and not callable(held):
            return held
    return None
