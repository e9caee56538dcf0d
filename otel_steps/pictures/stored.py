"""A picture that is kept."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields

from otel_steps.pictures.captured import PictureError, describe
from otel_steps.pictures.names import possible_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """
    A picture that a store of pictures has taken: what is known once it has been read and saved.

    Attributes:
        sha256: Of the picture as captured; its name everywhere.
        path: Key below the root of the pictures, "ab/abcd....webp".
        file_size: Bytes of the saved file.
        file_hash: sha256 of the saved file.
        compressed: True where the saved file is not byte for byte the captured one.
        phash: 64-bit difference hash as a signed integer, None where the picture cannot be decoded.
        black: True where every pixel is black: a secure screen, or a capture that failed.
        remote_url: Stable address of the object where the pictures live elsewhere.
    """

    sha256: str
    path: str
    file_size: int
    file_hash: str
    compressed: bool
    mime_type: str
    width: int | None = None
    height: int | None = None
    phash: int | None = None
    black: bool = False
    remote_url: str | None = None


def encoded(picture: StoredPicture) -> bytes:
    """Return the facts of a picture, as a file beside it has them."""
    return json.dumps(asdict(picture)).encode()


def decoded(sha256: str, facts: bytes) -> StoredPicture | None:
    """
    Return what the facts say, or None where saving has to make them good.

    They may be cut off, of another version, or name another file than a picture's own.
    """
    try:
        picture = StoredPicture(**json.loads(facts))
    except (ValueError, TypeError):
        return None
    return picture if picture.path in possible_paths(sha256) else None


def is_stored_as(picture: StoredPicture, content: bytes | None) -> bool:
    """Tell whether *content* is the saved file of which somebody else says what *picture* does."""
    if content is None or not _is_plain(picture):
        return False
    digest = hashlib.sha256(content).hexdigest()
    if (len(content), digest) != (picture.file_size, picture.file_hash):
        return False
    if not picture.compressed and digest != picture.sha256:
        return False
    try:
        return describe(content).mime_type == picture.mime_type
    except PictureError:
        return False


def _is_plain(picture: StoredPicture) -> bool:
    """Tell whether each value is of its type: what a stranger wrote may be anything."""
    annotated = {each.name: each.type for each in fields(picture)}
    return all(
        isinstance(getattr(picture, name), kind)  # type: ignore[arg-type] # no text: they are types
        for name, kind in annotated.items()
    )
