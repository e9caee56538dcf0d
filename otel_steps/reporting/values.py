"""What the values of rows look like in a report. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from otel_steps.pricing.amounts import amount_text
from otel_steps.reporting.words import Words

# A result may be a whole page, and a model that has lost itself writes without end.
_MOST_CHARS: Final = 4000


def moment_text(iso: str | None) -> str | None:
    """Return a time on this machine's clock, with how far that is from UTC; as it is if odd."""
    if not iso:
        return None
    try:
        return datetime.fromisoformat(iso).astimezone().isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError):
        return iso  # PostgreSQL knows years that Python does not


def took_ms(task: Mapping[str, Any]) -> float | None:
    """Return how long a task took from its start to its end or last sign of life, in ms."""
    try:
        start = datetime.fromisoformat(task["created_at"])
        end = datetime.fromisoformat(task["end_time"] or task["last_activity"])
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, (end - start).total_seconds() * 1000)


def tokens_text(usage: Mapping[str, Any] | None, words: Words) -> str | None:
    """Return what went in and came out, as far as it is known."""
    if usage is None:
        return None
    tokens, cached, out = (usage[f"{name}_tokens"] for name in ("input", "cached", "output"))
    parts = []
    if tokens is not None:
        key = "usage.in" if cached is None else "usage.in.cached"
        parts.append(words(key, tokens=tokens, cached=cached))
    if out is not None:
        parts.append(words("usage.out", tokens=out))
    return " · ".join(parts)


def cost_text(usage: Mapping[str, Any] | None, words: Words) -> str | None:
    """Return what it cost by the table of prices, or that nobody knows."""
    if usage is None:
        return None
    sums = [f"{each['currency']} {amount_text(each['amount'])}" for each in usage["cost"] or ()]
    if usage["unpriced"]:
        sums.append(words("usage.unknown"))
    return " + ".join(sums)


def dated_cost_text(usage: Mapping[str, Any] | None, words: Words) -> str | None:
    """Return the same with the date of the prices, where there are any."""
    text = cost_text(usage, words)
    if usage is None or not usage["cost"]:
        return text
    return f"{text} ({words('usage.prices', date=usage['prices_date'])})"


def shortened(text: str, words: Words) -> str:
    """Return *text*; of a very long one its beginning, and how much more there is."""
    if len(text) <= _MOST_CHARS:
        return text
    return f"{text[:_MOST_CHARS]}\n{words('report.cut', count=len(text) - _MOST_CHARS)}"
