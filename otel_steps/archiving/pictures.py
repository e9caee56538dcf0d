"""Which pictures rows need, and how they get from one place to another."""

from collections.abc import Iterable, Iterator

from otel_steps.admit import names_in
from otel_steps.errors import StoreUnavailable
from otel_steps.pictures.names import picture_name_in
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores.json_object import Json


def names_of(row: Json) -> Iterator[str]:
    """Yield the names of the pictures that a row needs."""
    name = picture_name_in(row.get("screenshot_path"))
    if name is not None:
        yield name
    yield from names_in(row.get("attributes") or {})


def copy(names: Iterable[str], source: ScreenshotStore, target: ScreenshotStore) -> int:
    """
    Copy pictures that *target* has not; return how many it has now. What *source* lacks is lacking.

    What was copied is read back before this returns.

    Raises:
        RowRejected: Files of a picture do not belong together, or the place does not take them.
        StoreUnavailable, StoreOnHold: Some are not copied; calling again goes on.
    """
    count = 0
    for name in names:
        if target.find(name) is None:
            files = source.files(name)
            if files is None:
                continue
            saved = target.adopt(name, files)
            if (target.files(name) or {}).get(saved.path) != files[saved.path]:
                raise StoreUnavailable(f"the picture {name} is not read as it was written")
        count += 1
    return count
