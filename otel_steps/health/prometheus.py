"""
The metrics of `metrics`, as text that Prometheus reads.

Names are those that OpenTelemetry's exporter for Prometheus would give them.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from otel_steps.health.health import Health
from otel_steps.health.metrics import INSTRUMENTS, Instrument
from otel_steps.version import __version__

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

# A unit of OpenTelemetry -> what a name ends with; one in braces is no unit.
_UNITS: Final[Mapping[str, str]] = {"By": "_bytes", "s": "_seconds"}


def exposition(health: Health) -> str:
    """Return *health* as text."""
    return "".join(f"{line}\n" for line in _lines(health))


def sample(name: str, description: str, value: float) -> str:
    """Return one figure beside those of `exposition`; *name* ends with `_total` where it grows."""
    full = f"otel_steps_{name}"
    head = _head(full, description, is_total=name.endswith("_total"))
    return "".join(f"{line}\n" for line in (*head, f"{full} {value}"))


def _lines(health: Health) -> Iterator[str]:
    for each in INSTRUMENTS:
        yield from _head(_name(each), each.description, is_total=each.is_total)
        yield f"{_name(each)} {each.read(health)}"
    yield from _head("otel_steps_held", "1 while the store takes nothing until a person acts.")
    yield f"otel_steps_held {int(health.held is not None)}"
    name = "otel_steps_problems_total"
    yield from _head(name, "Everything that went wrong in this process, by kind.", is_total=True)
    for problem in health.problems:
        yield f'{name}{{kind="{problem.kind}"}} {problem.count}'
    yield from _head("otel_steps_build_info", "1, with the version of this package.")
    yield f'otel_steps_build_info{{version="{__version__}"}} 1'


def _head(name: str, description: str, *, is_total: bool = False) -> Iterator[str]:
    yield f"# HELP {name} {description}"
    yield f"# TYPE {name} {'counter' if is_total else 'gauge'}"


def _name(instrument: Instrument) -> str:
    total = "_total" if instrument.is_total else ""
    return instrument.name.replace(".", "_") + _UNITS.get(instrument.unit, "") + total
