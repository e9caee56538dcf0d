"""Times as rows have them: ISO 8601 in UTC, with six decimals. Pure."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MIN_MICROS: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_MAX_MICROS: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def iso(unix_nano: int) -> str:
    """Return the time as the rows have it; a clock gone mad ends where `datetime` does."""
    micros = max(_MIN_MICROS, min(unix_nano // 1000, _MAX_MICROS))
    seconds, micros = divmod(micros, 1_000_000)
    day, seconds = divmod(seconds, 86_400)
    # Three times as fast as `datetime.isoformat`, and each span has two of them.
    return "%sT%02d:%02d:%02d.%06d+00:00" % (  # noqa: UP031 - the fastest
        _iso_day(day),
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
        micros,
    )


def unix_nano(time: str | None) -> int:
    """Return the time of a row; of none, 0."""
    if time is None:
        return 0
    return (datetime.fromisoformat(time) - _EPOCH) // _MICROSECOND * 1000


@lru_cache(64)
def _iso_day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).date().isoformat()
