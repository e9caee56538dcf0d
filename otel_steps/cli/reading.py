"""How a command that only reads comes to a store: it makes nothing, and says what is not there."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from otel_steps.cli.backlog import ship_quietly, tell_what_waits
from otel_steps.cli.options import settings_of
from otel_steps.cli.terminal import USAGE_ERROR, CommandError
from otel_steps.config import Settings
from otel_steps.stores import Store, file_of, open_store, pack_of

MISSING_FOLDER: Final = (
    "there is no such folder; name the one that was recorded to (OTEL_STEPS_DIR of the agent, by "
    "default ~/.otel-steps)"
)


# What opens a store: `open_store`, or `open_database` for whoever looks after it.
Opener = Callable[..., Store]


class Opened(NamedTuple):
    """A store to read from, and the settings that lead to it."""

    settings: Settings
    store: Store


@contextmanager
def reading(
    store: str | None, folder: Path | None, *, opener: Opener = open_store
) -> Iterator[Opened]:
    """
    Open the store of the options *store* and *folder*, with all that waits for it.

    Args:
        opener: What opens it.

    Raises:
        CommandError: An option names a place where nothing is.
        StoreError: It cannot be read.
    """
    settings = settings_to_read(store, folder)
    if store is None:
        ship_quietly(settings)
    elif pack_of(settings.store) is None:
        # What waits was recorded for the store of the settings, which need not be this one.
        tell_what_waits(settings)
    _check_database(settings, is_named=not (store is None and folder is None))
    with closing(opener(settings=settings)) as opened:
        yield Opened(settings, opened)


def settings_to_read(store: str | None, folder: Path | None) -> Settings:
    """
    Return the settings of the options, for a command that reads a store.

    Raises:
        CommandError: An option names a place that is not there.
    """
    settings = settings_to_ship(store, folder)
    if store is not None:
        _check_database(settings, is_named=True)
    return settings


def settings_to_ship(store: str | None, folder: Path | None) -> Settings:
    """
    Return the settings of the options, for a command that reads a journal.

    Raises:
        CommandError: *folder* is not there.
    """
    settings = settings_of(store, folder)
    if folder is not None and not settings.dir.is_dir():
        raise CommandError(f"--dir {folder}: {MISSING_FOLDER}", status=USAGE_ERROR)
    return settings


def _check_database(settings: Settings, *, is_named: bool) -> None:
    file = pack_of(settings.store) or file_of(settings.store)
    # Without an option it is where the first recording will be.
    if is_named and file is not None and not file.exists():
        if file == pack_of(settings.store):
            raise CommandError(f"there is no pack {file}; check the path", status=USAGE_ERROR)
        raise CommandError(
            f"nothing is recorded in {file.parent}: there is no {file.name}; name the folder with "
            "--dir or the store with --store, or record something first: `otel-steps demo`",
            status=USAGE_ERROR,
        )
