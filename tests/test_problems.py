"""Problems are counted, logged once a minute and left for `doctor`."""

import logging
from pathlib import Path

import pytest

from otel_steps.health import problems
from otel_steps.health.problems import REMEDIES, Problems


def test_a_flood_is_one_log_line_and_an_exact_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand failures do not fill the log, and none of them goes uncounted."""
    met = Problems(tmp_path)

    for number in range(1000):
        met.report("store", f"failure {number}")

    assert [problem.count for problem in met.all()] == [1000]
    assert [problem.message for problem in met.all()] == ["failure 999"]
    assert len(caplog.records) == 1
    assert REMEDIES["store"] in caplog.text


def test_a_minute_later_the_log_says_how_many_came_since(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next line carries the number of problems since the last one."""
    met = Problems(tmp_path)
    met.report("store", "first")
    met.report("store", "second")
    monkeypatch.setattr(problems, "LOG_INTERVAL_S", 0.0)

    met.report("store", "third", level=logging.ERROR)

    assert "third (store, 2 new)" in caplog.text
    assert caplog.records[-1].levelno == logging.ERROR


def test_another_process_finds_the_note(tmp_path: Path) -> None:
    """What one process met, `doctor` in another one can name, until it is told to forget."""
    folder = tmp_path / "problems"
    Problems(folder).report("redact", "it raised", remedy="mend it")

    noted = problems.noted(folder)

    assert [(each.kind, each.message, each.remedy) for each in noted] == [
        ("redact", "it raised", "mend it")
    ]
    assert problems.forget(folder) == 1
    assert problems.noted(folder) == []


def test_no_secret_gets_into_log_or_note(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A message is scrubbed before anything is done with it."""
    Problems(tmp_path).report("store", "refused: apikey=sb_secret_canary0123456789")

    assert "canary" not in caplog.text
    assert "canary" not in (tmp_path / "store.json").read_text(encoding="utf-8")


def test_a_broken_folder_does_not_matter(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where no note can be left, the log line still comes."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")

    Problems(blocked).report("journal", "disk full")
    Problems(None).report("journal", "disk gone")

    assert "disk full" in caplog.text
    assert "disk gone" in caplog.text


def test_an_unreadable_note_is_itself_a_problem(tmp_path: Path) -> None:
    """`doctor` names a note that it cannot read in place of ignoring it."""
    (tmp_path / "store.json").write_text("{", encoding="utf-8")

    assert "store.json" in problems.noted(tmp_path)[0].message
