"""
One portion into one store: pictures, then rows, then what cannot be stored aside.

Knows neither threads nor time: when to try again is the shipper's business.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from otel_steps import mapping, semconv
from otel_steps.journal.backlog import PORTION_SPANS, Pictures
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.model import Span, StoredPicture
from otel_steps.problems import Problems
from otel_steps.screenshots import ScreenshotStore
from otel_steps.shipper.refusals import Refusals
from otel_steps.stores.contract import RowRejected, Store, StoreOnHold, StoreUnavailable

# An error that no backend has classified is taken for a passing one that often.
UNEXPECTED_TRIES: Final = 5

_KNOWN_PICTURES: Final = 512

_Rejected = list[tuple[Span, RowRejected]]


class Delivery:
    """
    Delivers spans to a store; what it has learned about them outlives a connection.

    Attributes:
        max_spans: The largest portion that the store is likely to take; halved where it says so.
        shipped: Ended spans that the store has taken.
        known: Of those, spans that it had already.
        dead: Spans that went to the dead letters.
    """

    def __init__(self, dead_letters: DeadLetters, problems: Problems) -> None:
        self.max_spans = PORTION_SPANS
        self.shipped = 0
        self.known = 0
        self.dead = 0
        self._open: tuple[Store, ScreenshotStore] | None = None
        self._dead_letters = dead_letters
        self._problems = problems
        self._refusals = Refusals()
        # Errors that no backend has classified, by the first span of the portion: other portions
        # that pass in between must not start the count anew.
        self._unexpected: Counter[str] = Counter()
        self._known_pictures: OrderedDict[str, StoredPicture] = OrderedDict()

    @property
    def is_embedded(self) -> bool:
        """True where a store is open whose rows may be visible at once."""
        return self._open is not None and self._open[0].is_embedded

    def open(
        self,
        open_store: Callable[[], Store],
        open_screenshots: Callable[[Store], ScreenshotStore],
    ) -> None:
        """Open the stores, unless they are open; raises what they raise."""
        if self._open is None:
            store = open_store()
            try:
                self._open = (store, open_screenshots(store))
            except BaseException:
                store.close()
                raise

    def close(self) -> None:
        """Close the store; pictures that it is known to have are asked for again."""
        opened, self._open = self._open, None
        self._known_pictures.clear()
        if opened is not None:
            opened[0].close()

    def deliver(self, spans: Sequence[Span], pictures: Pictures) -> None:
        """
        Store ended *spans*; when this returns, each is stored or a dead letter.

        Raises:
            StoreUnavailable, StoreOnHold: Some may be stored; deliver all of them again.
            OSError: A dead letter could not be written; as above.
        """
        if not spans:
            return
        try:
            self._deliver(spans, pictures)
        except StoreUnavailable as error:
            if not error.halve or len(spans) == 1:
                raise
            half = len(spans) // 2
            self.max_spans = half
            self.deliver(spans[:half], pictures)
            self.deliver(spans[half:], pictures)
            return
        if len(spans) >= self.max_spans:
            self.max_spans = min(PORTION_SPANS, 2 * self.max_spans)

    def show(self, spans: Sequence[Span], pictures: Pictures) -> None:
        """
        Store spans in flight, as far as the store takes them: their end comes in any case.

        Raises:
            StoreUnavailable, StoreOnHold: None is stored.
        """
        known = self.known
        portion = spans[0].span_id
        stored = self._store_pictures(portion, spans, pictures)
        for span, error in self._write(portion, spans, stored):
            self._problems.report("store", f"running span {span.span_id} is not shown: {error}")
        self.known = known  # of ended spans only
        del self._unexpected[portion]

    @property
    def _stores(self) -> tuple[Store, ScreenshotStore]:
        if self._open is None:
            raise StoreUnavailable("the store is not open; call `open` first")
        return self._open

    def _deliver(self, spans: Sequence[Span], pictures: Pictures) -> None:
        known = self.known
        portion = spans[0].span_id
        stored = self._store_pictures(portion, spans, pictures)
        rejected = self._write(portion, spans, stored)
        if self._refusals.are_suspicious(spans, [span for span, _ in rejected]):
            self.known = known  # they come again
            raise StoreOnHold(
                f"store {self._stores[0].name!r} refuses every row: {rejected[0][1]}",
                remedy="compare the tables with this version: run `otel-steps doctor`",
            )
        for span, error in rejected:
            self._bury(span, error)
        self.shipped += len(spans) - len(rejected)
        del self._unexpected[portion]
        for sha256 in _picture_names(spans):
            pictures.remove(sha256)

    def _write(
        self, portion: str, spans: Sequence[Span], stored: Mapping[str, StoredPicture]
    ) -> _Rejected:
        """Store what can be stored; return the others, found by bisection."""
        store, _ = self._stores
        try:
            self.known += store.write(mapping.batch_of(spans, stored)).known
        except (StoreUnavailable, StoreOnHold):
            raise
        except RowRejected as error:
            rejection = error
        except Exception as error:  # noqa: BLE001 - a backend is foreign code; reported or raised
            rejection = self._classify(portion, error)
        else:
            return []
        if len(spans) == 1:
            return [(spans[0], rejection)]
        half = len(spans) // 2
        first = self._write(portion, spans[:half], stored)
        return first + self._write(portion, spans[half:], stored)

    def _classify(self, portion: str, error: Exception) -> RowRejected:
        self._unexpected[portion] += 1
        message = f"{type(error).__name__}: {error}"
        if self._unexpected[portion] < UNEXPECTED_TRIES:
            raise StoreUnavailable(message) from error
        return RowRejected(message, code="unexpected")

    def _bury(self, span: Span, error: RowRejected) -> None:
        self._dead_letters.add(span, reason=str(error), code=error.code)
        self.dead += 1
        message = f"span {span.span_id} can never be stored ({error.code}): {error}"
        self._problems.report("dead_letter", message)

    def _store_pictures(
        self, portion: str, spans: Sequence[Span], pictures: Pictures
    ) -> dict[str, StoredPicture]:
        names = _picture_names(spans)
        found = {name: self._store_picture(portion, name, pictures) for name in names}
        return {name: stored for name, stored in found.items() if stored is not None}

    def _store_picture(self, portion: str, sha256: str, pictures: Pictures) -> StoredPicture | None:
        stored = self._known_pictures.get(sha256)
        if stored is not None:
            return stored
        data = pictures.read(sha256)
        _, store = self._stores
        try:
            stored = store.find(sha256) if data is None else store.save(sha256, data)
        except (StoreUnavailable, StoreOnHold):
            raise
        except RowRejected as error:
            self._problems.report("screenshot", f"picture {sha256} cannot be stored: {error}")
        except Exception as error:  # noqa: BLE001 - as in _write; a picture never costs the row
            rejection = self._classify(portion, error)
            self._problems.report("screenshot", f"picture {sha256} cannot be stored: {rejection}")
        if stored is not None:
            self._known_pictures[sha256] = stored
            if len(self._known_pictures) > _KNOWN_PICTURES:
                self._known_pictures.popitem(last=False)
        return stored


def _picture_names(spans: Sequence[Span]) -> list[str]:
    names = (span.attributes.get(semconv.SCREENSHOT_SHA256) for span in spans)
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))
