"""The portions of a backlog, of which the next one may be read before it is asked for."""

from collections.abc import Callable, Iterable, Iterator

from otel_steps.journal.backlog import Portion


class Lookahead(Iterator[Portion]):
    """
    Gives *portions* in their order, each once; on one thread.

    Nothing is acknowledged by being read: where it ends early, the portion ahead is read again by
    the next one, as all that follows is. It holds one portion besides the one that was given last.

    Args:
        prepare: Called with each portion that is read ahead; raises nothing.
    """

    def __init__(self, portions: Iterable[Portion], prepare: Callable[[Portion], None]) -> None:
        self._portions = iter(portions)
        self._prepare = prepare
        self._ahead: list[Portion] = []
        self._failure: Exception | None = None

    def look(self) -> None:
        """Read the next portion, if none is ahead; what goes wrong, `__next__` raises."""
        if self._ahead or self._failure is not None:
            return
        try:
            self._ahead = [next(self._portions)]
        except Exception as error:  # noqa: BLE001 - of the end, too; `__next__` raises it
            self._failure = error
        else:
            self._prepare(self._ahead[0])

    def __next__(self) -> Portion:
        """Return the portion that is ahead, or the next one."""
        if self._failure is not None:
            raise self._failure
        return self._ahead.pop() if self._ahead else next(self._portions)
