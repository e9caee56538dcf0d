"""
The store of those who run PostgreSQL themselves: many agents, one database, pictures in a folder.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from otel_steps.config import PUBLIC
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.contract import Written
from otel_steps.stores.json_object import Json
from otel_steps.stores.postgres.connections import Connections
from otel_steps.stores.shared import ingest
from otel_steps.stores.shared.functions import SharedFunctions

_INGEST: Final = "otel_steps_ingest"
_ATTACH: Final = "otel_steps_attach"


def _nothing() -> None:
    """Do nothing while the database works."""


def _as_it_is(encoded: bytes) -> bytes:
    """Give the driver what is JSON already."""
    return encoded


class PostgresStore(SharedFunctions):
    """
    Tasks, steps, screenshots and spans in a PostgreSQL database that `otel-steps migrate` has seen.

    Args:
        url: `postgresql://user:password@host:port/database?parameters`.
        screenshots: The folder that `screenshot_path` of a row is relative to.
        schema: The schema that holds our tables and functions, as `Settings` has it.

    Raises:
        ConfigError: The URL cannot be read.
        StoreUnavailable, StoreOnHold: The database cannot be reached, or lacks the tables.
    """

    name = "postgresql"
    is_embedded = False
    page_rows = 10_000

    def __init__(self, url: str, *, screenshots: Path, schema: str = PUBLIC) -> None:
        self._url = url
        self.schema = schema
        # Absolute now: the agent may change its working folder later.
        self._screenshots = screenshots.absolute()
        self._connections = Connections(url, schema)
        self._of_parents: list[Connections] = []

    def write(self, batch: Batch) -> Written:
        """Store *batch*: all of it, or nothing; see `Store.write`."""
        return self.write_meanwhile(batch, _nothing)

    def write_meanwhile(self, batch: Batch, work: Callable[[], None]) -> Written:
        """Store *batch*, and do *work* while the database does; see `Overlapping`."""
        answer = self._give(_INGEST, ingest.encode(batch), work)
        return ingest.written(answer, batch)

    def attach(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        """Give stored *steps* their pictures; see `Store.attach`."""
        answer = self._give(_ATTACH, ingest.encode_pictures(steps, screenshots))
        ingest.check_attached(answer, steps)

    def close(self) -> None:
        """Release connections; any number of times."""
        if self._connections.pid == os.getpid():
            self._connections.close()

    def _give(self, function: str, rows: bytes, meanwhile: Callable[[], None] = _nothing) -> Any:
        from psycopg.types.json import Jsonb

        batch = Jsonb(rows, dumps=_as_it_is)
        answer = self._own_connections().ask(self._call(function, "%s"), [batch], meanwhile)
        return answer[0][0] if answer else None

    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        from psycopg.types.json import Jsonb

        names = ", ".join(f"{name} => %({name})s" for name in arguments)
        question = self._call(function, names)
        values = {
            name: Jsonb(value) if isinstance(value, dict) else value
            for name, value in arguments.items()
        }
        answer = self._own_connections().ask(question, values)
        return answer[0][0] if answer else None

    def _call(self, function: str, arguments: str) -> str:
        return f'SELECT "{self.schema}".{function}({arguments})'  # names are our own

    def _to_show(self, rows: list[Json], column: str) -> list[Json]:
        for row in rows:
            if row["screenshot_path"] is not None:
                row["screenshot_path"] = str(self._screenshots / row["screenshot_path"])
        return rows

    def _own_connections(self) -> Connections:
        if self._connections.pid != os.getpid():
            # Kept, never closed: to close a connection says goodbye on the parent's behalf.
            self._of_parents.append(self._connections)
            self._connections = Connections(self._url, self.schema)
        return self._connections
