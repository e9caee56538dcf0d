"""The table of columns is of one piece, and fits what the attributes are said to hold."""

import pytest

from otel_steps.rows.column import BOOLEAN, INTEGER, JSON, REAL, TEXT, TIME, WORD, Column
from otel_steps.rows.step_index import COLUMNS as INDEX
from otel_steps.rows.step_index import TOLD_FROM
from otel_steps.rows.tables import TABLES
from otel_steps.semconv.attribute import ATTRIBUTES

_COLUMNS = [
    pytest.param(name, column, what, id=f"{name}.{column}")
    for name, table in TABLES.items()
    for column, what in table.columns.items()
]
# What an attribute is said to hold -> kinds of columns that take it.
_FITTING = {
    "string": (TEXT, WORD),
    "int": (INTEGER,),
    "double": (REAL,),
    "boolean": (BOOLEAN,),
    "JSON": (JSON,),
}


@pytest.mark.parametrize(("table", "name", "column"), _COLUMNS)
def test_a_column_takes_what_its_attribute_holds(table: str, name: str, column: Column) -> None:
    """The key is a known one, and its type fits the kind of the column."""
    if column.said is not None:
        (attribute,) = (each for each in ATTRIBUTES if each.key == column.said)
        assert column.kind in _FITTING[attribute.type]


@pytest.mark.parametrize(("table", "name", "column"), _COLUMNS)
def test_what_is_decoded_by_name_has_one_kind(table: str, name: str, column: Column) -> None:
    """Readers decode JSON, booleans and times by the name of a column, whatever its table."""
    kinds = {other.columns[name].kind for other in TABLES.values() if name in other.columns}

    assert len(kinds) == 1 or kinds.isdisjoint({JSON, BOOLEAN, TIME})


def test_no_key_fills_two_columns_of_a_table() -> None:
    """An attribute is stored once."""
    for table in TABLES.values():
        keys = [column.said for column in table.columns.values() if column.said]
        assert len(set(keys)) == len(keys)


def test_the_index_has_each_column_once() -> None:
    """Neither what it shows nor what a store is asked for it has two meanings."""
    asked = [
        name
        for table in ("task_steps", "step_screenshots")
        for name, column in TABLES[table].columns.items()
        if column.index is not None
    ]

    assert len(set(INDEX)) == len(INDEX)
    assert len({*asked, *TOLD_FROM}) == len(asked) + len(TOLD_FROM)
