"""How a command comes to the answers of a recording."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from otel_steps.asking import NotRecorded, Recording
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import CommandError
from otel_steps.stores import Store
from otel_steps.stores.pictures import open_screenshots


@contextmanager
def asking(store: str | None, folder: Path | None) -> Iterator[tuple[Store, Recording]]:
    """
    Open the store of the options *store* and *folder*, and what can be asked of it.

    Raises:
        CommandError: An option names a place where nothing is, or nothing was recorded of what is
            asked for.
        StoreError: It cannot be read.
    """
    with reading(store, folder) as opened:
        try:
            yield opened.store, Recording(opened.store, open_screenshots(*opened))
        except NotRecorded as error:
            raise CommandError(str(error)) from error


def place_of(picture: Mapping[str, Any] | None) -> str | None:
    """Return where a picture can be opened, a path before an address; None where nowhere."""
    if picture is None:
        return None
    place: str | None = picture["path"] or picture["url"]
    return place
