"""Tells a bad row from a table that takes none: one is set aside, the other is waited for."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from otel_steps.otlp.span import Span
from otel_steps.rows.roles import is_step, is_task

# That many rows of a table refused, and none taken in between: it is the schema or the key.
SUSPICIOUS_ROWS: Final = 3


class Refusals:
    """Remembers, for each table, how its last rows fared."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()  # since the last one that was taken
        self._held: tuple[str, str, int] | None = None

    def are_suspicious(self, spans: Sequence[Span], refused: Sequence[Span]) -> bool:
        """
        Tell whether to blame the store for what it has refused of *spans*.

        Once the store has taken other rows of the same table meanwhile, the rows are to blame after
        all; so a few bad ones cannot hold up the rest for ever.
        """
        all_rows = Counter(_table(span) for span in spans)
        bad_rows = Counter(_table(span) for span in refused)
        for table in all_rows:
            if taken := all_rows[table] - bad_rows[table]:
                self._taken[table] += taken
                self._refused[table] = 0
        is_suspicious = False
        for table, count in bad_rows.items():
            if count == all_rows[table]:
                is_suspicious |= self._is_dead(spans[0].span_id, table, count)
        return is_suspicious

    def _is_dead(self, first: str, table: str, count: int) -> bool:
        if self._refused[table] + count < SUSPICIOUS_ROWS:
            self._refused[table] += count
            return False
        if self._held is None or self._held[:2] != (first, table):
            self._held = (first, table, self._taken[table])
        return self._held[2] == self._taken[table]


def _table(span: Span) -> str:
    if is_step(span.attributes):
        return "task_steps"
    return "tasks" if is_task(span.attributes) else "task_spans"
