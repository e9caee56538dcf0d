"""
Values of rows as JSON text, for every store that speaks SQL.
"""

import math
from typing import Any, Final

import orjson

from otel_steps.errors import RowRejected

_PLAIN_ONLY: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_NO_FLOATS: Final = frozenset({str, int, bool, type(None)})


def encode(value: Any, what: str) -> bytes:
    """
    Return *value* as JSON in UTF-8; *what* it is stands in the message where it is none.

    Raises:
        RowRejected: It is no JSON, or holds text that has no encoding or a number beyond 64 bit.
    """
    try:
        data = orjson.dumps(value, option=_PLAIN_ONLY)
        # The encoder writes null for NaN, too.
        is_whole = b"null" not in data or _is_finite(value)
    except TypeError as error:
        # Without the encoder's words: they may quote the value.
        raise RowRejected(f"{what} is not JSON: {type(error).__name__}") from error
    if not is_whole:
        raise RowRejected(f"{what} is not JSON: it has a number that is not finite")
    return data


def _is_finite(value: Any) -> bool:
    """Tell whether every number in *value*, which the encoder has taken, is one that JSON has."""
    if isinstance(value, float):
        return math.isfinite(value)
    if not isinstance(value, dict | list | tuple):
        return True
    values = value.values() if isinstance(value, dict) else value
    return all(type(each) in _NO_FLOATS or _is_finite(each) for each in values)
