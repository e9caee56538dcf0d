"""
The fields of an OTLP/JSON message: typed access to what `json.loads` returned.

Each function takes an object and the key of a field, returns the default of protobuf where the
field is absent or null, and raises ValueError naming the field where it holds something else.
Values are returned as they came; nothing here is clean.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn

from otel_steps.otlp.raw import Json


def objects(parent: Json, key: str) -> Sequence[Json]:
    """Return a list of objects."""
    value = parent.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong(key, value, "a list of objects")
    return value


def object_(parent: Json, key: str) -> Json:
    """Return an object."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(key, value, "an object")
    return value


def string(parent: Json, key: str) -> str:
    """Return a string."""
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(key, value, "a string")
    return value


def hex_id(parent: Json, key: str, length: int) -> str | None:
    """
    Return the id in lower case, or None where there is none or it is all zeros.

    It may come in base64, as protobuf's own JSON has it, and so Grafana Tempo's answers.
    """
    given = string(parent, key)
    if not given:
        return None
    text = (_of_base64(given, length // 2) or given).lower()
    if len(text) != length or not set(text) <= set("0123456789abcdef"):
        raise wrong(key, text, f"{length} hex digits")
    return text if text.strip("0") else None


def _of_base64(text: str, size: int) -> str | None:
    if len(text) != 4 * -(-size // 3):
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data.hex() if len(data) == size else None


def integer(parent: Json, key: str) -> int:
    """Return an integer of any size, which may come as a number or as a string."""
    value = parent.get(key)
    if value is None:
        return 0
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise wrong(key, value, "an integer") from None
    if isinstance(value, float) and value != number:
        raise wrong(key, value, "an integer")
    return number


def enum(parent: Json, key: str, names: Mapping[str, int]) -> int:
    """Return the number of an enum value, which may come by its name."""
    value = parent.get(key)
    if isinstance(value, str) and value in names:
        return names[value]
    # An unknown number is one of a newer version; 32 bit is what an enum has.
    return max(0, min(integer(parent, key), 2**31 - 1))


def attributes(parent: Json, key: str = "attributes") -> dict[str, Any]:
    """Return a list of OTLP key-value pairs as a dict of plain values."""
    return {string(pair, "key"): _value(object_(pair, "value")) for pair in objects(parent, key)}


def missing(key: str) -> NoReturn:
    """Refuse a span without an id: nothing can tell it from others."""
    raise ValueError(f"{key} is missing, empty or zero; a span has one")


def _value(any_value: Json) -> Any:
    for key, value in any_value.items():
        decode = _DECODERS.get(key)
        if decode and value is not None:
            return decode(any_value, key)
    return None


def _bool(parent: Json, key: str) -> bool:
    value = parent[key]
    if not isinstance(value, bool):
        raise wrong(key, value, "true or false")
    return value


def _float(parent: Json, key: str) -> float:
    try:
        return float(parent[key])
    except (TypeError, ValueError, OverflowError):
        raise wrong(key, parent[key], "a number") from None


def _array(parent: Json, key: str) -> list[Any]:
    return [_value(item) for item in objects(object_(parent, key), "values")]


def _kvlist(parent: Json, key: str) -> dict[str, Any]:
    return attributes(object_(parent, key), "values")


_DECODERS: Final[Mapping[str, Callable[[Json, str], Any]]] = {
    "stringValue": string,
    "boolValue": _bool,
    "intValue": integer,
    "doubleValue": _float,
    "bytesValue": string,
    "arrayValue": _array,
    "kvlistValue": _kvlist,
}


def wrong(key: str, value: Any, expected: str) -> ValueError:
    """Return the error of a field that holds something else."""
    return ValueError(f"{key} is {repr(value)[:60]}, expected {expected}")
