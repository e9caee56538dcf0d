"""
Values of rows as JSON text, for every store that speaks SQL.
"""

from typing import Any, Final

import orjson

from otel_steps.errors import RowRejected
from otel_steps.sanitize.json_text import is_finite

_PLAIN_ONLY: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def encode(value: Any, what: str) -> bytes:
    """
    Return *value* as JSON in UTF-8; *what* it is stands in the message where it is none.

    Raises:
        RowRejected: It is no JSON, or holds text that has no encoding or a number beyond 64 bit.
    """
    try:
        data = orjson.dumps(value, option=_PLAIN_ONLY)
        # The encoder writes null for NaN, too.
        is_whole = b"null" not in data or is_finite(value)
    except TypeError as error:
        # Without the encoder's words: they may quote the value.
        raise RowRejected(f"{what} is not JSON: {type(error).__name__}") from error
    if not is_whole:
        raise RowRejected(f"{what} is not JSON: it has a number that is not finite")
    return data
