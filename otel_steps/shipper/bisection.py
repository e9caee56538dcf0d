"""
Storing what can be stored of a portion: the rows that a store refuses are found by halving it.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from otel_steps.errors import RowOnHold, RowRejected, StoreOnHold, StoreUnavailable
from otel_steps.otlp.span import Span
from otel_steps.rows.model import Batch
from otel_steps.shipper.odd_errors import UNEXPECTED_TRIES

Rejected = list[tuple[Span, RowRejected | RowOnHold]]
RowsOf = Callable[[Sequence[Span]], Batch]
Write = Callable[[Batch], None]


class Bisection:
    """Remembers errors that no backend has classified until they are told apart."""

    def __init__(self) -> None:
        # By the first span of the portion: other portions that pass in between must not start the
        # count anew.
        self._unexpected: Counter[str] = Counter()

    def store(
        self, spans: Sequence[Span], rows_of: RowsOf, write: Write, batch: Batch | None = None
    ) -> Rejected:
        """
        Store what can be stored; return the others, each with its error.

        Args:
            batch: The rows of *spans*, where they are made already.

        Raises:
            StoreUnavailable, StoreOnHold: Some may be stored.
        """
        portion = spans[0].span_id
        rejected = self._rejected(portion, spans, rows_of, write, batch)
        del self._unexpected[portion]
        return rejected

    def _rejected(
        self,
        portion: str,
        spans: Sequence[Span],
        rows_of: RowsOf,
        write: Write,
        batch: Batch | None = None,
    ) -> Rejected:
        try:
            write(batch if batch is not None else rows_of(spans))
        except (RowRejected, RowOnHold) as error:
            rejection: RowRejected | RowOnHold = error
        except (StoreUnavailable, StoreOnHold):
            raise
        except Exception as error:  # noqa: BLE001 - a backend is foreign code; reported or raised
            rejection = self._classified(portion, error)
        else:
            return []
        if len(spans) == 1:
            return [(spans[0], rejection)]
        half = len(spans) // 2
        first = self._rejected(portion, spans[:half], rows_of, write)
        return first + self._rejected(portion, spans[half:], rows_of, write)

    def _classified(self, portion: str, error: Exception) -> RowRejected:
        self._unexpected[portion] += 1
        message = f"{type(error).__name__}: {error}"
        if self._unexpected[portion] < UNEXPECTED_TRIES:
            raise StoreUnavailable(message) from error
        return RowRejected(message, code="unexpected")
