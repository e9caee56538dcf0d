"""Turns at the journal, after which is reported what went wrong in them: a report may wait."""

import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from otel_steps.health.problems import Problems
from otel_steps.process.turns import Turns

T = TypeVar("T")


class ReportedTurns:
    """`Turns` with the findings that are made in them."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._turns = Turns()
        # Reports to make after the turn; appended to and taken from by any thread, without a lock.
        self._findings: deque[Callable[[], None]] = deque()

    @property
    def is_mine(self) -> bool:
        """As in `Turns`."""
        return self._turns.is_mine

    def take(self, work: Callable[[], T], *, timeout_s: float = -1) -> T:
        """As in `Turns`; then report what was found."""
        try:
            return self._turns.take(work, timeout_s=timeout_s)
        finally:
            self._report_findings()

    def look(self, work: Callable[[], T]) -> T:
        """As in `Turns`."""
        return self._turns.look(work)

    def leave(self, work: Callable[[], object]) -> None:
        """Have *work* done in the turn that is taken, or now if that has ended meanwhile."""

        def do() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - another call must not fail for it
                self.found("recorder", f"the journal: {type(error).__name__}: {error}")

        self._turns.leave(do)
        self._report_findings()

    def found(self, kind: str, message: str, **details: Any) -> None:
        """Have that reported, as `Problems.report` does, once no turn waits for it."""
        self._findings.append(partial(self._problems.report, kind, message, **details))

    def _report_findings(self) -> None:
        if not self._findings or self.is_mine:  # what interrupts a turn is not after it
            return
        while self._findings:
            with contextlib.suppress(IndexError):  # another thread was faster
                self._findings.popleft()()
