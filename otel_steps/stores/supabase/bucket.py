"""
The pictures of a Supabase project: objects of a private bucket, read by signed addresses.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from otel_steps.errors import PictureOnHold, RowRejected, StoreError
from otel_steps.stores.supabase.client import SupabaseClient
from otel_steps.stores.supabase.errors import Blocked, ObjectMissing, TooLarge, remedy_for_size

if TYPE_CHECKING:
    from storage3._sync.file_api import SyncBucketProxy

BUCKET: Final = "otel-steps"
SIGNED_FOR_S: Final = 600

_SIGNED_AT_ONCE: Final = 500
# The API takes 1,000; those that are not there count, too.
_REMOVED_AT_ONCE: Final = 500
_LISTED_AT_ONCE: Final = 1_000
_MIME_TYPES: Final = {
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".json": "application/json",
}
_ALLOW: Final = (
    f"allow {', '.join(sorted(_MIME_TYPES.values()))} in the bucket {BUCKET} "
    "(dashboard: Storage, edit bucket, allowed MIME types), or allow all types"
)
# Named by its content, an object never changes.
_OPTIONS: Final = {"upsert": "true", "cache-control": "31536000"}


class SupabaseBucket:
    """
    A `Place`: the private bucket of a project.

    An object is there whole or not at all, and what a broken upload has left is overwritten by the
    next one.
    """

    # They cost a request, and whoever deletes a picture deletes its objects.
    facts_first = False

    def __init__(self, client: SupabaseClient) -> None:
        self._client = client
        # Stable, and of no use without a key.
        self._address = f"{client.url}/storage/v1/object/authenticated/{BUCKET}/"

    def get(self, path: str) -> bytes | None:
        """Return the content of an object, or None; see `Place.get`."""
        try:
            content: bytes = self._client.run(lambda client: _bucket(client).download(path))
        except ObjectMissing:
            return None
        return content

    def put(self, files: Mapping[str, bytes]) -> None:
        """
        Upload *files*; see `Place.put`.

        Raises:
            RowRejected: The bucket takes no such file, whoever sends it.
            PictureOnHold: The limits of the bucket, or of the way to it, keep the picture out.
            StoreUnavailable, StoreOnHold: Not all are there.
        """
        for path, content in files.items():
            self._upload(path, content)

    def remove(self, paths: Collection[str]) -> None:
        """
        Remove objects; see `Place.remove`.

        By the Storage API alone: who deletes their rows leaves the objects themselves for ever.
        """
        known = list(paths)
        for start in range(0, len(known), _REMOVED_AT_ONCE):
            some = known[start : start + _REMOVED_AT_ONCE]
            self._client.run(lambda client, some=some: _bucket(client).remove(some))  # type: ignore[misc]

    def files(self, folder: str) -> Iterator[tuple[str, float]]:
        """Yield the objects below a folder; see `Place.files`."""
        skipped = 0
        while True:
            options: Any = {"limit": _LISTED_AT_ONCE, "offset": skipped}
            page: list[Any] = self._client.run(
                lambda client, options=options: _bucket(client).list(folder, options)  # type: ignore[misc]
            )
            for each in page:
                yield each["name"], datetime.fromisoformat(each["updated_at"]).timestamp()
            if len(page) < _LISTED_AT_ONCE:
                return
            skipped += len(page)

    def is_gone(self, path: str) -> bool:
        """Return False: to look would be a request."""
        return False

    def address(self, path: str) -> str:
        """Return the address of an object, which takes a key."""
        return self._address + path

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

    def _path(self, address: str | None) -> str | None:
        if address is None or not address.startswith(self._address):
            return None
        return address.removeprefix(self._address)

    def _upload(self, path: str, content: bytes) -> None:
        mime_type = _mime_type(path)
        options: Any = {**_OPTIONS, "content-type": mime_type}
        try:
            self._client.run(lambda client: _bucket(client).upload(path, content, options))
        except RowRejected as error:
            self._check_refusal(error, mime_type, len(content))
        except TooLarge as error:
            raise PictureOnHold(
                f"{error}; a picture of {len(content):,} bytes waits",
                remedy=remedy_for_size(len(content)),
            ) from error
        except Blocked as error:
            # What came before on the same way has passed.
            raise PictureOnHold(f"{error} to an upload", remedy=error.remedy) from error

    def _check_refusal(self, error: RowRejected, mime_type: str, size: int) -> None:
        """
        Go on where the object is there already, which is of the same content.

        Raises:
            PictureOnHold: The settings of the bucket, which are a person's, are in the way.
            RowRejected: *error*, which blames the object.
        """
        if error.code == "409":
            return
        if error.code == "415" and mime_type in _MIME_TYPES.values():
            raise PictureOnHold(
                f"the bucket {BUCKET} does not allow {mime_type}{self._limits()}", remedy=_ALLOW
            ) from error
        if error.code == "413":
            raise PictureOnHold(
                f"a picture of {size:,} bytes is larger than the bucket {BUCKET} or its project "
                f"allows{self._limits()}",
                remedy=f"raise both limits to more than {size:,} bytes (dashboard: Storage, "
                f"{BUCKET}, file size limit; and Storage, Settings, global file size limit)",
            ) from error
        raise error

    def _limits(self) -> str:
        """Return what the bucket says of its limits, for a message; "" where that is not known."""
        try:
            found = self._client.run(lambda client: client.storage.get_bucket(BUCKET))
        except StoreError:
            return ""
        limit = found.file_size_limit
        types = found.allowed_mime_types
        facts = (
            f"{limit:,} bytes" if limit is not None else "no size limit of its own",
            f"the types {', '.join(types)}" if types else "all types",
        )
        return f"; it has {' and '.join(facts)}"


def _mime_type(path: str) -> str:
    return _MIME_TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")


def _bucket(client: Any) -> "SyncBucketProxy":
    bucket: SyncBucketProxy = client.storage.from_(BUCKET)
    return bucket
