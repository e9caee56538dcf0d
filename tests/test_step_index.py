"""The index of a task, made of rows that lack this or that."""

from typing import Any

import pytest

from otel_steps.rows.flags import flags_of
from otel_steps.rows.step_index import COLUMNS, OF_PICTURE, OF_STEP, TOLD_FROM, index_of

SHA = "0123456789abcdef" * 4


def columns(*steps: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the columns of steps of which is known what is given, and nothing else."""
    known = [{"id": str(n)} | step for n, step in enumerate(steps)]
    names = (*OF_STEP, *OF_PICTURE, *TOLD_FROM)
    return {name: [step.get(name) for step in known] for name in names}


def column(name: str, *steps: dict[str, Any]) -> list[Any]:
    """Return one column of the index of some steps."""
    found: list[Any] = index_of("t", "1", columns(*steps))[name]
    return found


def test_a_row_that_knows_nothing_is_a_step() -> None:
    """A former recorder may have left no more than an id."""
    index = index_of("t", "1", columns({}, {}))

    assert index["start_ms"] == [0.0, 0.0]
    others = [name for name in COLUMNS if name not in ("id", "start_ms")]
    assert all(index[name] == [None, None] for name in others)
    assert flags_of(index) == [[], []]


def test_times_count_from_the_earliest() -> None:
    """Whatever the order and the clock; a step without a time began with the one before it."""
    times = [
        "2026-11-24T08:00:05+00:00",
        None,
        "2026-11-24T08:00:00.250000+00:00",
        "12026-01-01",
        "",
    ]

    starts = column("start_ms", *({"started_at": time} for time in times))

    assert starts == [4750.0, 4750.0, 0.0, 0.0, 0.0]
    assert column("start_ms", {}, {"started_at": times[0]}) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"01/{SHA}.webp", SHA),
        (f"{SHA}.png", SHA),
        ("screenshots/step_1.png", None),
        (f"C:\\shots\\{SHA}.png", None),
        ("", None),
        (None, None),
    ],
)
def test_a_picture_is_named_by_its_hash(path: str | None, name: str | None) -> None:
    """Files of other recorders are not among ours, and have no such name."""
    assert column("picture", {"screenshot_path": path}) == [name]


@pytest.mark.parametrize(
    ("phash", "digits"), [(0, "0" * 16), (-1, "f" * 16), (-(2**63), "8" + "0" * 15), (None, None)]
)
def test_a_hash_has_16_digits(phash: int | None, digits: str | None) -> None:
    """The column is signed; the digits are the bits."""
    assert column("phash", {"phash": phash}) == [digits]


def test_one_step_has_one_row() -> None:
    """Of several pictures of a step the first counts, and the steps keep their order."""
    found = column("width", {"id": "a", "width": 1}, {"id": "a", "width": 2}, {"id": "b"})

    assert found == [1, None]
