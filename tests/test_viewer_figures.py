"""What the page of figures reads beside the groups: tokens and cost, chance, time, taps, CSV."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from starlette.testclient import TestClient

from otel_steps import viewer
from otel_steps.exporting.figures_csv import figures_csv
from otel_steps.rows.model import Batch
from otel_steps.viewer import newest
from otel_steps.viewer.taps import taps_of
from otel_steps.viewer.times import PARTS, times_of
from otel_steps.why.finding import Kind
from tests.store_contract import SHA, a_screenshot, a_step, a_task, at
from tests.viewing import client_of, opened_library


@pytest.fixture(name="client")
def _client() -> Iterator[TestClient]:
    """A viewer on three tasks: of two models, one of them with tokens, in two apps."""
    tap = {"action": {"action": "Tap", "element": [500, 250]}, "app": "微信"}
    beside = {**tap, "action": {"action": "Tap", "element": [510, 260]}, "success": False}
    first = a_step(1, "a", **tap, input_tokens=10, output_tokens=5)
    with opened_library() as library:
        library.store.write(
            Batch(
                tasks=[
                    a_task("a", status="completed", model="m1", created_at=at(1)),
                    a_task("b", status="failed", model="m2", created_at=at(2)),
                    a_task("c", status="failed", model="m2", agent="A", created_at=at(3)),
                ],
                steps=[
                    first,
                    a_step(2, "a", **tap, input_tokens=20, output_tokens=5),
                    a_step(3, "b", **beside),
                    a_step(4, "c", action={"action": "Tap", "element": [1, 1]}, app="X"),
                ],
                screenshots=[a_screenshot(first)],
            )
        )
        yield client_of(library)


def asked(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(f"/api/statistics/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_group_tells_what_it_has_used(client: TestClient) -> None:
    """Tokens by the task, and the sum with what it cost; who has told nothing is not there."""
    (group,) = asked(client, "tasks/usage", by="model")["groups"]

    assert (group["group"], group["tokens_median"], group["tokens_p95"]) == ("m1", 40, 40)
    assert (group["usage"]["input_tokens"], group["usage"]["unpriced"]) == (30, ["m1"])
    assert asked(client, "tasks/usage", model="m2")["groups"] == []


def test_two_groups_are_compared_in_both_languages(client: TestClient) -> None:
    """A group that is not there is refused, with those that are."""
    found = asked(client, "between", by="model", one="m1", other="m2")
    refused = client.get("/api/statistics/between?by=model&one=m1&other=m3")

    assert (found["one"]["completed"], found["other"]["ended"]) == (1, 2)
    assert found["p_value"] == pytest.approx(1 / 3)
    assert found["sentence"]["en"].startswith("1 of 1 against 0 of 2")
    assert "这可能是偶然" in found["sentence"]["zh"]
    assert refused.status_code == 404
    assert "no model 'm3'; there are m2, m1" in refused.json()["error"]["message"]


def test_groups_are_a_file_for_a_spreadsheet(client: TestClient) -> None:
    """With a mark before it, by which it is known to be UTF-8."""
    answer = client.get("/api/statistics/tasks.csv?by=app&model=m1")

    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "tasks-by-app.csv" in answer.headers["content-disposition"]
    names, line = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert dict(zip(names, line, strict=True))["app"] == "微信"


def test_a_name_is_no_formula_of_a_spreadsheet() -> None:
    """Whatever an agent has called itself; numbers and other names stay as they are."""
    names = ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "＝1", "a=1", None]
    rows = [defaultdict(lambda: -1, group=name, by_status={}) for name in names]

    lines = list(csv.reader(io.StringIO("".join(figures_csv("agent", rows)))))[1:]

    assert [line[0] for line in lines] == [*(f"'{name}" for name in names[:6]), "a=1", ""]
    assert {line[1] for line in lines} == {"-1"}


@pytest.mark.parametrize(
    ("narrowed", "ids"),
    [({"agent": "A"}, ["c"]), ({"description": "打开相机", "model": "m1"}, ["a"])],
)
def test_list_is_narrowed_down_to_what_a_group_holds(
    client: TestClient, narrowed: dict[str, str], ids: list[str]
) -> None:
    """By agent and by the whole text of a task as well."""
    tasks = client.get("/api/tasks", params=narrowed).json()["data"]["tasks"]

    assert [task["task_id"] for task in tasks] == ids


def test_taps_near_each_other_are_one_spot(client: TestClient) -> None:
    """On the picture of the app; a step that missed is the one to look at."""
    found = asked(client, "taps")
    other = asked(client, "taps", tapped="X", since=at(3))

    assert found["apps"] == [{"app": "微信", "taps": 3}, {"app": "X", "taps": 1}]
    assert (found["app"], found["tasks"], found["total"]) == ("微信", 3, 3)
    assert found["picture"]["sha256"] == SHA
    (spot,) = found["spots"]
    assert (spot["x"], spot["y"], spot["taps"], spot["missed"]) == (503, 253, 3, 1)
    assert (spot["task_id"], spot["number"]) == ("b", 3)
    assert (other["app"], other["picture"], other["tasks"], other["taps"]) == ("X", None, 1, 1)


def test_newest_tasks_are_few_and_the_answer_says_how_many(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that fit; the newest one whatever its length."""
    monkeypatch.setattr(newest, "MAX_STEPS", 3)
    some = asked(client, "time")
    monkeypatch.setattr(newest, "MAX_STEPS", 0)
    one = asked(client, "time")

    assert (some["tasks"], some["steps"], some["total"]) == (2, 2, 3)
    assert (one["tasks"], one["steps"], one["total"]) == (1, 1, 3)


