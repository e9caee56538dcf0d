"""
A person's search text, as the databases compare it: literally, anywhere, in columns and in JSON.
"""

import json
from collections.abc import Iterable
from typing import Final

from otel_steps.stores.task_query import MAX_SEARCH_CHARS

ESCAPE: Final = "\\"
_LITERAL: Final = str.maketrans({"%": r"\%", "_": r"\_", ESCAPE: ESCAPE * 2})


def patterns_of(text: str) -> dict[str, str]:
    """Return the patterns of LIKE that find *text* anywhere: in text, and in JSON, escaped."""
    wanted = text[:MAX_SEARCH_CHARS]
    inside = json.dumps(wanted, ensure_ascii=False)[1:-1]
    return {
        "pattern": f"%{wanted.translate(_LITERAL)}%",
        "json_pattern": f"%{inside.translate(_LITERAL)}%",
    }


def are_storable(values: Iterable[object]) -> bool:
    """Tell whether rows could hold *values*: no U+0000 and no half of a character in a text."""
    texts = [value for value in values if isinstance(value, str)]
    try:
        return b"\0" not in "".join(texts).encode()
    except UnicodeEncodeError:
        return False
