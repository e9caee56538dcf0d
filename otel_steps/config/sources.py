"""
Where each setting comes from: an argument of `configure()`, else the environment, else a default.

Pure: it reads no file, and looks at nothing that a setting names.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Unpack, get_args

from otel_steps.config import values
from otel_steps.config.config_error import ConfigError
from otel_steps.config.retention_text import retention
from otel_steps.config.root_path import root_path
from otel_steps.config.settings import (
    Arguments,
    Durability,
    ScreenshotFormat,
    ScreenshotMode,
    Settings,
    WebhookFormat,
    WebhookOn,
)
from otel_steps.config.store_url import SQLITE, SUPABASE, store_url

# Variable -> the setting it fills; of two that fill one the first wins.
VARIABLES: Final[Mapping[str, str]] = {
    "OTEL_STEPS_STORE": "store",
    "OTEL_STEPS_DIR": "dir",
    "OTEL_STEPS_BACKUP_DIR": "backup_dir",
    "OTEL_STEPS_DURABILITY": "durability",
    "OTEL_STEPS_BUFFER_SIZE": "buffer_size",
    "OTEL_STEPS_FLUSH_INTERVAL": "flush_interval_s",
    "OTEL_STEPS_MAX_DISK": "max_disk_bytes",
    "OTEL_STEPS_SCREENSHOTS": "screenshots",
    "OTEL_STEPS_SCREENSHOT_FORMAT": "screenshot_format",
    "OTEL_STEPS_SCREENSHOT_URL": "screenshot_url",
    "OTEL_STEPS_ARCHIVE": "archive",
    "OTEL_STEPS_CAPTURE_CONTENT": "capture_content",
    "OTEL_STEPS_OPENINFERENCE": "openinference",
    "OTEL_STEPS_RECORD_UNSAMPLED": "record_unsampled",
    "OTEL_STEPS_ELEMENTS": "elements",
    "OTEL_STEPS_TOKEN": "token",
    "OTEL_STEPS_TRACE_URL": "trace_url",
    "OTEL_STEPS_VIEWER_URL": "viewer_url",
    "OTEL_STEPS_WEBHOOK": "webhook",
    "OTEL_STEPS_WEBHOOK_ON": "webhook_on",
    "OTEL_STEPS_WEBHOOK_FORMAT": "webhook_format",
    "OTEL_STEPS_WEBHOOK_SECRET": "webhook_secret",
    "OTEL_STEPS_ROOT_PATH": "root_path",
    "OTEL_STEPS_PRICES": "prices",
    "OTEL_STEPS_SCHEMA": "schema",
    "OTEL_STEPS_RETENTION": "retention",
    "SUPABASE_URL": "supabase_url",
    "SUPABASE_SECRET_KEY": "supabase_key",
    "SUPABASE_SERVICE_ROLE_KEY": "supabase_key",
}
PREFIX: Final = "OTEL_STEPS_"

_READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "store": store_url,
    "dir": values.folder,
    "backup_dir": values.folder,
    "durability": values.choice(*get_args(Durability)),
    "buffer_size": values.count,
    "flush_interval_s": values.seconds,
    "max_disk_bytes": values.size,
    "screenshots": values.choice(*get_args(ScreenshotMode)),
    "screenshot_format": values.choice(*get_args(ScreenshotFormat)),
    "screenshot_url": values.text,
    "archive": values.text,
    "capture_content": values.content,
    "openinference": values.switch,
    "record_unsampled": values.switch,
    "elements": values.switch,
    "token": values.token,
    "trace_url": values.trace_url,
    "viewer_url": values.web_address,
    "webhook": values.webhook,
    "webhook_on": values.choice(*get_args(WebhookOn)),
    "webhook_format": values.choice(*get_args(WebhookFormat)),
    "webhook_secret": values.webhook_secret,
    "root_path": lambda source, value: root_path(source, values.text(source, value)),
    "prices": values.file,
    "schema": values.schema,
    "retention": retention,
    "supabase_url": values.text,
    "supabase_key": values.secret,
}


class Doubt(NamedTuple):
    """What in the environment has hardly the effect that it was meant to have, and what to do."""

    message: str
    remedy: str


def resolve(
    environ: Mapping[str, str] | None = None, /, **arguments: Unpack[Arguments]
) -> Settings:
    """
    Return the settings for *arguments*, which win over *environ* (by default that of the process).

    An argument that is None counts as not given; so does a variable that is empty.

    Raises:
        ConfigError: A value cannot be used, or an argument is not a setting.
    """
    found = {**_of_environment(os.environ if environ is None else environ), **given(arguments)}
    read = {name: _READERS[name](source, value) for name, (source, value) in found.items()}
    folder = read.setdefault("dir", Path.home() / ".otel-steps")
    read.setdefault("backup_dir", folder / "backup" / "steps")
    has_project = "supabase_url" in read and "supabase_key" in read
    read.setdefault("store", SUPABASE if has_project else embedded_store(folder))
    return Settings(**read)


def embedded_store(folder: Path) -> str:
    """Return the URL of the store in a data folder."""
    return f"{SQLITE}{(folder / 'steps.db').as_posix()}"


def given(arguments: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """
    Return the *arguments* that are not None, each with its name as what it comes from.

    Raises:
        ConfigError: One of them is no setting, or is empty.
    """
    for name, value in arguments.items():
        if name not in _READERS:
            raise ConfigError(f"unknown setting {name!r}; {_advice(name, _READERS)}")
        if isinstance(value, str) and not values.text(name, value).strip():
            raise ConfigError(f"{name} is empty; give a value, or leave it out for the default")
    return {name: (name, value) for name, value in arguments.items() if value is not None}


def _of_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for variable, name in VARIABLES.items():
        if (value := environ.get(variable, "").strip()) and name not in found:
            found[name] = (variable, value)
    return found


def doubts(settings: Settings, environ: Mapping[str, str] | None = None) -> Iterator[Doubt]:
    """Yield what is probably a mistake, and yet no error: it may be meant for somebody else."""
    environ = os.environ if environ is None else environ
    known = [name for name in VARIABLES if name.startswith(PREFIX)]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            yield Doubt(f"unknown variable {name}: it has no effect", _advice(name, known))
    is_half = (settings.supabase_url is None) is not (settings.supabase_key is None)
    if is_half and settings.store.reveal() == embedded_store(settings.dir):
        there, missing = "SUPABASE_URL", "SUPABASE_SECRET_KEY"
        if settings.supabase_url is None:
            there, missing = missing, there
        yield Doubt(
            f"{there} is set and {missing} is not: steps are stored in {settings.store}",
            f"set {missing} as well, or name the store with OTEL_STEPS_STORE",
        )


def _advice(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # only whoever mistypes needs it

    nearest = get_close_matches(name, known, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"use one of {', '.join(known)}"
