"""The viewer shows the same, whichever store it looks into."""

import hashlib
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.config import Settings, resolve
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from otel_steps.stores.pictures import open_screenshots
from tests.commands import task_spans
from tests.pictures import png
from tests.supabase.stack import SupabaseStack
from tests.viewing import client_of, opened_library

pytest_plugins = ("tests.supabase.fixtures",)

TASK = "/api/tasks/runs%2F%E4%BA%8C"
QUESTIONS = (
    "/api/tasks?q=任务&sort=total_steps&status=completed",
    "/api/tasks?q=not found&app=Settings&order=asc",
    "/api/tasks?since=2026-09-21&per_page=1&page=2",
    TASK,
    f"{TASK}/index",
    f"{TASK}/steps?per_page=1&page=2",
    f"{TASK}/report",
    f"{TASK}/screenshots",
    f"{TASK}/search?q=tap the",
    f"{TASK}/spans",
    "/api/compare?a=aaaaaaaa-1&b=runs%2F%E4%BA%8C",
    "/api/statistics",
    "/api/statistics/tasks/usage?by=model",
    "/api/statistics/time",
    "/api/statistics/taps",
)
# By nature each store has its own.
OWN = {"version", "screenshot_path", "screenshot_url", "remote_url"}


@pytest.fixture(name="settings", params=["postgresql", "supabase"])
def _settings(
    request: pytest.FixtureRequest, supabase_stack: SupabaseStack, tmp_path: Path
) -> Settings:
    is_postgres = request.param == "postgresql"
    return resolve(
        {},
        dir=tmp_path / "shared",
        store=supabase_stack.dsn if is_postgres else "supabase",
        supabase_url=supabase_stack.url,
        supabase_key=supabase_stack.secret_key,
    )


def fill(settings: Settings) -> str:
    """Store two tasks of two steps with a picture each; return the name of the first picture."""
    names: list[str] = []
    with closing(open_store(settings=settings)) as store:
        pictures = open_screenshots(settings, store)
        for number, task_id in enumerate(("aaaaaaaa-1", "runs/二"), start=1):
            root, *steps = task_spans(task_id, number=number)
            saved = {}
            for at, step in enumerate(steps):
                data = png(200, 400, (40 * number, 90 * at, 7))
                name = hashlib.sha256(data).hexdigest()
                saved[name] = pictures.save(name, data)
                attributes = {**step.attributes, semconv.SCREENSHOT_SHA256: name}
                steps[at] = replace(step, attributes=attributes)
            store.write(batch_of([root, *steps], saved))
            names += saved
    return names[0]


def answers(settings: Settings) -> dict[str, Any]:
    """Return what the viewer says of the tasks that are stored, and what a picture looks like."""
    name = fill(settings)
    with opened_library(settings) as library:
        client = client_of(library)
        written = {"tags": ["重试"], "notes": "see 2"}
        changed = client.post(f"{TASK}/annotations", json=written)
        assert changed.status_code == 200
        said = {question: client.get(question).json() for question in QUESTIONS}
        picture = client.get(f"/img/{name}?w=120")
    assert picture.status_code == 200
    said["picture"] = picture.headers["content-type"], hashlib.sha256(picture.content).hexdigest()
    return said


def common(value: Any) -> Any:
    """Return *value* without what each store has of its own."""
    if isinstance(value, dict):
        return {key: common(each) for key, each in value.items() if key not in OWN}
    if isinstance(value, list | tuple):
        return [common(each) for each in value]
    return value


def test_every_store_gives_the_same_answers(settings: Settings, tmp_path: Path) -> None:
    """Word for word what SQLite gives: the list, a task in every form, and its pictures."""
    expected = answers(resolve({}, dir=tmp_path / "embedded"))
    given = answers(settings)

    for question, answer in expected.items():
        assert "error" not in answer, answer
        assert common(given[question]) == common(answer), question
    found = expected[QUESTIONS[1]]["data"]
    assert [task["hit"] for task in found["tasks"]] == [2, 2]
    assert re.fullmatch("[0-9a-f]{64}", found["tasks"][0]["frames"][0]["sha256"])
