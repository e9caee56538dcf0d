"""
How the recording stands, as OpenTelemetry metrics: read when a reader asks, never while recording.

All instruments are observable: the agent's thread and the shipper's only count, as they do for
`health()`, and the thread of the metric reader does the looking. Without a `MeterProvider` the
instruments do nothing.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation

from otel_steps.health.health import Health
from otel_steps.semconv.attribute import SCHEMA_URL
from otel_steps.version import __version__

# All instruments are read within moments; one look at the journal's folder serves them all.
_FRESH_S: Final = 1.0


class Instrument(NamedTuple):
    """
    One instrument.

    Attributes:
        is_total: True for a sum that only grows, False for a number that goes up and down.
    """

    name: str
    unit: str
    description: str
    read: Callable[[Health], float]
    is_total: bool = True


INSTRUMENTS: Final = (
    Instrument(
        "otel_steps.span.recorded",
        "{span}",
        "Spans that are in the journal or have left it.",
        lambda health: health.recorded,
    ),
    Instrument(
        "otel_steps.span.shipped",
        "{span}",
        "Spans that the store has taken.",
        lambda health: health.shipped,
    ),
    Instrument(
        "otel_steps.span.refused",
        "{span}",
        "Spans that are lost: kept nowhere, or removed from the journal.",
        lambda health: health.refused,
    ),
    Instrument(
        "otel_steps.span.waiting",
        "{span}",
        "Spans in the journal that the store has not taken, of all processes.",
        lambda health: health.waiting,
        is_total=False,
    ),
    Instrument(
        "otel_steps.span.dead",
        "{span}",
        "Spans set aside because the store can never take them, of all processes.",
        lambda health: health.dead,
        is_total=False,
    ),
    Instrument(
        "otel_steps.picture.waiting",
        "{picture}",
        "Pictures in the journal that are not stored, of all processes.",
        lambda health: health.pictures_waiting,
        is_total=False,
    ),
    Instrument(
        "otel_steps.picture.dead",
        "{picture}",
        "Pictures set aside because their place can never take them, of all processes.",
        lambda health: health.pictures_dead,
        is_total=False,
    ),
    Instrument(
        "otel_steps.journal.size",
        "By",
        "What waits on disk, pictures included.",
        lambda health: health.journal_bytes,
        is_total=False,
    ),
    Instrument(
        "otel_steps.batch.count",
        "{batch}",
        "Batches that the store has taken.",
        lambda health: health.batches,
    ),
    Instrument(
        "otel_steps.batch.duration",
        "s",
        "Time spent on those batches; divided by their number, the mean.",
        lambda health: health.batch_seconds,
    ),
)


class _Reading:
    """Asks for the health at most once in a while; any thread may call it."""

    def __init__(self, health: Callable[[], Health]) -> None:
        self._health = health
        self._lock = threading.Lock()
        self._last: tuple[float, Health] | None = None

    def __call__(self) -> Health:
        with self._lock:
            now = time.monotonic()
            if self._last is None or now - self._last[0] > _FRESH_S:
                self._last = (now, self._health())
            return self._last[1]


def observe(health: Callable[[], Health], meter_provider: MeterProvider | None = None) -> None:
    """Offer what *health* returns as metrics of *meter_provider*, by default the global one."""
    meter = metrics.get_meter("otel_steps", __version__, meter_provider, SCHEMA_URL)
    reading = _Reading(health)
    for instrument in INSTRUMENTS:
        _create(meter, instrument, reading)


def _create(meter: Meter, instrument: Instrument, reading: _Reading) -> None:
    def look(options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(instrument.read(reading()))

    create = (
        meter.create_observable_counter
        if instrument.is_total
        else meter.create_observable_up_down_counter
    )
    create(instrument.name, [look], unit=instrument.unit, description=instrument.description)
