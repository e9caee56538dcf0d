"""A time that gets on with those that know their zone and with those that do not."""

from datetime import datetime
from typing import Any, Self


class Moment(datetime):
    """
    A time with its zone; one without, as `datetime.now()` returns it, is taken as local beside it.

    The former tracker's times had no zone: programs subtract them from `datetime.now()`, and sort
    them among those that they have kept.
    """

    @classmethod
    def of(cls, time: datetime) -> Self:
        """Return *time*, which is local where it has no zone."""
        moment = _with_zone(time)
        date = (moment.year, moment.month, moment.day)
        clock = (moment.hour, moment.minute, moment.second, moment.microsecond)
        return cls(*date, *clock, tzinfo=moment.tzinfo, fold=moment.fold)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(_with_zone(other))

    def __lt__(self, other: Any) -> bool:
        return super().__lt__(_with_zone(other))

    def __le__(self, other: Any) -> bool:
        return super().__le__(_with_zone(other))

    def __gt__(self, other: Any) -> bool:
        return super().__gt__(_with_zone(other))

    def __ge__(self, other: Any) -> bool:
        return super().__ge__(_with_zone(other))

    def __sub__(self, other: Any) -> Any:
        return super().__sub__(_with_zone(other))

    def __rsub__(self, other: Any) -> Any:
        return datetime.__sub__(_with_zone(other), self)

    __hash__ = datetime.__hash__


def _with_zone(value: Any) -> Any:
    is_local = isinstance(value, datetime) and value.tzinfo is None
    return value.astimezone() if is_local else value
