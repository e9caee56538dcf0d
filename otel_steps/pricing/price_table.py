"""
What models cost: the table that comes with this package, or the one that somebody has named.

A table is a TOML file; `prices.toml` beside this says what stands in it.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final

from otel_steps.config import ConfigError

BUILT_IN: Final = Path(__file__).with_name("prices.toml")

_PER: Final = 1_000_000
_KEYS: Final = frozenset({"names", "currency", "input", "cached", "output", "source"})


@dataclass(frozen=True, slots=True)
class Price:
    """
    What a model costs per million tokens.

    Attributes:
        currency: Three capital letters.
        input: Of tokens that go in, but for the cached ones.
        output: Of tokens that come out.
        cached: Of the input that was in the provider's cache; None where nobody knows.
    """

    currency: str
    input: float
    output: float
    cached: float | None = None

    def of(self, input_tokens: int, output_tokens: int, cached_tokens: int) -> float | None:
        """Return what tokens cost; None where the table does not say, or the counts cannot be."""
        fresh = input_tokens - cached_tokens
        if min(fresh, output_tokens, cached_tokens) < 0 or (cached_tokens and self.cached is None):
            return None
        spent = fresh * self.input + output_tokens * self.output
        return (spent + cached_tokens * (self.cached or 0.0)) / _PER


@dataclass(frozen=True, slots=True)
class PriceTable:
    """
    Prices by the names of models, in small letters.

    Attributes:
        date: When the table was put together, as YYYY-MM-DD.
        file: Where it stands.
    """

    prices: Mapping[str, Price]
    date: str
    file: Path

    def price_of(self, model: str | None) -> Price | None:
        """Return the price of *model*, or None where the table has none."""
        return None if model is None else self.prices.get(model.lower())


def load(file: Path | None) -> PriceTable:
    """
    Return the table in *file*; None is the one that comes with this package.

    Raises:
        ConfigError: It cannot be read, or something in it is not as it has to be.
    """
    file = file or BUILT_IN
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad(file, f"it cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _bad(file, f"it is not UTF-8: {error.reason} at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise _bad(file, f"it is not TOML: {error}") from error
    try:
        return PriceTable(dict(_prices(content)), _date(content), file)
    except ValueError as error:
        raise _bad(file, str(error)) from error


def _bad(file: Path, message: str) -> ConfigError:
    return ConfigError(
        f"the price table {file} cannot be used: {message}; {BUILT_IN} shows how it is written, "
        "and is used where OTEL_STEPS_PRICES is not set"
    )


def _date(content: Mapping[str, Any]) -> str:
    when = content.get("date")
    if not isinstance(when, date) or isinstance(when, datetime):
        raise ValueError(f"date is {_shown(when)}; expected a day without quotes: 2026-11-28")
    return when.isoformat()


def _prices(content: Mapping[str, Any]) -> Iterator[tuple[str, Price]]:
    seen: set[str] = set()
    for number, entry in enumerate(_list(content, "models"), 1):
        place = f"models[{number}]"
        if not isinstance(entry, dict):
            raise ValueError(f"{place} is {_shown(entry)}; expected a table: [[models]]")
        if unknown := entry.keys() - _KEYS:
            raise ValueError(
                f"{place} has {min(unknown)!r}, which means nothing; use {', '.join(sorted(_KEYS))}"
            )
        price = Price(
            currency=_currency(place, entry),
            input=_amount(place, entry, "input"),
            output=_amount(place, entry, "output"),
            cached=_amount(place, entry, "cached") if "cached" in entry else None,
        )
        for name in _list(entry, "names", place):
            if not isinstance(name, str) or not name.strip():
                raise ValueError(f"{place}.names has {_shown(name)}; expected names of models")
            key = name.strip().lower()
            if key in seen:
                raise ValueError(f"{place}.names has {name!r} once more; a model has one price")
            seen.add(key)
            yield key, price


def _list(content: Mapping[str, Any], key: str, place: str = "") -> list[Any]:
    found = content.get(key)
    if not isinstance(found, list) or not found:
        where = f"{place}.{key}" if place else key
        raise ValueError(f"{where} is {_shown(found)}; expected a list with something in it")
    return found


def _currency(place: str, entry: Mapping[str, Any]) -> str:
    word = entry.get("currency")
    if not isinstance(word, str) or len(word) != 3 or not (word.isascii() and word.isupper()):
        raise ValueError(f"{place}.currency is {_shown(word)}; expected three letters: USD, CNY")
    return word


def _amount(place: str, entry: Mapping[str, Any], key: str) -> float:
    amount = entry.get(key)
    if isinstance(amount, bool) or not (
        isinstance(amount, int | float) and isfinite(amount) and amount >= 0
    ):
        raise ValueError(
            f"{place}.{key} is {_shown(amount)}; expected what a million tokens cost, from 0"
        )
    return float(amount)


def _shown(value: Any) -> str:
    return "missing" if value is None else repr(value)[:80]
