"""
The tables, as the row classes of `model` say: what whoever stores or reads rows has to know.

Made once, when this is imported: nothing here is asked for a value at a time.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, Final

from otel_steps.rows.column import BOOLEAN, JSON, TIME, Column, Kind
from otel_steps.rows.model import ScreenshotRow, SpanRow, StepRow, StoredStep, StoredTask, TaskRow


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table.

    Attributes:
        columns: All of them by name, in order, as readers return them.
        row_columns: The names of those that its row class brings.
        key: The names of those that tell its rows apart.
        required: The names of those that are never empty.
        defaults: What stands there, by name, where no row has said anything.
    """

    columns: Mapping[str, Column]
    row_columns: tuple[str, ...]
    key: tuple[str, ...]
    required: frozenset[str]
    defaults: Mapping[str, int]


def columns_of(row_class: type[Any]) -> dict[str, Column]:
    """Return the columns of a row class by name, in order."""
    return {each.name: _column(each) for each in fields(row_class)}


def _column(field: Field[Any]) -> Column:
    (column,) = field.type.__metadata__  # type: ignore[union-attr] # all are `Annotated`
    return column  # type: ignore[no-any-return]


def _table(row_class: type[Any], *key: str, stored: type[Any] | None = None) -> Table:
    stored = stored or row_class
    return Table(
        columns=columns_of(stored),
        row_columns=tuple(each.name for each in fields(row_class)),
        key=key,
        required=frozenset(each.name for each in fields(stored) if each.default is not None),
        defaults={
            each.name: int(each.default) for each in fields(stored) if isinstance(each.default, int)
        },
    )


TABLES: Final[Mapping[str, Table]] = {
    "tasks": _table(TaskRow, "task_id", stored=StoredTask),
    "task_steps": _table(StepRow, "id", stored=StoredStep),
    "step_screenshots": _table(ScreenshotRow, "id"),
    "task_spans": _table(SpanRow, "trace_id", "span_id"),
}

# Table -> columns, in their order: those that a row class brings, and all.
ROW_COLUMNS: Final = {name: table.row_columns for name, table in TABLES.items()}
COLUMNS: Final = {name: tuple(table.columns) for name, table in TABLES.items()}


def _of_kind(kind: Kind) -> frozenset[str]:
    """Return the names of a kind, which a name has in all tables; a test holds that."""
    return frozenset(
        name
        for table in TABLES.values()
        for name, column in table.columns.items()
        if column.kind is kind
    )


JSON_COLUMNS: Final = _of_kind(JSON)
BOOLEAN_COLUMNS: Final = _of_kind(BOOLEAN)
TIME_COLUMNS: Final = _of_kind(TIME)
