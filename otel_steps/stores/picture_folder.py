"""
Where the pictures of a recording lie: which folder the settings name.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from otel_steps.config import ConfigError, Settings, redacted_url

# Two letters at least: one is a drive of Windows.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def folder_of(settings: Settings) -> Path:
    """
    Return the folder that pictures are written to, and that paths in rows are relative to.

    Raises:
        ConfigError: `OTEL_STEPS_SCREENSHOT_URL` names something else than a folder.
    """
    url = settings.screenshot_url
    if url is None:
        return settings.dir / "screenshots"
    scheme = _SCHEME.match(url)
    if scheme is None:
        return Path(url).expanduser().absolute()
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path:
        raise ConfigError(
            f"OTEL_STEPS_SCREENSHOT_URL has the value {redacted_url(url)!r}; "
            "expected the path of a folder, or file:///path"
        )
    return Path(url2pathname(parts.path)).absolute()
