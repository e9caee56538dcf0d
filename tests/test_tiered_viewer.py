"""The viewer shows archived tasks as it shows all others."""

from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import Settings, resolve
from otel_steps.pictures.names import picture_name_in
from otel_steps.stores.annotation import Annotation
from tests.archived_tasks import archive
from tests.viewing import client_of, opened_library
from tests.whole_tasks import IDS, fill, without_own

TASK = "/api/tasks/runs%2F%E4%BA%8C"
ASKED = (
    "/api/tasks",
    "/api/tasks?app=Settings&sort=total_steps",
    "/api/tasks?tag=ci&step_tag=here&judged=true",
    TASK,
    f"{TASK}/index",
    f"{TASK}/steps?per_page=1&page=2",
    f"{TASK}/report",
    f"{TASK}/screenshots",
    f"{TASK}/search?q=tap",
    f"{TASK}/spans",
    f"{TASK}/waterfall",
    f"{TASK}/runs",
    "/api/compare?a=aaaaaaaa-1&b=runs%2F%E4%BA%8C",
    "/api/statistics",
    "/api/statistics/tasks?by=app",
    "/api/statistics/tasks/usage?by=model",
    "/api/statistics/usage",
    "/api/statistics/actions",
    "/api/statistics/time",
    "/api/statistics/taps",
)


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    settings = resolve({}, dir=tmp_path / "data")
    fill(settings)
    return settings


def said(settings: Settings) -> dict[str, Any]:
    """Return what the viewer says, without what each state has of its own."""
    with opened_library(settings) as library:
        client = client_of(library)
        return {question: _common(client.get(question).json()) for question in ASKED}


def _common(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _common(each)
            for key, each in without_own(value).items()
            if key not in ("archived", "version")
        }
    return [*map(_common, value)] if isinstance(value, list) else value


def test_every_answer_is_the_same(settings: Settings) -> None:
    """Of the list, of the task in every form, and of figures over all tasks."""
    before = said(settings)

    archive(settings, *IDS)

    after = said(settings)
    for question, answer in before.items():
        assert "error" not in answer, answer
        assert after[question] == answer, question


def test_a_page_that_is_open_goes_on(settings: Settings) -> None:
    """What it knows stays true; pictures come from the archive, and what comes late is told."""
    with opened_library(settings) as library:
        client = client_of(library)
        index = client.get(f"{TASK}/index").json()["data"]
        shots = client.get(f"{TASK}/screenshots").json()["data"]["screenshots"]
        name = picture_name_in(shots[0]["screenshot_path"])
        small = client.get(f"/img/{name}?w=120").content

        archive(settings, IDS[1])

        assert client.get(f"{TASK}/index").json()["data"] == index
        assert client.get(f"/img/{name}?w=120").content == small
        assert client.get(TASK).json()["data"]["task"]["archived"]
        library.store.annotate(IDS[1], Annotation(notes="seen"))
        assert client.get(f"{TASK}/index").json()["data"]["version"] != index["version"]


def test_a_missing_archive_takes_no_other_task_away(settings: Settings) -> None:
    """Who opens a task that cannot be read is told where it is; the list is there."""
    archive(settings, IDS[1])
    (settings.dir / "archive").rename(settings.dir / "elsewhere")

    with opened_library(settings) as library:
        client = client_of(library)
        listed = client.get("/api/tasks")
        assert {task["task_id"] for task in listed.json()["data"]["tasks"]} == {*IDS}
        refused = client.get(f"{TASK}/index")
        assert refused.status_code == 503
        assert str(settings.dir / "archive") in refused.json()["error"]["message"]
        assert client.get("/api/tasks/aaaaaaaa-1/report").status_code == 200
