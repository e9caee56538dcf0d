"""
The table of tasks: ids stay whole, descriptions stay readable, the rest takes what room there is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from rich.table import Table
from rich.text import Text

from otel_steps.cli.flag_words import flag_text
from otel_steps.cli.wording import (
    STATUS_STYLES,
    cost_text,
    duration_text,
    one_line,
    short_ids,
    task_duration_ms,
    time_text,
)

_GAP: Final = 2
_DESCRIPTION: Final = "DESCRIPTION"
# Of a description, before another column gives way to it; and before the line grows too long.
_WANTED: Final = 24
_LEAST: Final = 12

# What is told of the steps of each task, by the ids of the tasks; see `digest.card.facts_of`.
Cards = Mapping[str, Mapping[str, Any]]


class _Column(NamedTuple):
    """A column: of each task a text, which is never cut."""

    name: str
    cells: list[Text]
    is_number: bool = False

    @property
    def width(self) -> int:
        """How many characters wide it is."""
        return max(len(self.name), *(cell.cell_len for cell in self.cells))


def tasks_table(rows: Sequence[Mapping[str, Any]], cards: Cards, width: int) -> Table:
    """
    Return rows of `tasks` as a table.

    Args:
        rows: At least one, each with its `usage`.
        cards: Of each task.
        width: Of the terminal. Where even the shortest table is wider, its lines are.
    """
    columns = _fitting(rows, cards, width)
    others = sum(each.width + _GAP for each in columns if each.name != _DESCRIPTION)
    room = max(_LEAST, width - others)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column in columns:
        wide = min(column.width, room) if column.name == _DESCRIPTION else column.width
        table.add_column(
            column.name,
            width=wide,
            no_wrap=True,
            justify="right" if column.is_number else "left",
        )
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    table.width = sum(column.width or 0 for column in table.columns) + _GAP * (len(columns) - 1)
    return table


def _fitting(rows: Sequence[Mapping[str, Any]], cards: Cards, width: int) -> list[_Column]:
    """Return the columns that leave enough room for the descriptions: the more the better."""
    columns = list(_columns(rows, cards))
    *_, description = (each for each in columns if each.name == _DESCRIPTION)
    wanted = min(description.width, _WANTED)
    for less in _NARROWER:
        if sum(each.width + _GAP for each in columns if each is not description) + wanted <= width:
            break
        columns = less(columns, rows, cards)
    return columns


def _columns(rows: Sequence[Mapping[str, Any]], cards: Cards) -> Iterator[_Column]:
    ids = short_ids([row["task_id"] for row in rows])
    yield _Column("TASK", [Text(one_line(ids[row["task_id"]])) for row in rows])
    yield _Column("STATUS", [status_text(row["status"]) for row in rows])
    yield _Column("OK", [Text(str(row["successful_steps"] or 0)) for row in rows], is_number=True)
    yield _Column("FAILED", [_failed(row["failed_steps"] or 0) for row in rows], is_number=True)
    yield _Column(
        "DURATION", [Text(duration_text(task_duration_ms(row))) for row in rows], is_number=True
    )
    if any(row["usage"] for row in rows):
        yield _Column("TOKENS", [_tokens(row["usage"]) for row in rows], is_number=True)
        yield _Column("COST", [_cost(row["usage"]) for row in rows], is_number=True)
    yield _Column("STARTED", [Text(time_text(row["created_at"])[:-3]) for row in rows])
    if any(card["flags"] for card in cards.values()):
        yield _Column("FLAGS", [_flags(cards[row["task_id"]]["flags"]) for row in rows])
    yield _Column(_DESCRIPTION, [_description(row) for row in rows])
    if any(row["device_id"] for row in rows):
        yield _Column("DEVICE", [Text(one_line(row["device_id"])) for row in rows])


def status_text(status: str | None) -> Text:
    """Return a status in its colour."""
    return Text(status or "unknown", STATUS_STYLES.get(status or "", ""))


def _failed(count: int) -> Text:
    return Text(str(count), "red" if count else "dim")


def _flags(counts: Mapping[str, int]) -> Text:
    return Text(flag_text(counts), "yellow")


def _tokens(usage: Mapping[str, Any] | None) -> Text:
    """Return all that went in and came out."""
    if usage is None:
        return Text("-", "dim")
    return Text(f"{(usage['input_tokens'] or 0) + (usage['output_tokens'] or 0):,}")


def _cost(usage: Mapping[str, Any] | None) -> Text:
    if usage is None:
        return Text("-", "dim")
    if usage["unpriced"]:
        return Text("price unknown", "dim")
    return Text(cost_text(usage))


def _description(row: Mapping[str, Any]) -> Text:
    return Text(one_line(row["task_description"]), no_wrap=True, overflow="ellipsis")


# --- What gives way, one after the other

_Less = Callable[[list[_Column], Sequence[Mapping[str, Any]], Cards], list[_Column]]


def _without(name: str) -> _Less:
    return lambda columns, *_: [each for each in columns if each.name != name]


def _counted_flags(
    columns: list[_Column], rows: Sequence[Mapping[str, Any]], cards: Cards
) -> list[_Column]:
    """Only tell how many steps of a task have a flag."""
    counts = [cards[row["task_id"]]["flagged_steps"] for row in rows]
    cells = [Text(str(count), "yellow" if count else "dim") for count in counts]
    counted = _Column("FLAGS", cells, is_number=True)
    return [counted if each.name == "FLAGS" else each for each in columns]


_NARROWER: Final[Sequence[_Less]] = (
    _without("DEVICE"),
    _counted_flags,
    _without("TOKENS"),
    _without("COST"),
    _without("STARTED"),
    _without("DURATION"),
    _without("OK"),
    _without("FAILED"),
    _without("FLAGS"),
)
