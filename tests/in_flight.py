"""Looks into the journal of a process that runs: what would be left of it, should it die now."""

import time
from pathlib import Path

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


def _has_picture(journal: Path, step_number: int) -> bool:
    for owner in Owner.all(journal):
        for _, line in read_states(owner.in_flight):
            attributes = otlp.from_line(line.content)[0].attributes
            if attributes.get(semconv.STEP_NUMBER) == step_number:
                return owner.picture(str(attributes.get(semconv.SCREENSHOT_SHA256))) is not None
    return False
