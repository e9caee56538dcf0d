"""Values that agents hand over by accident, for property tests."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# A busy machine is no bug: properties are checked without a clock.
settings.register_profile("otel-steps", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("otel-steps")


class RaisingRepr:
    """An object that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class RaisingMapping(Mapping[str, Any]):
    """A mapping whose items cannot be read."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("no item")

    def __iter__(self) -> Iterator[str]:
        return iter(["key"])

    def __len__(self) -> int:
        return 1


class RaisingClass:
    """An object that raises on any question about it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no attribute")


class RaisingText(str):
    """A text that cannot be read."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Word(enum.StrEnum):
    TAP = "Tap"


class Number(enum.IntEnum):
    ONE = 1


@dataclass
class Point:
    x: Any
    y: Any


def cycle() -> list[Any]:
    values: list[Any] = [1]
    values.append({"self": values})
    return values


def deep(levels: int) -> list[Any]:
    values: list[Any] = []
    for _ in range(levels):
        values = [values]
    return values


# All of Unicode, lone surrogates included, and U+0000 more often than chance has it.
texts = st.text(st.characters() | st.sampled_from("\0\ud800\udfff\ud83d\ude00"), max_size=20)

ODDITIES: list[Any] = [
    RaisingRepr(),
    RaisingMapping(),
    RaisingClass(),
    RaisingText("x"),
    Word.TAP,
    Number.ONE,
    object(),
    cycle(),
    deep(200),
    datetime(2026, 1, 2, tzinfo=UTC),
    Decimal("sNaN"),
    UUID(int=1),
    PurePosixPath("/tmp/a"),
    3j,
    10**5000,
    bytearray(b"\xff"),
    range(3),
    float,
    '{"a": "\\u0000", "b": NaN, "c": 1e999}',
    '{"a": ' * 500 + "1" + "}" * 500,
    '"\\ud800"',
    "[" * 100_000,
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**200), max_value=2**200),
    st.floats(),
    st.binary(max_size=20),
    texts,
    # By index: Hypothesis shows what it samples from, and some of these cannot be shown.
    st.integers(0, len(ODDITIES) - 1).map(lambda index: ODDITIES[index]),
)

values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(texts | st.integers() | st.none() | st.booleans(), inner, max_size=4),
        st.builds(Point, inner, inner),
        st.sets(st.integers(), max_size=3),
    ),
    max_leaves=12,
)

# What JSON has, and storable as it is.
clean_texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
)
clean_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | clean_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(clean_texts, inner, max_size=4),
    max_leaves=12,
)
