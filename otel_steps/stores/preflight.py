"""
What can be known of a recording's settings before anything is opened: packages, URLs, folders.

It connects to nothing, loads no driver of a store, and makes nothing: a program that is configured
and records nothing leaves nothing behind.
"""

import os
from pathlib import Path

from otel_steps.config import ConfigError, Settings
from otel_steps.config.store_url import PACK, POSTGRES, SUPABASE, pack_path, sqlite_path
from otel_steps.errors import StoreOnHold
from otel_steps.pictures.location import folder_of, is_elsewhere
from otel_steps.stores.postgres import connections
from otel_steps.stores.supabase import project


def check(settings: Settings) -> None:
    """
    Check that what *settings* name is installed, can be read and can be written to.

    Raises:
        ConfigError: Something is not; the message says what to do.
    """
    _check_store(settings)
    pictures = folder_of(settings)
    url = settings.screenshot_url
    if url is not None and not is_elsewhere(url) and settings.screenshots != "off":
        _check_folder(pictures, "OTEL_STEPS_SCREENSHOT_URL")
    if settings.durability != "memory":
        _check_folder(settings.backup_dir, "OTEL_STEPS_DIR or OTEL_STEPS_BACKUP_DIR")


def _check_store(settings: Settings) -> None:
    url = settings.store.reveal()
    try:
        if url == SUPABASE:
            project.check(settings)
        elif url.startswith(POSTGRES):
            connections.check_driver()
        elif url.startswith(PACK):
            raise ConfigError(
                f"nothing can be recorded in {pack_path(url)}, which is a pack and only read; name "
                "another store in OTEL_STEPS_STORE"
            )
        else:
            _check_file(sqlite_path(url))
    except StoreOnHold as error:
        raise ConfigError(f"{error}; {error.remedy}") from error


def _check_file(path: Path) -> None:
    _check_folder(path.parent, "OTEL_STEPS_STORE or OTEL_STEPS_DIR")
    if path.is_dir():
        raise ConfigError(
            f"the store {path} is a folder; name a file in it in OTEL_STEPS_STORE, such as "
            f"{path / 'steps.db'}"
        )
    if path.exists() and not _may(path, os.R_OK | os.W_OK):
        raise ConfigError(f"the store {path} cannot be written to; let this user read and write it")


def _check_folder(folder: Path, variables: str) -> None:
    """Check that files can be made in *folder*, or that it can be made; probes nothing."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not os.path.isdir(there):  # noqa: PTH112 - pathlib's raises where a link leads too far
        problem = f"{there} is no folder"
    elif not _may(there, os.W_OK | os.X_OK):
        problem = f"{there} cannot be written to"
    else:
        return
    raise ConfigError(
        f"nothing can be recorded in {folder}: {problem}; let this user write there, or set "
        f"{variables} to another place"
    )


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)
