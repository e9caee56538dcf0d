"""
A person's search text, as the databases compare it: literally, anywhere, in columns and in JSON.
"""

import json
from collections.abc import Iterable
from typing import Final

from otel_steps.stores.task_query import MAX_SEARCH_CHARS

ESCAPE: Final = "\\"
_LITERAL: Final = str.maketrans({"%": r"\%", "_": r"\_", ESCAPE: ESCAPE * 2})


# Of a step: what is text, and what is JSON.
SEARCHED_TEXT: Final = ("thinking", "app", "error_message")
SEARCHED_JSON: Final = ("action", "action_result", "step_data")


def patterns_of(text: str) -> dict[str, str]:
    """Return the patterns of LIKE that find *text* anywhere: in text, and in JSON, escaped."""
    wanted = text[:MAX_SEARCH_CHARS]
    return {
        "pattern": f"%{wanted.translate(_LITERAL)}%",
        "json_pattern": f"%{_in_json(wanted).translate(_LITERAL)}%",
    }


def is_same_in_json(text: str) -> bool:
    """Tell whether JSON has *text* as it is, with nothing escaped."""
    return _in_json(text) == text


def are_storable(values: Iterable[object]) -> bool:
    """Tell whether rows could hold *values*: no U+0000 and no half of a character in a text."""
    texts = [value for value in values if isinstance(value, str)]
    try:
        return b"\0" not in "".join(texts).encode()
    except UnicodeEncodeError:
        return False


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
