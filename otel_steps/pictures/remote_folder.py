"""A folder at a URL that fsspec reaches, and what its drivers raise, as a store says it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from otel_steps.config import Url
from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.process.forks import no_fork

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped] # it has none


class RemoteFolder:
    """
    Nothing is connected to before it is opened.

    Attributes:
        url: What opens it.
        shown: Stable, and without what opens it.

    Args:
        failure: What cannot be done where a driver fails; `shown` follows in the message.
        setting: Where the URL was written, for the remedy.
    """

    def __init__(self, url: str, failure: str, setting: str) -> None:
        self.url = Url(url)
        self.shown = str(self.url).rstrip("/")
        self._failure = failure
        self._setting = setting

    @contextmanager
    def opened(self) -> Iterator[tuple["AbstractFileSystem", str]]:
        """
        Give the file system, and the path of the folder in it.

        Raises:
            StoreUnavailable, StoreOnHold: What the block asks of the file system fails.
        """
        try:
            with no_fork():
                from fsspec.core import url_to_fs  # type: ignore[import-untyped] # it has none

                # The same object again for the same URL: fsspec keeps what it has opened.
                filesystem, root = url_to_fs(self.url.reveal())
            yield filesystem, root.rstrip("/")
        except (PermissionError, FileNotFoundError) as error:
            raise StoreOnHold(
                self._message(error),
                remedy=f"check {self._setting} and what its owner may write there",
            ) from error
        # A driver raises what its libraries do.
        except Exception as error:
            raise StoreUnavailable(self._message(error)) from error

    def _message(self, error: Exception) -> str:
        # Without the driver's words: they may quote the URL, and with it a password.
        return f"{self._failure} {self.shown}: {type(error).__name__}"
