"""Prices of models, and what steps have cost by them."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import ConfigError
from otel_steps.pricing import price_table, usage

TABLE = """
date = 2026-11-20
[[models]]
names = ["Fast", "fast-1"]
currency = "USD"
input = 1
cached = 0.25
output = 4.0
[[models]]
names = ["lokal"]
currency = "CNY"
input = 7.0
output = 0
"""


@pytest.fixture(name="table")
def _table(tmp_path: Path) -> price_table.PriceTable:
    file = tmp_path / "prices.toml"
    file.write_text(TABLE, encoding="utf-8")
    return price_table.load(file)


def a_row(model: str | None = "fast", **values: Any) -> dict[str, Any]:
    """Return a row as `Store.usage` has it: a million tokens in, a tenth of that out."""
    tokens = {"input_tokens": 1_000_000, "output_tokens": 100_000, "cached_tokens": None}
    return {"model": model, "is_whole": True, "steps": 1, **tokens, **values}


def cost_of(rows: list[dict[str, Any]], table: price_table.PriceTable) -> Any:
    """Return the cost by currency, and the models without one."""
    found = usage.priced(rows, table)
    assert found is not None
    cost = found["cost"] and {each["currency"]: each["amount"] for each in found["cost"]}
    return cost, found["unpriced"]


@pytest.mark.parametrize(
    ("rows", "cost", "unpriced"),
    [
        ([a_row()], {"USD": 1.4}, []),
        ([a_row("FAST-1", cached_tokens=400_000)], {"USD": 1.1}, []),
        ([a_row(), a_row("lokal"), a_row()], {"USD": 2.8, "CNY": 7.0}, []),
        ([a_row("lokal", cached_tokens=0)], {"CNY": 7.0}, []),
        # What is not said is never made up, and never nought.
        ([a_row("lokal", cached_tokens=1)], None, ["lokal"]),
        ([a_row("slow")], None, ["slow"]),
        ([a_row(None)], None, [None]),
        ([a_row("fast-2"), a_row()], {"USD": 1.4}, ["fast-2"]),
        ([a_row(is_whole=False, output_tokens=None)], None, ["fast"]),
        ([a_row(cached_tokens=1_000_001)], None, ["fast"]),
        ([a_row(output_tokens=-1)], None, ["fast"]),
    ],
)
def test_a_cost_is_what_the_table_says(
    table: price_table.PriceTable, rows: list[dict[str, Any]], cost: Any, unpriced: list[Any]
) -> None:
    """Cached tokens by their own price, one sum a currency, and none for what has no price."""
    assert cost_of(rows, table) == (cost, unpriced)


def test_sums_are_by_day_and_by_model(table: price_table.PriceTable) -> None:
    """Each with its tokens and its cost; where nothing is known, nothing is said."""
    rows = [
        {"day": "2026-11-24", **a_row(None)},
        {"day": "2026-11-24", **a_row(steps=2, cached_tokens=0)},
        {"day": "2026-11-25", **a_row()},
    ]

    found = usage.of_all(rows, table)

    assert [(each["day"], each["steps"]) for each in found["by_day"]] == [
        ("2026-11-24", 3),
        ("2026-11-25", 1),
    ]
    assert [(each["model"], each["cost"]) for each in found["by_model"]] == [
        ("fast", [{"currency": "USD", "amount": 2.8}]),
        (None, None),
    ]
    assert (found["total"]["steps"], found["total"]["cached_tokens"]) == (4, 0)
    assert found["total"]["prices_date"] == "2026-11-20"
    assert usage.of_all([], table) == {"total": None, "by_day": [], "by_model": []}


def test_steps_are_summed_as_the_store_sums_them(table: price_table.PriceTable) -> None:
    """A report has its steps at hand: it asks no store for what they have used."""
    tokens = {"input_tokens": 10, "output_tokens": 5, "cached_tokens": None}
    steps = [
        {"model": None, **tokens},
        {"model": "lokal", **tokens, "output_tokens": None},
        {"model": None, **tokens, "cached_tokens": 3},
        {"model": None, **dict.fromkeys(tokens)},
    ]
    task = {"model": "fast"}

    assert usage.rows_of(steps, task) == [
        a_row(steps=2, input_tokens=20, output_tokens=10, cached_tokens=3),
        a_row("lokal", is_whole=False, input_tokens=10, output_tokens=None),
    ]
    assert usage.of_step(steps[3], task, table) is None


def test_the_table_that_comes_along_can_be_used() -> None:
    """It has a day, and prices that each tell where they come from."""
    table = price_table.load(None)

    assert table.file == price_table.BUILT_IN
    assert date.fromisoformat(table.date)
    assert all(price.input > 0 and price.output > 0 for price in table.prices.values())
    text = table.file.read_text(encoding="utf-8")
    assert text.count("[[models]]") == text.count("\nsource = ") > 5
    assert table.price_of("no-such-model") is table.price_of(None) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (TABLE, "date = ?\n", r"it is not TOML: .*line 1"),
        ("date = 2026-11-20", "", r"date is missing; expected a day"),
        ("2026-11-20", '"soon"', r"date is 'soon'; expected a day without quotes"),
        ("2026-11-20", "2026-11-20T08:00:00", r"date is datetime"),
        (TABLE, "date = 2026-11-20", r"models is missing; expected a list"),
        (TABLE, "date = 2026-11-20\nmodels = [1]", r"models\[1\] is 1; expected a table"),
        ('["lokal"]', '"lokal"', r"models\[2\]\.names is 'lokal'; expected a list"),
        ('["lokal"]', '["lokal", " "]', r"models\[2\]\.names has ' '"),
        ('"lokal"', '"FAST"', r"models\[2\]\.names has 'FAST' once more"),
        ('"CNY"', '"¥"', r"models\[2\]\.currency is '¥'; expected three letters"),
        ("cached = 0.25", "cache = 0.25", r"models\[1\] has 'cache', which means nothing"),
        ("cached = 0.25", "cached = -1", r"models\[1\]\.cached is -1; expected what a million"),
        ("input = 7.0", "", r"models\[2\]\.input is missing"),
        ("input = 7.0", "input = nan", r"models\[2\]\.input is nan"),
        ("output = 0", "output = true", r"models\[2\]\.output is True"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    """The message names the file, the place in it, and what is expected there."""
    file = tmp_path / "mine.toml"
    file.write_text(TABLE.replace(old, new), encoding="utf-8")

    with pytest.raises(ConfigError, match=rf"mine\.toml cannot be used: {said}"):
        price_table.load(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "it cannot be read: No such file or directory"),
        ("date = 2026".encode("utf-16"), "it is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    """A missing file, and one of another encoding, have their reason."""
    file = tmp_path / "prices.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError, match=said):
        price_table.load(file)
