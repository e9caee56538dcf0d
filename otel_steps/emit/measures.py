"""
How long tasks and calls of models and tools take, and what models use, as the metrics that GenAI's
conventions name. Whoever makes the span of a call measures it, so that nothing is counted twice.

They go to the program's own `MeterProvider`, whenever that comes; where there is none, next to
nothing is done. A measurement is taken to it on another thread: the SDK notes it under plain locks,
for which a signal handler or a finalizer that ends a task would wait for ever where it has
interrupted the one who holds them.
"""

import atexit
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, MeterProvider
from opentelemetry.trace import Span

from otel_steps import semconv
from otel_steps.emit.protection import unharmed
from otel_steps.emit.span_values import present
from otel_steps.process import background
from otel_steps.process.forks import in_child, no_fork
from otel_steps.process.turns import Turns, TurnTaken
from otel_steps.semconv.attribute import SCHEMA_URL
from otel_steps.version import __version__

_CALLS_S: Final = tuple(round(0.01 * 2**each, 2) for each in range(14))
_TASKS_S: Final = tuple(round(0.1 * 2**each, 1) for each in range(13))
_TOKENS: Final = tuple(4**each for each in range(14))


class Measure(NamedTuple):
    """
    One histogram.

    Attributes:
        boundaries: Of its buckets, as the conventions have them; a program's view may say others.
        attributes: What is said with a measurement, as far as it is known.
    """

    name: str
    unit: str
    description: str
    boundaries: Sequence[float]
    attributes: Sequence[str]


_OF_MODEL: Final = (
    semconv.GEN_AI_OPERATION_NAME,
    semconv.GEN_AI_PROVIDER_NAME,
    semconv.GEN_AI_REQUEST_MODEL,
    semconv.GEN_AI_RESPONSE_MODEL,
    semconv.SERVER_ADDRESS,
    semconv.SERVER_PORT,
)
TASK: Final = Measure(
    "gen_ai.invoke_agent.duration",
    "s",
    "How long a task of an agent took.",
    _TASKS_S,
    (semconv.GEN_AI_AGENT_NAME, semconv.GEN_AI_REQUEST_MODEL, semconv.ERROR_TYPE),
)
TOOL: Final = Measure(
    "gen_ai.execute_tool.duration",
    "s",
    "How long an action took.",
    _CALLS_S,
    (semconv.GEN_AI_TOOL_NAME, semconv.GEN_AI_TOOL_TYPE, semconv.ERROR_TYPE),
)
MODEL: Final = Measure(
    "gen_ai.client.operation.duration",
    "s",
    "How long a call of the model took.",
    _CALLS_S,
    (*_OF_MODEL, semconv.ERROR_TYPE),
)
USED: Final = Measure(
    "gen_ai.client.token.usage",
    "{token}",
    "Tokens that a call of the model has used.",
    _TOKENS,
    (*_OF_MODEL, semconv.GEN_AI_TOKEN_TYPE),
)
MEASURES: Final = (TASK, TOOL, MODEL, USED)

# Key of the attribute -> `gen_ai.token.type`. Those of the cache are among those of the input.
_TOKEN_TYPES: Final = {
    semconv.GEN_AI_USAGE_INPUT_TOKENS: "input",
    semconv.GEN_AI_USAGE_OUTPUT_TOKENS: "output",
}
# A model may make up names of actions, and each one that is new is a series of its own.
_MAX_NAME_CHARS: Final = 64
_OTHER: Final = "_OTHER"
# Of the API itself, which takes no measurement.
_NOWHERE: Final = "opentelemetry.metrics"
# Of those that wait for the other thread; beyond that the oldest are not taken.
_MAX_WAITING: Final = 16_384
_PATIENCE_S: Final = 1.0


class _Measurement(NamedTuple):
    provider: MeterProvider
    measure: Measure
    value: float
    attributes: Mapping[str, Any]
    context: Context


