"""Shipping without a thread: what dead processes have left, while the caller waits."""

import time
from collections.abc import Callable

from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_steps.errors import StoreOnHold, StoreUnavailable
from otel_steps.journal.backlog import Backlog
from otel_steps.shipper.odd_errors import UNEXPECTED_TRIES
from otel_steps.shipper.rounds import Rounds
from otel_steps.shipper.shipper_facts import Shipped

Progress = Callable[[int, int], None]


class Foreground:
    """Ships on the thread of its caller, with the parts of *rounds*, which do not go meanwhile."""

    def __init__(self, rounds: Rounds, backlog: Backlog) -> None:
        self._rounds = rounds
        self._courier = rounds.courier
        self._delivery = rounds.delivery
        self._dispatch = rounds.dispatch
        self._backlog = backlog

    def ship_all(self, progress: Progress | None) -> Shipped:
        """See `Shipper.ship_all`."""
        total = self._backlog.waiting().lines
        failure: StoreUnavailable | StoreOnHold | None = None
        with suppress_instrumentation():
            # Often enough for a row whose error nobody has classified to be found out.
            for _ in range(UNEXPECTED_TRIES):
                failure = self._try_all(total, progress)
                if not isinstance(failure, StoreUnavailable) or failure.retry_after_s:
                    break
                time.sleep(self._rounds.backoff.next_s())
            self._rounds.close()
        waiting = self._backlog.waiting()
        return Shipped(
            shipped=self._delivery.shipped,
            known=self._delivery.known,
            pictures_dead=self._delivery.pictures.dead,
            dead=self._delivery.dead + self._backlog.dead_lines,
            waiting=waiting.lines,
            pictures_waiting=waiting.pictures,
            reason=str(failure) if failure else None,
            remedy=failure.remedy if isinstance(failure, StoreOnHold) else None,
            troubles=self._backlog.troubles,
        )

    def _try_all(
        self, total: int, progress: Progress | None
    ) -> StoreUnavailable | StoreOnHold | None:
        try:
            self._rounds.open()
            self._courier.hurry()
            self._dispatch.own()
            while True:
                settled = self._courier.settled
                for _ in self._dispatch.left_behind():
                    if progress is not None:
                        progress(min(total, self._delivery.shipped + self._delivery.dead), total)
                if not self._dispatch.others_wait:
                    break
                self._courier.wait()
                if self._courier.settled == settled:
                    break
            return self._courier.failure or self._dispatch.held
        except (StoreUnavailable, StoreOnHold) as error:
            return error
        except OSError as error:
            return StoreUnavailable(f"the journal cannot be read or written: {error}")
