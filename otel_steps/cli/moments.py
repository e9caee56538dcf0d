"""Moments as a person types them: a time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_AGO: Final = re.compile(r"(\d{1,6})\s*(m|h|d|w)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> str:
    """
    Return what *text* means as a time of ISO 8601: `24h` is a day ago, anything else stays.

    Raises:
        ValueError: It is longer ago than there are years.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago is None:
        return text
    try:
        at = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    except OverflowError as error:
        raise ValueError(f"since is {text[:80]!r}, before the first year") from error
    return at.isoformat(timespec="seconds")