class _Ledger:
    """Takes measurements to their providers, one at a time and in turn."""

    def __init__(self) -> None:
        self._waiting: deque[_Measurement] = deque(maxlen=_MAX_WAITING)
        self._turns = Turns()
        # Of the provider that came last; changed by the one whose turn it is.
        self._provider: MeterProvider | None = None
        self._histograms: dict[str, Histogram] = {}
        in_child(self._begin_anew)

    def add(self, measurement: _Measurement) -> None:
        """Have *measurement* taken soon, and before the program ends."""
        self._waiting.append(measurement)
        # Again: what is called first at the end is what came last, and the provider, which ends
        # there as well, may have come since.
        atexit.unregister(self.settle)
        atexit.register(self.settle)
        background.begin(self.settle)

    def settle(self) -> None:
        """Take all that wait; whoever has interrupted this on his own thread leaves it to that."""
        with suppress(TurnTaken):
            self._turns.take(self._take_all, timeout_s=_PATIENCE_S)

    def _take_all(self) -> None:
        with suppress(IndexError):
            while self._waiting:
                self._take(self._waiting.popleft())

    def _take(self, taken: _Measurement) -> None:
        with unharmed("record a measurement"), no_fork():
            if self._provider is not taken.provider:
                self._provider, self._histograms = taken.provider, _histograms(taken.provider)
            histogram = self._histograms[taken.measure.name]
            histogram.record(taken.value, taken.attributes, taken.context)

    def _begin_anew(self) -> None:
        """Forget, in a forked child, what its parent takes, and whose turn it was there."""
        self._waiting.clear()
        self._turns = Turns()


_ledger = _Ledger()
_given: MeterProvider | None = None


def use(provider: MeterProvider | None) -> None:
    """Measure for *provider* from now on, or for the global one."""
    global _given  # noqa: PLW0603 - one for the process, as the global one is
    _given = provider


def settle() -> None:
    """Hand over what has been measured so far; as a rule that is done already."""
    _ledger.settle()


def task(span: Span, seconds: float, attributes: Mapping[str, Any], *, error: str | None) -> None:
    """Measure a task; *attributes* name its agent and model, *error* is the `error.type`."""
    if (provider := _provider()) is not None:
        _measure(provider, TASK, seconds, {**attributes, semconv.ERROR_TYPE: error}, span)


def tool(span: Span, seconds: float, *, name: str | None, kind: str, error: str | None) -> None:
    """Measure the call of a tool, an action."""
    if (provider := _provider()) is None:
        return
    is_name = name is not None and len(name) <= _MAX_NAME_CHARS
    attributes = {
        semconv.GEN_AI_TOOL_NAME: name if is_name else _OTHER,
        semconv.GEN_AI_TOOL_TYPE: kind,
        semconv.ERROR_TYPE: error,
    }
    _measure(provider, TOOL, seconds, attributes, span)


def model(
    span: Span,
    seconds: float,
    attributes: Mapping[str, Any],
    *,
    tokens: Mapping[str, int],
    error: str | None,
) -> None:
    """
    Measure the call of a model.

    Args:
        attributes: What the conventions ask for: operation, provider, model, server.
        tokens: What it has used, by the key of the span's attribute.
    """
    if (provider := _provider()) is None:
        return
    _measure(provider, MODEL, seconds, {**attributes, semconv.ERROR_TYPE: error}, span)
    for key, kind in _TOKEN_TYPES.items():
        if key in tokens:
            _measure(
                provider, USED, tokens[key], {**attributes, semconv.GEN_AI_TOKEN_TYPE: kind}, span
            )


def _provider() -> MeterProvider | None:
    """Return the provider to measure for, or None where the program has none."""
    provider = _given or metrics.get_meter_provider()
    return None if type(provider).__module__.startswith(_NOWHERE) else provider


def _measure(
    provider: MeterProvider,
    measure: Measure,
    value: float,
    attributes: Mapping[str, Any],
    span: Span,
) -> None:
    with unharmed("measure a call"):
        context = trace.set_span_in_context(span, Context())
        _ledger.add(_Measurement(provider, measure, value, present(attributes), context))


def _histograms(provider: MeterProvider) -> dict[str, Histogram]:
    meter = metrics.get_meter("otel_steps", __version__, provider, SCHEMA_URL)
    return {
        each.name: meter.create_histogram(
            each.name,
            each.unit,
            each.description,
            explicit_bucket_boundaries_advisory=each.boundaries,
        )
        for each in MEASURES
    }
