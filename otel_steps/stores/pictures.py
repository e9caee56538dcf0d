"""Opens the place where the pictures of a recording live."""

from typing import Protocol, runtime_checkable

from otel_steps.config import ScreenshotFormat, Settings
from otel_steps.pictures.filesystem import PictureFilesystem
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.location import folder_of, is_elsewhere
from otel_steps.pictures.place import Place
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.tiers import TieredScreenshots
from otel_steps.stores.contract import Store
from otel_steps.stores.tiered import TieredStore


@runtime_checkable
class KeepsPictures(Protocol):
    """A store of rows that has a place for pictures, too."""

    def open_screenshots(self, picture_format: ScreenshotFormat) -> ScreenshotStore:
        """Open that place; it is closed with the store."""


@runtime_checkable
class HoldsPictures(Protocol):
    """A store of rows that has their pictures in itself, wherever those of others lie."""

    def own_screenshots(self) -> ScreenshotStore:
        """Open what holds them; it is closed with the store."""


def open_screenshots(settings: Settings, store: Store) -> ScreenshotStore:
    """
    Open the place for the pictures of a recording: where *settings* say, else in *store*.

    A store that has its pictures in itself is asked for them whatever the settings say; one that
    has an archive is asked for those that are nowhere else any more.

    Raises:
        ConfigError: The settings name a place that cannot be used.
    """
    if isinstance(store, TieredStore):
        return TieredScreenshots(open_screenshots(settings, store.hot), store.archived_pictures)
    if isinstance(store, HoldsPictures):
        return store.own_screenshots()
    if settings.screenshot_url is None and isinstance(store, KeepsPictures):
        return store.open_screenshots(settings.screenshot_format)
    return ScreenshotStore(place_of(settings), settings.screenshot_format)


def place_of(settings: Settings, *, waits: bool = True) -> Place:
    """
    Return the place that *settings* name for pictures, where a store does not keep them.

    Args:
        waits: As `PictureFolder` has it, where it is a folder.
    """
    folder, url = folder_of(settings), settings.screenshot_url
    if url is not None and is_elsewhere(url):
        return PictureFilesystem(url)
    return PictureFolder(folder, waits=waits)
