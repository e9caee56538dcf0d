"""Which screens look like another one: few bits of their hashes differ. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_steps.pictures.names import picture_name_in

# Of the 64 of a difference hash; two screens of one app that show other things differ in more.
MOST_BITS: Final = 10
# So many different hashes are looked into, the closest first, and so many of the newest pictures
# of each: what is on every second screen must not take a question's time.
MAX_HASHES: Final = 100
MAX_OF_HASH: Final = 200
MAX_SIMILAR: Final = 100


def differing_bits(one: int, other: int) -> int:
    """Return in how many of their 64 bits two hashes differ; each is a signed integer."""
    return ((one ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count()


def similar_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer of `Store.similar` from a row that a store has found."""
    told = {name: value for name, value in row.items() if name != "screenshot_path"}
    return {**told, "picture": picture_name_in(row["screenshot_path"])}
