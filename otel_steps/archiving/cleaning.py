"""Files of the archive that no task needs any more: it was put back, removed, or never noted."""

from collections.abc import Iterator, Sequence

from otel_steps.archiving.settling import archived_tasks
from otel_steps.stores import Store
from otel_steps.stores.cold import Archive


def unreferenced(stores: Sequence[Store], cold: Archive) -> Iterator[str]:
    """
    Yield the places in the archive that no task of *stores* is at; `Archive.remove` removes one.

    Somebody who archives just now has written one before any task says so.

    Raises:
        StoreUnavailable, StoreOnHold: It cannot be told.
    """
    # The archive first: what is noted after that is not among these.
    places = [*cold.places(), *cold.broken_places()]
    needed = {each.place for store in stores for each in archived_tasks(store)}
    yield from (place for place in places if place not in needed)
