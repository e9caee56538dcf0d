"""Signal handlers and finalizers that record in the middle of a recording: nobody hangs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_steps import semconv
from tests.faults.interrupted_child import ROUNDS, SCENARIOS
from tests.faults.test_kills import ROOT, Site

CHILD = "tests.faults.interrupted_child"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_interrupted_recording_goes_on(tmp_path: Path, scenario: str) -> None:
    """The process ends; each step that it has recorded is stored once, with its picture."""
    command = [sys.executable, "-m", CHILD, str(tmp_path), scenario]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    site = Site(tmp_path)
    report = site.drain()
    assert (report.reason, report.pictures_waiting) == (None, 0)
    recorded = site.acked("ended")
    rows = [row for row in site.rows() if row["step_number"] in recorded]
    assert [row["step_number"] for row in rows] == sorted(recorded)
    assert {row["status"] for row in rows} <= {"completed"}
    assert [row for row in rows if not Path(row["screenshot_path"] or "-").is_file()] == []
    assert [row for row in rows if semconv.SCREENSHOT_ERROR in row["attributes"]] == []
    assert list((tmp_path / "steps").glob("*")) == []
    went_wrong = tmp_path / "went-wrong"
    assert not went_wrong.exists() or went_wrong.read_text(encoding="utf-8") == ""
    if scenario == "at_random_points":
        assert len(recorded) >= 3 * ROUNDS
