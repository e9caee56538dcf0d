"""
What steps have used: tokens in sums, and what they cost by a table of prices. Pure.

A cost is told when somebody asks, from tokens, model and the table of that moment; nothing stores
it, so that another table corrects the past as well. Currencies are never added to each other, and
what has no price has no cost: it is named instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otel_steps.pricing.price_table import PriceTable

Row = Mapping[str, Any]

_TOKENS: Final = ("input_tokens", "output_tokens", "cached_tokens")
# Of a float, what is not noise.
_DIGITS: Final = 12


def rows_of(steps: Iterable[Row], task: Row) -> list[dict[str, Any]]:
    """Return the rows that `Store.usage` has of a task, from all rows of its `task_steps`."""
    sums: dict[tuple[str | None, bool], dict[str, Any]] = {}
    for step in steps:
        counts = [step["input_tokens"], step["output_tokens"]]
        if counts == [None, None]:
            continue
        model, is_whole = step["model"] or task["model"], None not in counts
        row = sums.setdefault((model, is_whole), {"model": model, "is_whole": is_whole, "steps": 0})
        row["steps"] += 1
        for name in _TOKENS:
            row[name] = _plus(row.get(name), step[name])
    return list(sums.values())


def priced(rows: Sequence[Row], table: PriceTable) -> dict[str, Any] | None:
    """
    Return what *rows*, as `Store.usage` has them, come to; None where there are none.

    Returns:
        `steps`; `input_tokens`, `output_tokens` and `cached_tokens`, each None where nobody has
        told it; `cost`, a list of `{"currency", "amount"}`, None where nothing has a price;
        `unpriced`, the models of which not all could be priced (None is a model that nobody has
        named); and `prices_date`, that of the table, as YYYY-MM-DD.
    """
    if not rows:
        return None
    tokens: dict[str, int | None] = dict.fromkeys(_TOKENS)
    amounts: dict[str, float] = {}
    unpriced: dict[str | None, None] = {}
    for row in rows:
        for name in _TOKENS:
            tokens[name] = _plus(tokens[name], row[name])
        price = table.price_of(row["model"])
        amount = None
        if price is not None and row["is_whole"]:
            amount = price.of(row["input_tokens"], row["output_tokens"], row["cached_tokens"] or 0)
        if price is None or amount is None:
            unpriced[row["model"]] = None
        else:
            amounts[price.currency] = amounts.get(price.currency, 0.0) + amount
    cost = [
        {"currency": currency, "amount": round(amount, _DIGITS)}
        for currency, amount in sorted(amounts.items())
    ]
    return {
        "steps": sum(row["steps"] for row in rows),
        **tokens,
        "cost": cost or None,
        "unpriced": list(unpriced),
        "prices_date": table.date,
    }


def with_usage(report: Row, table: PriceTable) -> dict[str, Any]:
    """Return the *report* of a task, as `Store.report` has it, with its `usage`."""
    return {**report, "usage": priced(rows_of(report["steps"], report["task"]), table)}


def of_step(step: Row, task: Row, table: PriceTable) -> dict[str, Any] | None:
    """Return what one row of `task_steps` comes to, as `priced` does."""
    return priced(rows_of([step], task), table)


def grouped(rows: Iterable[Row], key: str, table: PriceTable) -> list[dict[str, Any]]:
    """Return what rows of `Store.usage_by_day` come to for each "day" or "model", in order."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    return [{key: name, **(priced(own, table) or {})} for name, own in ordered]


def of_all(rows: Sequence[Row], table: PriceTable) -> dict[str, Any]:
    """Return `{"total", "by_day", "by_model"}` of the rows of `Store.usage_by_day`."""
    return {
        "total": priced(rows, table),
        "by_day": grouped(rows, "day", table),
        "by_model": grouped(rows, "model", table),
    }


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
