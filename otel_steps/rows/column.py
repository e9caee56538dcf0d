"""What there is to say of one column: its kind, the attribute that fills it, where it is shown."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """
    Which values a column has.

    Attributes:
        sqlite: The type of the column there.
        postgres: The same, in the words in which PostgreSQL tells it.
        json: The type of the values in JSON Schema; None for any.
    """

    sqlite: str
    postgres: str
    json: str | None


TEXT: Final = Kind("TEXT", "text", "string")
WORD: Final = Kind("TEXT", "text", "string")  # short by nature, and worth an index
UUID: Final = Kind("TEXT", "uuid", "string")
TIME: Final = Kind("TEXT", "timestamp with time zone", "string")
INTEGER: Final = Kind("INTEGER", "integer", "number")
BIGINT: Final = Kind("INTEGER", "bigint", "number")
REAL: Final = Kind("REAL", "double precision", "number")
BOOLEAN: Final = Kind("INTEGER", "boolean", "boolean")
JSON: Final = Kind("TEXT", "jsonb", None)


@dataclass(frozen=True, slots=True)
class Column:
    """
    What a field of a row class is as a column of its table.

    Attributes:
        said: The key of the attribute that fills it; None where it is told from something else.
        index: Its name in the index of a task, where that shows it as it is; see `step_index`.
    """

    kind: Kind
    said: str | None = None
    index: str | None = None
