"""The three routes of the user's guide, to the letter, on a run of the real PhoneAgent."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from otel_steps.config import Settings, resolve
from tests.agents import CURRENT, python_path
from tests.fakes.model_server import ModelServer
from tests.fakes.phone import FakePhone
from tests.test_three_ways import FAKES, TWELVE_STEPS
from tests.viewing import client_of, opened_library

# The columns of the guide, as it names them.
STEP = {
    *("id", "task_id", "step_number", "step_type", "step_data", "thinking", "action_result"),
    *("screenshot_path", "duration_ms", "success", "error_message", "created_at"),
}
SCREENSHOT = {
    *("id", "task_id", "step_id", "screenshot_path", "file_size", "file_hash", "compressed"),
    *("metadata", "created_at"),
}


@pytest.fixture(name="recorded", scope="module")
def _recorded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Run the agent once, recorded with `configure()`."""
    folder = tmp_path_factory.mktemp("guide")
    phone = FakePhone(folder / "phone")
    with ModelServer() as model:
        model.script("twelve", TWELVE_STEPS)
        subprocess.run(
            [
                *(sys.executable, "configured_main.py", "--base-url", model.base_url),
                *("--model", "twelve", "--device-id", "twelve", "打开蓝牙"),
            ],
            cwd=FAKES,
            env=phone.environment()
            | {"PYTHONPATH": python_path(CURRENT), "OTEL_STEPS_DIR": str(folder / "data")},
            check=True,
            capture_output=True,
        )
    return resolve({}, dir=folder / "data")


@pytest.fixture(name="client")
def _client(recorded: Settings) -> Iterator[TestClient]:
    with opened_library(recorded) as library:
        yield client_of(library)


@pytest.fixture(name="task_id")
def _task_id(client: TestClient) -> str:
    (task,) = client.get("/api/tasks").json()["data"]["tasks"]
    return str(task["task_id"])


def asked(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200
    assert list(answer.json()) == ["data"]
    return answer.json()["data"]


def test_steps_come_in_pages_of_twenty(client: TestClient, task_id: str) -> None:
    """`GET /api/tasks/{id}/steps` gives the steps in order, with where the page stands."""
    answer = asked(client, f"/api/tasks/{task_id}/steps")

    assert list(answer) == ["steps", "pagination"]
    assert answer["pagination"] == {"page": 1, "per_page": 20, "total": 12, "pages": 1}
    assert [step["step_number"] for step in answer["steps"]] == list(range(1, 13))
    for step in answer["steps"]:
        assert set(step) >= STEP
        assert step["task_id"] == task_id
    first = answer["steps"][0]
    assert (first["thinking"], first["success"]) == ("打开设置。", True)
    assert first["action_result"]["success"] is True
    assert Path(first["screenshot_path"]).is_file()


@pytest.mark.parametrize(
    ("params", "numbers", "pagination"),
    [
        ({"page": 2, "per_page": 5}, [6, 7, 8, 9, 10], (2, 5, 12, 3)),
        ({"page": 3, "per_page": 5}, [11, 12], (3, 5, 12, 3)),
        ({"page": 4, "per_page": 5}, [], (4, 5, 12, 3)),
        ({"limit": 3}, [1, 2, 3], (1, 20, 3, 1)),
        ({"limit": 7, "per_page": 5, "page": 2}, [6, 7], (2, 5, 7, 2)),
        ({"limit": 50, "per_page": 1_000_000_000}, list(range(1, 13)), (1, 100, 12, 1)),
    ],
    ids=str,
)
def test_pages_and_limit(
    client: TestClient,
    task_id: str,
    params: dict[str, int],
    numbers: list[int],
    pagination: tuple[int, ...],
) -> None:
    """A page has `per_page` steps, at most 100; `limit` is how many there are to page through."""
    answer = asked(client, f"/api/tasks/{task_id}/steps", **params)

    assert [step["step_number"] for step in answer["steps"]] == numbers
    assert tuple(answer["pagination"].values()) == pagination


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "limit=abc", "limit=0", "limit=-5", "per_page=", "page=1;--"]
)
def test_bad_page_is_a_clear_error(client: TestClient, task_id: str, query: str) -> None:
    """What is no number from 1 is refused in the envelope of errors, and named."""
    answer = client.get(f"/api/tasks/{task_id}/steps?{query}")

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message"}
    assert query.partition("=")[0] in answer.json()["error"]["message"]


def test_report_has_everything(client: TestClient, task_id: str) -> None:
    """`GET /api/tasks/{id}/report` gives task, steps, screenshots and statistics."""
    report = asked(client, f"/api/tasks/{task_id}/report")

    assert list(report) == ["task", "steps", "screenshots", "statistics", "usage", "why"]
    assert report["task"]["task_description"] == "打开蓝牙"
    assert (report["task"]["status"], report["task"]["result"]) == ("completed", "蓝牙已打开")
    assert (len(report["steps"]), len(report["screenshots"])) == (12, 12)
    statistics = report["statistics"]
    assert statistics["total_duration_ms"] == sum(step["duration_ms"] for step in report["steps"])
    assert list(statistics) == [
        *("total_steps", "successful_steps", "failed_steps", "success_rate"),
        *("total_duration_ms", "average_step_duration_ms", "screenshots_count"),
    ]
    assert statistics["total_steps"] == 12
    assert statistics["successful_steps"] + statistics["failed_steps"] == 12
    assert statistics["success_rate"] == statistics["successful_steps"] / 12
    assert statistics["screenshots_count"] == 12


def test_screenshots_are_listed_and_shown(client: TestClient, task_id: str) -> None:
    """`GET /api/tasks/{id}/screenshots` gives what is known of each picture; each can be seen."""
    answer = asked(client, f"/api/tasks/{task_id}/screenshots")

    assert list(answer) == ["screenshots", "grouped_by_step", "total_count"]
    assert answer["total_count"] == len(answer["screenshots"]) == 12
    steps = asked(client, f"/api/tasks/{task_id}/steps")["steps"]
    assert list(answer["grouped_by_step"]) == [step["id"] for step in steps]
    assert [*answer["grouped_by_step"].values()] == [[row] for row in answer["screenshots"]]
    for row in answer["screenshots"]:
        assert set(row) >= SCREENSHOT
        assert row["file_size"] > 0
    for name in set(asked(client, f"/api/tasks/{task_id}/index")["picture"]):
        assert client.get(f"/img/{name}?w=120").headers["content-type"].startswith("image/")


@pytest.mark.parametrize("route", ["steps", "report", "screenshots"])
def test_unknown_task_is_not_found(client: TestClient, route: str) -> None:
    """A task that is not there is a 404 in the envelope of errors."""
    answer = client.get(f"/api/tasks/nobody/{route}")

    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"code": "not_found", "message": "no task 'nobody' in this store"}
    }
