"""A time as agents tell it, as OpenTelemetry counts it: nanoseconds since the epoch. Pure."""

from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import Final

# A time told, as `unix_ns` takes it.
Time = datetime | float

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Into the year 2262: further than that nobody counts nanoseconds in 64 bits.
_MAX_NS: Final = 2**63 - 1


def unix_ns(time: Time) -> int:
    """
    Return *time* in nanoseconds since the epoch.

    Args:
        time: Seconds since the epoch, as `time.time()` returns them, or a datetime; one without a
            time zone is local.

    Raises:
        ValueError: It is neither, or not between the years 1970 and 2262.
    """
    nanoseconds = _nanoseconds(time)
    if nanoseconds is None or not 0 <= nanoseconds <= _MAX_NS:
        raise ValueError(
            "it is no datetime and no number of seconds since 1970 (milliseconds must be divided "
            "by 1000), up to 2262"
        )
    return nanoseconds


def _nanoseconds(time: object) -> int | None:
    try:
        if isinstance(time, datetime):
            return (time.astimezone(UTC) - _EPOCH) // _MICROSECOND * 1000
        if isinstance(time, Real) and not isinstance(time, bool):
            # A float of today has a fraction of a microsecond to spare, and no nanoseconds.
            return round(float(time) * 1e6) * 1000
    except (ValueError, OverflowError, OSError):  # NaN, infinity, a date beyond the calendar
        return None
    return None
