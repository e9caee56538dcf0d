"""
Where the pictures of a recording lie: which folder the settings name.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from otel_steps.config import ConfigError, Settings, redacted_url
from otel_steps.process.forks import no_fork

# Two letters at least: one is a drive of Windows.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
# Of fsspec's, the ones that are folders of this machine: we write and read these ourselves, for
# this user alone and without following links.
_FOLDERS: Final = frozenset({"file", "local"})


def is_elsewhere(url: str) -> bool:
    """Tell whether *url* names something other than a folder of this machine."""
    scheme = _SCHEME.match(url)
    return scheme is not None and scheme[1].lower() not in _FOLDERS


def folder_of(settings: Settings) -> Path:
    """
    Return the folder that paths in rows are relative to, and that pictures are written to.

    Where pictures live elsewhere it is that of the settings' default, and holds none of them.

    Raises:
        ConfigError: `OTEL_STEPS_SCREENSHOT_URL` names nothing that pictures can be written to.
    """
    url = settings.screenshot_url and settings.screenshot_url.reveal()
    folder = None if url is None else folder_at(url, "OTEL_STEPS_SCREENSHOT_URL")
    return settings.dir / "screenshots" if folder is None else folder


def folder_at(url: str, setting: str) -> Path | None:
    """
    Return the folder of this machine that *url* names, None where it names something else.

    Args:
        setting: Where it was written, for the message.

    Raises:
        ConfigError: It names nothing that files can be written to.
    """
    if is_elsewhere(url):
        _check_driver(url, setting)
        return None
    if _SCHEME.match(url) is None:
        return Path(url).expanduser().absolute()
    try:
        parts = urlsplit(url)
    except ValueError:  # such as half of a pair of brackets
        parts = urlsplit("")
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise ConfigError(
            f"{setting} has the value {redacted_url(url)!r}; "
            "expected the path of a folder, or file:///path"
        )
    return Path(url2pathname(parts.path)).absolute()


def _check_driver(url: str, setting: str) -> None:
    """
    Check that there is a driver for *url*; connects to nothing.

    Raises:
        ConfigError: There is none; the message says what to install.
    """
    shown = f"{setting} has the value {redacted_url(url)!r}"
    first, *others = url.split("::")
    if not all(is_elsewhere(link) for link in others):
        raise ConfigError(f"{shown}: its chain ends in a folder; name the folder itself")
    try:
        with no_fork():
            from fsspec import get_filesystem_class  # type: ignore[import-untyped] # it has none
    except ImportError as error:
        raise ConfigError(
            f"{shown}: for anything but a folder, install `pip install 'otel-steps[archive]'`"
        ) from error
    try:
        with no_fork():
            for link in (first, *others):
                get_filesystem_class(link.partition(":")[0])
    except ImportError as error:
        # Such as "Install s3fs to access S3".
        raise ConfigError(f"{shown}: its driver is missing: {error}") from error
    except ValueError as error:
        raise ConfigError(
            f"{shown}; expected the path of a folder, file:///path, or a URL that fsspec knows"
        ) from error
    except Exception as error:  # a driver is foreign code
        raise ConfigError(f"{shown}: its driver fails: {type(error).__name__}") from error
