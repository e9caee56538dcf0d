"""
The pictures of a Supabase project: objects of a private bucket, read by signed addresses.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from otel_steps.config import ScreenshotFormat
from otel_steps.model import StoredPicture
from otel_steps.screenshots import (
    decoded_facts,
    encoded_facts,
    facts_name,
    is_picture_name,
    render,
    thumbnail_names,
)
from otel_steps.stores.contract import RowRejected
from otel_steps.stores.supabase_client import SupabaseClient
from otel_steps.stores.supabase_errors import NotFound

if TYPE_CHECKING:
    from storage3._sync.file_api import SyncBucketProxy

BUCKET: Final = "otel-steps"
SIGNED_FOR_S: Final = 600

_SIGNED_AT_ONCE: Final = 500
_MIME_TYPES: Final = {
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".json": "application/json",
}
# Named by its content, an object never changes.
_OPTIONS: Final = {"upsert": "true", "cache-control": "31536000"}


class SupabaseBucket:
    """
    A `ScreenshotStore`: the files of `ScreenshotFolder`, under the same names, in the bucket.

    The facts come last, so a picture without them has not been saved; whatever a broken upload
    has left is overwritten by the next one.
    """

    def __init__(self, client: SupabaseClient, picture_format: ScreenshotFormat = "webp") -> None:
        self._client = client
        self._format: ScreenshotFormat = picture_format
        # Stable, and of no use without a key.
        self._address = f"{client.url}/storage/v1/object/authenticated/{BUCKET}/"

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        """
        Compress *data* and upload it with its thumbnails.

        Raises:
            ValueError: *sha256* is not 64 lower-case hex digits.
            RowRejected: The bucket takes no such file, whoever sends it.
            StoreUnavailable, StoreOnHold: The picture is not saved.
        """
        if known := self.find(sha256):
            return known
        picture, files = render(sha256, data, self._format)
        folder = PurePosixPath(picture.path).parent
        for name, content in files.items():
            self._upload(str(folder / name), content)
        self._upload(str(folder / facts_name(sha256)), encoded_facts(picture))
        return self._with_address(picture)

    def find(self, sha256: str) -> StoredPicture | None:
        """Return what is known of a saved picture, or None where it has not been saved."""
        if not is_picture_name(sha256):
            return None
        facts = self._download(f"{sha256[:2]}/{facts_name(sha256)}")
        picture = decoded_facts(facts) if facts else None
        return self._with_address(picture) if picture else None

    def read(self, sha256: str, width: int | None = None) -> bytes | None:
        """
        Return a file of a saved picture, or None where it has not been saved.

        Args:
            width: Pixels wanted; the smallest file that has as many, else the picture itself.
        """
        if not is_picture_name(sha256):
            return None
        # Not by the facts: they are uploaded last, and cost a request.
        for name in thumbnail_names(sha256, width):
            if thumbnail := self._download(f"{sha256[:2]}/{name}"):
                return thumbnail
        picture = self.find(sha256)
        return None if picture is None else self._download(picture.path)

    def signed(self, addresses: Iterable[str | None]) -> dict[str, str]:
        """
        Return, for those of *addresses* that are of this bucket, one that opens without a key.

        It does so for `SIGNED_FOR_S` seconds; never store it.
        """
        paths = sorted({path for each in addresses if (path := self._path(each))})
        signed: dict[str, str] = {}
        for start in range(0, len(paths), _SIGNED_AT_ONCE):
            some = paths[start : start + _SIGNED_AT_ONCE]
            answers = self._client.run(
                lambda client, some=some: _bucket(client).create_signed_urls(some, SIGNED_FOR_S)  # type: ignore[misc]
            )
            signed |= {
                self._address + path: url
                for path, each in zip(some, answers, strict=True)
                if (url := each["signedURL"])
            }
        return signed

    def _download(self, path: str) -> bytes | None:
        try:
            content: bytes = self._client.run(lambda client: _bucket(client).download(path))
        except NotFound:
            return None
        return content

    def _path(self, address: str | None) -> str | None:
        if address is None or not address.startswith(self._address):
            return None
        return address.removeprefix(self._address)

    def _with_address(self, picture: StoredPicture) -> StoredPicture:
        return replace(picture, remote_url=self._address + picture.path)

    def _upload(self, path: str, content: bytes) -> None:
        mime_type = _mime_type(path)
        options: Any = {**_OPTIONS, "content-type": mime_type}
        try:
            self._client.run(lambda client: _bucket(client).upload(path, content, options))
        except RowRejected as error:
            # Another process was faster; under one name there is one content.
            if error.code != "409":
                raise


def _mime_type(path: str) -> str:
    return _MIME_TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")


def _bucket(client: Any) -> "SyncBucketProxy":
    bucket: SyncBucketProxy = client.storage.from_(BUCKET)
    return bucket
