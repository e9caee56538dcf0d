"""
Rules of what goes, as a setting writes them.
"""

import math
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from otel_steps.config import values
from otel_steps.config.retention import Retention

_EXPECTED: Final = (
    "rules such as 90d, max=20GB, tasks=10000, status=completed, tag=NAME, score-below=0.5, "
    "keep=failed, keep=tagged, pictures, and beside it keep=first-last-failed, with commas between "
    "them, and of the first six one at least"
)

_AGE: Final = re.compile(r"(\d{1,4})\s*(h|d|w)", re.IGNORECASE | re.ASCII)
_KEPT: Final = {
    "failed": "keep_failed",
    "tagged": "keep_tagged",
    "first-last-failed": "keep_first_last_failed",
}
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}


def age(source: str, value: object) -> timedelta:
    """Return a length of time such as 30d."""
    read = _AGE.fullmatch(str(value).strip())
    if read is None:
        raise values.bad(source, value, "an age such as 12h, 30d or 8w")
    return timedelta(**{_UNITS[read[2].lower()]: int(read[1])})


def score(source: str, value: object) -> float:
    """Return a score such as 0.5."""
    try:
        found = float(str(value))
    except ValueError:
        found = math.nan
    if not -1 <= found <= 1:
        raise values.bad(source, value, "a score from -1 to 1")
    return found


def retention(source: str, value: object) -> Retention:
    """
    Return the rules that are written as `90d,max=20GB,keep=failed`.

    Raises:
        ConfigError: They cannot be read, or do not say what goes.
    """
    if isinstance(value, Retention):
        return value
    rules = Retention()
    for word in str(value).split(","):
        changed = _changed(rules, source, word.strip())
        if changed is None:
            raise values.bad(source, value, _EXPECTED)
        rules = changed
    if rules.is_empty or (rules.keep_first_last_failed and not rules.pictures_only):
        raise values.bad(source, value, _EXPECTED)
    return rules


def _changed(rules: Retention, source: str, word: str) -> Retention | None:
    """Return *rules* with what one word adds to them, None where nobody knows the word."""
    name, equals, said = (part.strip() for part in word.partition("="))
    if equals and not said:
        return None
    match name.lower(), said:
        case "max", size if size:
            return replace(rules, max_bytes=values.size(source, size))
        case "tasks", number if number:
            return replace(rules, max_tasks=values.count(source, number))
        case "status", status if status:
            return replace(rules, statuses=rules.statuses | {status})
        case "tag", tag if tag:
            return replace(rules, tags=rules.tags | {tag})
        case "score-below", least if least:
            return replace(rules, score_below=score(source, least))
        case "keep", what if what in _KEPT:
            kept: dict[str, Any] = {_KEPT[what]: True}
            return replace(rules, **kept)
        case "pictures", "":
            return replace(rules, pictures_only=True)
        case _, "" if _AGE.fullmatch(name):
            return replace(rules, older_than=age(source, name))
    return None