def test_taps_on_a_screen_on_its_side_are_not_drawn_on_one_that_stands() -> None:
    """What is shown is of the kind that has had the most taps; places off the screen are none."""
    wide = (1280, 800)
    index = _index(
        [
            {"x": 100, "size": wide},
            {"x": 300, "size": wide, "picture": "f" * 64},
            {"x": 500, "size": (360, 800), "picture": "e" * 64},
            {"x": 1400, "size": wide},
        ]
    )

    found = taps_of({"t": index}, None)

    assert (found["taps"], [spot["x"] for spot in found["spots"]]) == (2, [100, 300])
    assert found["picture"] == {"sha256": "f" * 64, "width": 1280, "height": 800}


def test_time_is_told_part_by_part() -> None:
    """A wait is no action, what nobody tells is the rest, and steps have time between them."""
    timings = {
        "ttft_ms": 100,
        "thinking_ms": 300,
        "model_ms": 400,
        "screenshot_ms": 50,
        "action_ms": 500,
    }
    index = _index(
        [
            {"timings": timings, "duration_ms": 1000, "start_ms": 0},
            {"timings": {"action_ms": 2000}, "duration_ms": 2000, "start_ms": 1500, "kind": "wait"},
            {"duration_ms": 70, "start_ms": 3500},
        ]
    )

    found = times_of([index])

    assert {each["part"]: each["ms"] for each in found["parts"]} == {
        "first_token": 100,
        "thinking": 200,
        "answer": 100,
        "screenshot": 50,
        "action": 500,
        "waiting": 2000,
        "rest": 120,
        "between": 500,
    }
    assert (found["steps"], found["timed"]) == (3, 2)


def test_page_has_a_word_for_each_cause_and_each_part_of_the_time() -> None:
    """One that is new here is new there."""
    static = Path(viewer.__file__).parent / "static"
    words = (static / "words.stats.en.js").read_text(encoding="utf-8")

    for key in (*(f"cause.{kind}" for kind in get_args(Kind)), *(f"time.{name}" for name in PARTS)):
        assert f'"stats.{key}":' in words


def _index(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what these two read of the index of a task whose steps all tap in one app."""
    usual = {
        "kind": "tap",
        "action": "Tap",
        "app": "X",
        "y": 500,
        "success": True,
        "number": 1,
        "type": "action",
        "status": "completed",
        "start_ms": 0,
    }
    names = (
        *("kind", "action", "app", "label", "x", "y", "x2", "y2", "success", "number", "type"),
        *("status", "start_ms", "duration_ms", "timings", "picture", "after", "phash", "black"),
        *("sensitive", "error_kind", "change_since", "change_share", "change_boxes"),
        *("after_share", "after_boxes", "width", "height"),
    )
    rows = [
        {**usual, "width": step.get("size", (None,))[0], "height": step.get("size", (None,))[-1]}
        | step
        for step in steps
    ]
    return {"count": len(rows), **{name: [row.get(name) for row in rows] for name in names}}
