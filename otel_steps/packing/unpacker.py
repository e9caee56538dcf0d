"""Brings the tasks of a pack into a store."""

from collections.abc import Callable
from typing import Final

from otel_steps.packing.task_copy import Copied, TaskCopier
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.stored import StoredPicture
from otel_steps.stores import Store
from otel_steps.stores.pack.store import PackStore

_PAGE: Final = 500


def unpack(
    packed: PackStore,
    store: Store,
    screenshots: ScreenshotStore,
    progress: Callable[[int], None] = lambda _: None,
) -> Copied:
    """
    Bring all tasks of a pack into *store*, their pictures into *screenshots*.

    The pack is compared with its manifest first: of one that is damaged nothing gets in. To do it
    again is harmless, and goes on where the last time was broken off.

    Args:
        progress: Hears of so many steps more.

    Raises:
        StoreUnavailable, StoreOnHold: The store takes nothing, or the pack is damaged.
    """
    packed.verify()
    pictures = packed.own_screenshots()

    def keep(sha256: str) -> StoredPicture | None:
        if known := screenshots.find(sha256):
            return known
        files = pictures.files(sha256)
        return None if files is None else screenshots.adopt(sha256, files)

    copier = TaskCopier(packed, store, keep)
    for task_id in _task_ids(packed):
        copier.copy(task_id, progress)
    return copier.copied


def _task_ids(packed: PackStore) -> list[str]:
    ids: list[str] = []
    while page := packed.tasks(limit=_PAGE, offset=len(ids)):
        ids += [row["task_id"] for row in page]
    return ids[::-1]
