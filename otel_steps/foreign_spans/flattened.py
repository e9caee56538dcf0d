"""Lists and objects that stand in attributes as `prefix.0.key`, put together again. Pure."""

from collections.abc import Mapping
from typing import Any, Final

# Keys of others: one could be dots from end to end.
_MAX_DEPTH: Final = 16


def unflattened(attributes: Mapping[str, Any], prefix: str) -> Any:
    """
    Return what the attributes below *prefix* hold: objects, and lists where all keys are numbers.

    Returns:
        None where there are none.
    """
    root: dict[str, Any] = {}
    start = prefix + "."
    for key, value in attributes.items():
        if key.startswith(start):
            _put(root, key[len(start) :].split(".", _MAX_DEPTH), value)
    return _with_lists(root) if root else None


def _put(holder: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        inner = holder.setdefault(name, {})
        if not isinstance(inner, dict):
            return  # a value and an object of one name: the value came first
        holder = inner
    holder.setdefault(path[-1], value)


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(each) for key, each in value.items()}
    if all(key.isdecimal() for key in inner):
        return [inner[key] for key in sorted(inner, key=_number)]
    return inner


def _number(digits: str) -> tuple[int, str]:
    return len(digits), digits
