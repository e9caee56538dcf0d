"""A row, or another object, as it is told to the outside: names and JSON values."""

from typing import Any

Json = dict[str, Any]
