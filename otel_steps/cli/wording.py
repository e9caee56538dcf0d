"""How rows of the tables read on a terminal (pure)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from otel_steps.action.words import action_name
from otel_steps.pricing.amounts import amount_text

STATUS_STYLES: Final[Mapping[str, str]] = {
    "running": "cyan",
    "completed": "green",
    "failed": "red",
    "cancelled": "yellow",
    "interrupted": "yellow",
    "max_steps": "magenta",
}

_SHORTEST_ID: Final = 8
# What a terminal would obey instead of showing it: a model may have written it.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(value: Any) -> str:
    """Return *value* as text without control characters, "" for None."""
    return "" if value is None else _CONTROL.sub("\ufffd", str(value))


def one_line(value: Any) -> str:
    """Return *value* as text without control characters and line breaks."""
    return " ".join(plain(value).split())


def counted(count: int, noun: str) -> str:
    """Return `1 span` or `2 spans`, for a noun with a regular plural."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def waiting_text(*, spans: int, pictures: int) -> str:
    """Return what waits in the journal: `3 spans`, `1 picture` or `3 spans and 1 picture`."""
    parts = [counted(spans, "span")] if spans or not pictures else []
    return " and ".join([*parts, *([counted(pictures, "picture")] if pictures else [])])


def waits_text(*, spans: int, pictures: int) -> str:
    """Return the same with its verb: `1 picture waits`, `3 spans and 1 picture wait`."""
    verb = "waits" if spans + pictures == 1 else "wait"
    return f"{waiting_text(spans=spans, pictures=pictures)} {verb}"


def duration_text(milliseconds: float | None) -> str:
    """Return a duration as `340 ms`, `2.4 s`, `3 min 05 s` or `1 h 04 min`."""
    if milliseconds is None:
        return "-"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def cost_text(usage: Mapping[str, Any]) -> str:
    """Return what `pricing.usage.priced` says of a cost: `USD 0.0123`, or that it is not known."""
    sums = [f"{each['currency']} {amount_text(each['amount'])}" for each in usage["cost"] or ()]
    if usage["unpriced"]:
        names = ", ".join(one_line(name) or "of no name" for name in usage["unpriced"])
        sums.append(f"price unknown ({names})")
    return " + ".join(sums)


def tokens_text(usage: Mapping[str, Any]) -> str:
    """Return `1,312 tokens in (1,024 cached), 74 out`; what nobody has told is left out."""
    cached = "" if usage["cached_tokens"] is None else f" ({usage['cached_tokens']:,} cached)"
    parts = [
        "" if usage["input_tokens"] is None else f"{usage['input_tokens']:,} tokens in{cached}",
        "" if usage["output_tokens"] is None else f"{usage['output_tokens']:,} out",
    ]
    return ", ".join(part for part in parts if part)


def time_text(iso: str | None) -> str:
    """Return an ISO 8601 time as local time down to the second; "" where nobody knows it."""
    if iso is None:
        return ""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def size_text(size_bytes: float) -> str:
    """Return a size as `812 bytes`, `1.2 MiB` and so on."""
    if size_bytes < 1024:
        return f"{size_bytes:.0f} bytes"
    if size_bytes < 1024**2:
        return f"{size_bytes / 1024:.1f} KiB"
    if size_bytes < 1024**3:
        return f"{size_bytes / 1024**2:.1f} MiB"
    return f"{size_bytes / 1024**3:.1f} GiB"


def task_duration_ms(task: Mapping[str, Any]) -> float:
    """Return how long a task took from its start to its end, or last sign of life; 0 if unknown."""
    start, end = task["created_at"], task["end_time"] or task["last_activity"]
    if start is None or end is None:
        return 0.0
    elapsed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return max(0.0, elapsed.total_seconds() * 1000)


def action_text(action: Any) -> str:
    """
    Return an action in one short line: `Tap (500, 82)`, `Type "hello"`, `Launch Settings`.

    Args:
        action: Whatever the step has recorded; agents use many shapes.
    """
    if not isinstance(action, Mapping):
        return one_line(action)
    return one_line(" ".join([action_name(action) or "", *_details(action)]))


def _details(action: Mapping[str, Any]) -> Iterator[str]:
    name = action_name(action)
    for key, value in action.items():
        if key == "_metadata" or value == name:
            continue
        if key in ("element", "start", "app"):
            yield _value(value)
        elif key == "end":
            yield f"to {_value(value)}"
        elif key in ("text", "message"):
            yield f'"{_value(value)}"'
        else:
            yield f"{key}={_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "(" + ", ".join(_value(each) for each in value) + ")"
    return one_line(value)


def short_ids(ids: Sequence[str]) -> dict[str, str]:
    """Return, for each id, its shortest beginning that no other has (at least 8 characters)."""
    ordered = sorted(set(ids))
    short = {}
    for position, each in enumerate(ordered):
        neighbours = ordered[max(0, position - 1) : position] + ordered[position + 1 : position + 2]
        length = max([_common(each, other) + 1 for other in neighbours], default=0)
        short[each] = each[: max(length, _SHORTEST_ID)]
    return short


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
