"""Looks into the journal of a process that runs: what would be left of it, should it die now."""

import time
from pathlib import Path
from typing import Any

from otel_steps import otlp, semconv
from otel_steps.journal.in_flight import read_states
from otel_steps.journal.owner import Owner
from tests.patience import PATIENCE_S


def wait_for_picture(journal: Path, step_number: int) -> None:
    """Wait until the picture of a step in flight is on disk, which takes milliseconds."""
    deadline = time.monotonic() + PATIENCE_S
    while not _has_picture(journal, step_number):
        assert time.monotonic() < deadline, f"no picture of step {step_number}"
        time.sleep(0.002)


def states_of(journal: Path, step_number: int) -> list[dict[str, Any]]:
    """Return the attributes of each state of a step that was written, one after the other."""
    (owner,) = Owner.all(journal)
    lines = [line.split(b" ", 1)[-1] for line in owner.in_flight.read_bytes().splitlines(True)]
    spans = [span for line in lines if line.strip() for span in otlp.from_line(line)]
    attributes = [dict(span.attributes) for span in spans]
    return [each for each in attributes if each.get(semconv.STEP_NUMBER) == step_number]


def _has_picture(journal: Path, step_number: int) -> bool:
    for owner in Owner.all(journal):
        for _, line in read_states(owner.in_flight):
            attributes = otlp.from_line(line.content)[0].attributes
            if attributes.get(semconv.STEP_NUMBER) == step_number:
                return owner.picture(str(attributes.get(semconv.SCREENSHOT_SHA256))) is not None
    return False
