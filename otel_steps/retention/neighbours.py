"""
Stores whose pictures may lie in the same place: what they need has to stay, too.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from otel_steps.config import Settings, resolve
from otel_steps.config.sources import embedded_store
from otel_steps.config.store_url import SUPABASE
from otel_steps.stores import Store, file_of, open_database
from otel_steps.stores.pictures import KeepsPictures


@contextmanager
def neighbours(settings: Settings, store: Store) -> Iterator[Sequence[Store]]:
    """
    Open the other stores that keep pictures where *store* does.

    The one of the data folder, which may have been in use before another was set up, and the one of
    the environment, where an option names another.

    Raises:
        StoreUnavailable, StoreOnHold: One of them cannot be asked; nothing should go.
    """
    with ExitStack() as opened:
        yield [
            opened.enter_context(closing(open_database(url, settings=settings)))
            for url in _others(settings, store)
        ]


def _others(settings: Settings, store: Store) -> list[str]:
    if settings.screenshot_url is None and isinstance(store, KeepsPictures):
        return []  # the place is its own
    urls = {embedded_store(settings.dir), resolve(dir=settings.dir).store.reveal()}
    return sorted(url for url in urls - {settings.store.reveal()} if _keeps_there(url, settings))


def _keeps_there(url: str, settings: Settings) -> bool:
    if url == SUPABASE and settings.screenshot_url is None:
        return False
    file = file_of(url)
    return file is None or file.exists()
