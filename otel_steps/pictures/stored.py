"""A picture that is kept."""

from dataclasses import dataclass


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
