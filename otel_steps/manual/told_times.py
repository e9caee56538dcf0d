"""When a step was that is told by hand once it is over."""

import logging

from otel_steps.emit.stopwatch import Stopwatch
from otel_steps.emit.unix_time import Time, unix_ns

_log = logging.getLogger(__name__)


def watch_of(started_at: Time | None, ended_at: Time | None) -> Stopwatch:
    """Return the watch of a step, as far as its times are told; what is no time is reported."""
    started_ns, ended_ns = _read("started_at", started_at), _read("ended_at", ended_at)
    if started_ns is not None and ended_ns is not None and ended_ns < started_ns:
        _report(f"a step has ended_at {ended_at!r}, before its started_at {started_at!r}")
    return Stopwatch(ended_ns if started_ns is None else started_ns, ended_ns)


def _read(name: str, time: Time | None) -> int | None:
    try:
        return None if time is None else unix_ns(time)
    except Exception as error:  # noqa: BLE001 - an edge: a value of the agent's own
        # Of foreign code not even its `repr`, which may raise.
        value = f"{time!r:.80}" if type(time) in (int, float, str, bool) else type(time).__name__
        _report(f"a step has {name} {value}: {error}")
        return None


def _report(message: str) -> None:
    from otel_steps import pipeline  # loaded already where anything is recorded

    recording = pipeline.active()
    if recording is not None:
        recording.problems.report("time", message)
    else:
        _log.warning("otel-steps: %s", message)
