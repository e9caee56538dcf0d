"""The cold tier's files: rows come back as they were, from a folder and from any other storage."""

import json
import uuid
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import ConfigError, Settings, resolve
from otel_steps.errors import StoreOnHold
from otel_steps.rows.model import ScreenshotRow, SpanRow, StepRow, StoredStep, StoredTask
from otel_steps.rows.tables import COLUMNS
from otel_steps.stores.cold import Archive, open_archive
from otel_steps.stores.cold.layout import MANIFEST, file_of
from otel_steps.stores.json_object import Json
from tests.pictures import png
from tests.store_contract import a_screenshot, a_span, a_step, a_task

DAY = "2026-10-03"
ODD_TEXT = "\u2028\u00e9\U0001f600 \"quoted\" 'single' \\ \n\t,;|\r 想"
ODD_JSON: Any = {
    "text": ODD_TEXT,
    "empty": "",
    "none": None,
    "large": 2**63 - 1,
    "small": -(2**63),
    "float": 0.1,
    "tiny": 5e-324,
    "whole": 1.0,
    "list": [[], {}, [None], True, False],
}


@pytest.fixture(params=["folder", "url"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings that name an archive which is not there yet."""
    place = (
        f"memory://{uuid.uuid4().hex}/cold" if request.param == "url" else str(tmp_path / "it's")
    )
    return resolve({}, dir=tmp_path / "data", archive=place)


@pytest.fixture
def archive(settings: Settings) -> Archive:
    """Open that archive."""
    return open_archive(settings)


def stored(table: str, row: StepRow | ScreenshotRow | SpanRow | Any, **values: Any) -> Json:
    """Return *row* as a store's reader has it."""
    kinds = {"tasks": StoredTask, "task_steps": StoredStep}
    known = {each.name: getattr(row, each.name) for each in fields(row)}
    full = kinds[table](**known) if table in kinds else row
    return {name: {**asdict(full), **values}[name] for name in COLUMNS[table]}


def a_stored_task(task_id: str, steps: int = 1) -> dict[str, list[Json]]:
    """Return all rows of a task."""
    rows = [a_step(number, task_id) for number in range(1, steps + 1)]
    return {
        "tasks": [stored("tasks", a_task(task_id), total_steps=steps)],
        "task_steps": [stored("task_steps", row) for row in rows],
        "step_screenshots": [stored("step_screenshots", a_screenshot(row)) for row in rows],
        "task_spans": [stored("task_spans", a_span(n + 100, n)) for n in range(1, steps + 1)],
    }


def test_rows_come_back_as_they_were(settings: Settings, archive: Archive) -> None:
    """Column by column: none, empty, odd text, numbers at their limits, JSON as it was."""
    rows = a_stored_task("t1", steps=3)
    rows["task_steps"][0] |= {
        "thinking": ODD_TEXT,
        "error_message": "",
        "step_data": ODD_JSON,
        "action_result": "",
        "action": [],
        "attributes": None,
        "success": None,
        "duration_ms": 2**31 - 1,
        "tags": ["a", "ä"],
        "scores": [{"name": "x", "value": 0.5, "label": None}],
    }
    rows["task_steps"][1] |= {"action_result": False, "action": 0, "step_data": "null"}
    rows["step_screenshots"][0] |= {"phash": -(2**63), "change_share": 1e-17, "sensitive": False}
    rows["task_spans"][0] |= {"events": [{"name": ODD_TEXT}], "duration_ms": 0.30000000000000004}
    other = a_stored_task("t'2")

    place = archive.write(DAY, [rows, other])

    found = open_archive(settings).rows_of("t1", place)
    assert found == rows
    # Also what compares as equal: 1 and True, 0 and False.
    assert json.dumps(found) == json.dumps({table: rows[table] for table in found})
    assert archive.rows_of("t'2", place) == other
    assert archive.rows_of("nobody", place) == {table: [] for table in found}


def test_a_long_row_is_written(archive: Archive) -> None:
    """A row may be longer than what a reader of JSON takes by default."""
    rows = a_stored_task("t1")
    rows["task_steps"][0]["thinking"] = "x" * 2**25

    place = archive.write(DAY, [rows])

    assert archive.rows_of("t1", place) == rows


def test_bundles_are_found(settings: Settings, archive: Archive) -> None:
    """Each has files of its own; one that was not finished is none."""
    assert not archive.is_there()
    assert list(archive.tasks()) == list(archive.places()) == archive.broken_places() == []
    places = [
        archive.write(day, [a_stored_task(name)])
        for day, name in ((DAY, "t1"), (DAY, "t2"), ("2026-09-30", "t3"))
    ]

    again = open_archive(settings)

    assert again.is_there()
    assert sorted(again.places()) == sorted(places)
    assert next(again.places()) == places[2]
    assert {task["task_id"] for task in again.tasks()} == {"t1", "t2", "t3"}
    again._files.remove(file_of(places[0], "tasks"))
    assert again.broken_places() == [places[0]]
    again.remove(places[0])
    again.remove(places[1])
    assert again.broken_places() == []
    assert list(again.places()) == [places[2]]


def test_pictures_lie_beside_the_rows(settings: Settings, archive: Archive) -> None:
    """As the store of pictures has them."""
    picture, name = png(8, 8), "ab" * 32
    saved = archive.pictures().save(name, picture)

    assert open_archive(settings).pictures().find(name) is not None
    if settings.archive is not None and "memory" not in settings.archive.reveal():
        assert Path(settings.archive.reveal(), "pictures", saved.path).is_file()


def test_what_is_missing_is_said(archive: Archive) -> None:
    """A file that is gone, and a place that no archive has."""
    place = archive.write(DAY, [a_stored_task("t1")])
    archive._files.remove(file_of(place, "task_steps"))

    with pytest.raises(StoreOnHold, match="lacks a file"):
        archive.rows_of("t1", place)
    with pytest.raises(ValueError, match="no place"):
        archive.rows_of("t1", "day=2026-10-03/../../secret")
    with pytest.raises(ValueError, match="no day"):
        archive.write("today", [])


def test_an_archive_of_somebody_else_stays(tmp_path: Path) -> None:
    """It is neither written to nor read: of a later version, or none at all."""
    for text, said in (('{"format": "otel-steps-archive", "version": 99}', "later"), ("{}", "no ")):
        (tmp_path / MANIFEST).write_text(text)
        archive = open_archive(resolve({}, archive=str(tmp_path)))
        with pytest.raises(StoreOnHold, match=said):
            archive.write(DAY, [])
        assert [each.name for each in tmp_path.iterdir()] == [MANIFEST]


def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    """They hold what was on somebody's screen."""
    archive = open_archive(resolve({}, dir=tmp_path / "data"))

    archive.write(DAY, [a_stored_task("t1")])

    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert {each.stat().st_mode & 0o077 for each in made} == {0}
    assert len([each for each in made if each.suffix == ".parquet"]) == 4


def test_a_url_that_nobody_knows_is_refused() -> None:
    """With the name of the setting."""
    with pytest.raises(ConfigError, match="OTEL_STEPS_ARCHIVE"):
        open_archive(resolve({}, archive="nosuch://bucket/x"))
