"""
The Python programs that a recorded program starts: recorded as well, by the launcher's settings.

`otel-steps run` puts the folder `site` in front of `PYTHONPATH`, as `opentelemetry-instrument` does
with one of its own. Every Python below loads the `sitecustomize` in it, which loads this where this
package is installed. Most of these programs have no agent, so all that is done here is to listen
for the import of one, and of what tasks and steps are written with.
"""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

from otel_steps.instrumentation.import_watch import ImportWatch

SITE: Final = Path(__file__).parent / "site"

# The packages that may have agents, with commas. No setting: the launcher tells its children.
AGENTS: Final = "_OTEL_STEPS_AGENTS"
_PYTHON_PATH: Final = "PYTHONPATH"
# Whatever writes a task or a step loads it first.
_TRACING: Final = "otel_steps.emit.tracing"


def announce(modules: Iterable[str]) -> None:
    """
    Have the programs recorded that this process starts, and those that they start.

    Args:
        modules: The full names of those that may have agents.
    """
    os.environ[AGENTS] = ",".join(sorted({each.partition(".")[0] for each in modules}))
    folders = [each for each in os.environ.get(_PYTHON_PATH, "").split(os.pathsep) if each]
    if str(SITE) not in folders:
        os.environ[_PYTHON_PATH] = os.pathsep.join([str(SITE), *folders])


def watch() -> None:
    """Listen for agents, in a program that was started by one that is recorded."""
    agents = [each for each in os.environ.get(AGENTS, "").split(",") if each]
    if agents:
        ImportWatch([*agents, _TRACING], _met).stand()


def _met(module: ModuleType) -> None:
    """Set up what *module* needs; an edge that protects the program."""
    try:
        if module.__name__ == _TRACING:
            _start_later()
        else:
            _instrument()
    except Exception:
        logging.getLogger(__name__).exception("otel-steps records nothing in this process")


def _start_later() -> None:
    from otel_steps import zero_code
    from otel_steps.emit import tracing

    tracing.follow_later(zero_code.start)


def _instrument() -> None:
    from otel_steps import pipeline

    pipeline.instrument()
