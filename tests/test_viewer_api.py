"""The REST API answers what a page of the viewer asks, and nothing else."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from PIL import Image
from starlette.testclient import TestClient

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.otlp.span import Span
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import StoreOnHold, StoreUnavailable
from otel_steps.stores.pictures import open_screenshots
from otel_steps.viewer.library import Library
from tests.commands import AT, SECOND, store_tasks, store_used, task_spans, write_prices
from tests.pictures import png
from tests.viewing import client_of, opened_library

UNKNOWN_STEP = "00000000-0000-4000-8000-000000000000"
INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE tasks; --",
    'x" UNION SELECT 1',
    "%",
    "_",
    "\\",
    "abc",
    "-1",
    "0",
    "1e9",
    "9" * 30,
    "nan",
    "\0",
    "微信",
    "\ud7ff\U0001f600",
    "",
)


PICTURES = {
    name: StoredPicture(
        sha256=name,
        path=f"{name[:2]}/{name}.webp",
        file_size=9,
        file_hash=name,
        compressed=True,
        mime_type="image/webp",
        phash=1 << at,
    )
    for at, name in enumerate(("a" * 64, "b" * 64))
}


def pictured(spans: list[Span]) -> list[Span]:
    """Return the spans of a task whose steps name the pictures."""
    root, *steps = spans
    return [
        root,
        *(
            replace(step, attributes={**step.attributes, semconv.SCREENSHOT_SHA256: name})
            for step, name in zip(steps, PICTURES, strict=True)
        ),
    ]


@pytest.fixture(name="library")
def _library() -> Iterator[Library]:
    store_tasks("aaaaaaaa-1", "runs/二/3", "cccccccc-3")
    with opened_library() as library:
        yield library


@pytest.fixture(name="client")
def _client(library: Library) -> TestClient:
    return client_of(library)


def asked(client: TestClient, path: str, **params: Any) -> Any:
    """Return the data of an answer that must be there."""
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def names(page: Any) -> list[str]:
    return [task["task_id"] for task in page["tasks"]]


# --- The list


def test_list_has_rows_with_what_a_card_shows(client: TestClient) -> None:
    """A task of the list is its row, with flags, frames, apps and the first failed step."""
    page = asked(client, "/api/tasks")

    assert names(page) == ["cccccccc-3", "runs/二/3", "aaaaaaaa-1"]
    task = page["tasks"][0]
    assert (task["status"], task["total_steps"], task["device_id"]) == (
        "completed",
        2,
        "emulator-5554",
    )
    assert (task["first_failed"], task["apps"], task["hit"]) == (2, ["Settings"], None)
    assert (task["frames"], task["flags"]) == ([], {})
    assert page["pagination"] == {"page": 1, "per_page": 20, "total": 3, "pages": 1}
    assert page["facets"]["devices"] == ["emulator-5554"]
    assert page["version"]


def test_list_is_cut_into_pages(client: TestClient) -> None:
    """A page has as many tasks as it says, and none is there twice."""
    first = asked(client, "/api/tasks", per_page=2)
    second = asked(client, "/api/tasks", per_page=2, page=2)
    beyond = asked(client, "/api/tasks", page=10**18)

    assert (len(first["tasks"]), len(second["tasks"]), beyond["tasks"]) == (2, 1, [])
    assert first["pagination"]["pages"] == 2
    assert sorted(names(first) + names(second)) == sorted(names(asked(client, "/api/tasks")))


def test_list_is_sorted_and_narrowed_down(client: TestClient) -> None:
    """Sorting, status and the other filters take effect."""
    assert names(asked(client, "/api/tasks", order="asc"))[0] == "aaaaaaaa-1"
    assert names(asked(client, "/api/tasks", status="failed,completed")) != []
    assert names(asked(client, "/api/tasks", status=["failed", "running"])) == []
    assert names(asked(client, "/api/tasks", device="emulator-5554", app="Settings")) != []
    assert names(asked(client, "/api/tasks", device="other")) == []
    assert names(asked(client, "/api/tasks", until="2026-09-21T14:15:00Z")) == ["aaaaaaaa-1"]


def test_text_is_found_and_its_step_is_named(client: TestClient) -> None:
    """A search finds two Chinese characters, and tells which step has what was looked for."""
    assert len(asked(client, "/api/tasks", q="任务")["tasks"]) == 3
    assert names(asked(client, "/api/tasks", q="务 aaaa")) == ["aaaaaaaa-1"]
    found = asked(client, "/api/tasks", q="APP NOT FOUND")

    assert [task["hit"] for task in found["tasks"]] == [2, 2, 2]
    assert asked(client, "/api/tasks", q="%")["tasks"] == []


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("sort=task_id", "created_at"),
        ("sort=", "created_at"),
        ("order=up", "asc"),
        ("status=done", "completed"),
        ("since=yesterday", "since"),
        ("until=0001-01-01T00:00:00%2B14:00", "until"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=abc", "page"),
        ("per_page=0", "per_page"),
        ("per_page=1.5", "per_page"),
        ("q=" + "x" * 1001, "q"),
    ],
)
def test_bad_question_is_told_what_is_wrong(client: TestClient, query: str, word: str) -> None:
    """A parameter that cannot be used is a 400 that names it, or what may be used."""
    answer = client.get(f"/api/tasks?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"
    assert word in answer.json()["error"]["message"]


def test_largest_page_is_a_hundred(client: TestClient) -> None:
    """Whoever asks for everything gets a hundred."""
    for path in ("/api/tasks", "/api/tasks/aaaaaaaa-1/steps"):
        page = asked(client, path, per_page=1_000_000_000)
        assert page["pagination"]["per_page"] == 100


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, marks=[] if number < 8 else pytest.mark.full)
        for number, text in enumerate(INJECTIONS)
    ],
)
def test_no_parameter_reaches_the_database_as_sql(client: TestClient, text: str) -> None:
    """Whatever a parameter holds, it is looked for, clamped or refused; nothing breaks."""
    document = client.get("/openapi.json").json()
    for path, item in document["paths"].items():
        for parameter in item.get("get", {"parameters": []}).get("parameters", []):
            if parameter["in"] != "query" or path.endswith("/events"):
                continue
            ids = ["aaaaaaaa-1", text or "x"] if "{task_id}" in path else ["x"]
            for task_id in ids:
                there = path.replace("{task_id}", quote(task_id, safe=""))
                there = there.replace("{step_id}", UNKNOWN_STEP)
                query = {"a": "aaaaaaaa-1", "b": "aaaaaaaa-1", "q": "x", parameter["name"]: text}
                answer = client.get(there.replace("{sha256}", "0" * 64), params=query)
                assert answer.status_code in (200, 400, 404), answer.text

    assert len(asked(client, "/api/tasks")["tasks"]) == 3


# --- A task


def test_task_with_a_slash_in_its_id_is_found(client: TestClient) -> None:
    """An id may be any text."""
    for name in ("runs/二/3", "runs%2F%E4%BA%8C%2F3"):
        assert asked(client, f"/api/tasks/{name}")["task"]["task_id"] == "runs/二/3"
        assert asked(client, f"/api/tasks/{name}/index")["count"] == 2
        assert asked(client, f"/api/tasks/{name}/steps")["pagination"]["total"] == 2


@pytest.mark.parametrize(
    "task_id",
    [
        *("a\nb", "a\n", "\r\n", "a?b#c", "a\u2028b", " ", "50%", "a%2Fb", "a;", "/", "..;"),
        # Words of the addresses themselves, and what browsers resolve.
        *("a/steps", "a/steps/steps", "report", "a/index", "a/export.json", "a/events", ".", ".."),
    ],
)
def test_task_of_any_id_opens(task_id: str) -> None:
    """Every address of a task takes whatever its id may be, as the page encodes it."""
    store_tasks("a", task_id)
    segment = f"{task_id};" if task_id in (".", "..") else quote(task_id, safe="")
    address = f"/api/tasks/{segment}"
    with opened_library() as library:
        client = client_of(library)
        task = asked(client, address)["task"]
        (step, _) = asked(client, f"{address}/steps")["steps"]
        reported = asked(client, f"{address}/report")["task"]
        exported = client.get(f"{address}/export.json").json()["task"]
        written = client.post(f"{address}/annotations", json={"tags": ["seen"], "notes": ""})
        parts = ("/index", "/screenshots", "/spans", f"/steps/{step['id']}", "/search?q=x")
        answers = {part: client.get(address + part).status_code for part in parts}
        page = client.get(f"/t/{segment}")

    assert answers == dict.fromkeys(parts, 200)
    assert (page.status_code, written.status_code) == (200, 200)
    owners = [task, step, reported, exported, written.json()["data"]["task"]]
    assert {row["task_id"] for row in owners} == {task_id}


def test_index_has_a_column_for_every_fact(client: TestClient) -> None:
    """All steps of a task are told in columns of one length, with their flags."""
    index = asked(client, "/api/tasks/aaaaaaaa-1/index")

    assert (index["task_id"], index["count"]) == ("aaaaaaaa-1", 2)
    assert (index["number"], index["action"], index["success"]) == (
        [1, 2],
        ["Tap", "Launch"],
        [True, False],
    )
    assert {len(column) for column in index.values() if isinstance(column, list)} == {2}
    assert index["flags"] == [[], []]


def test_step_comes_with_its_picture(client: TestClient) -> None:
    """One step is its row and the row of its picture, if it has one."""
    step_id = asked(client, "/api/tasks/aaaaaaaa-1/index")["id"][1]
    detail = asked(client, f"/api/tasks/aaaaaaaa-1/steps/{step_id}")

    assert detail["step"]["error_message"] == "App not found: X"
    assert detail["screenshot"] is None


def test_text_is_found_in_steps(client: TestClient) -> None:
    """A search in a task names the steps, also where nothing is looked for."""
    ids = asked(client, "/api/tasks/aaaaaaaa-1/index")["id"]

    assert asked(client, "/api/tasks/aaaaaaaa-1/search", q="not found")["ids"] == [ids[1]]
    assert asked(client, "/api/tasks/aaaaaaaa-1/search", q="")["ids"] == []


def test_spans_of_a_step_are_those_below_it(library: Library, client: TestClient) -> None:
    """The waterfall of a step has the spans below it, that of a task all of them."""
    below = Span(
        trace_id=f"{1:032x}",
        span_id="00000000000000ff",
        parent_span_id=f"{17:016x}",
        name="chat",
        start_time_unix_nano=AT + 61 * SECOND,
        end_time_unix_nano=AT + 62 * SECOND,
    )
    library.store.write(batch_of([below], {}))
    first, second = asked(client, "/api/tasks/aaaaaaaa-1/index")["id"]

    def spans(**step: str) -> list[str]:
        found = asked(client, "/api/tasks/aaaaaaaa-1/spans", **step)["spans"]
        return [span["name"] for span in found]

    assert (spans(), spans(step=first), spans(step=second)) == (["chat"], ["chat"], [])
    nodes = asked(client, "/api/tasks/aaaaaaaa-1/waterfall")
    assert nodes["step_ids"] == [first, second]
    assert nodes["name"] == [None, None, "chat"]
    assert nodes["parent"] == [None, None, 0]
    assert nodes["start_ms"] == [0, 1000, 0]
    assert nodes["duration_ms"] == [500, 500, 1000]
    assert nodes["is_error"] == [False, True, False]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/index",
        "/steps",
        "/report",
        "/screenshots",
        "/spans",
        "/events",
        "/search?q=x",
        f"/steps/{UNKNOWN_STEP}",
        "/export.html",
        "/export.json",
        "/export.otlp.json",
    ],
)
def test_unknown_task_is_not_found(client: TestClient, path: str) -> None:
    """Every route of a task says that there is no such task."""
    answer = client.get(f"/api/tasks/nobody{path}")

    assert answer.status_code == 404
    assert "nobody" in answer.json()["error"]["message"]


def test_unknown_things_are_not_found(client: TestClient) -> None:
    """A step of another task, an address of nothing, and a comparison with nobody."""
    other = asked(client, "/api/tasks/cccccccc-3/index")["id"][0]
    for path in (
        f"/api/tasks/aaaaaaaa-1/steps/{other}",
        "/api/nowhere",
        "/api/tasks/aaaaaaaa-1/export.exe",
        "/api/compare?a=aaaaaaaa-1&b=nobody",
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), path
    for path in ("/api/tasks/aaaaaaaa-1/steps/7", "/api/tasks/aaaaaaaa-1/spans?step=7"):
        assert client.get(path).status_code == 400


# --- What a person writes


def test_tags_and_notes_are_kept(client: TestClient) -> None:
    """A person's words on a task stay, cleaned, and are found by."""
    written = {"tags": [" 重试 ", "重试", "flaky"], "notes": "看第 3 步\n\0"}
    changed = client.post("/api/tasks/runs%2F二%2F3/annotations", json=written)

    assert changed.status_code == 200
    task = asked(client, "/api/tasks/runs/二/3")["task"]
    assert (task["tags"], task["notes"]) == (["重试", "flaky"], "看第 3 步\n\ufffd")
    assert changed.json()["data"]["task"] == task
    assert names(asked(client, "/api/tasks", tag="flaky")) == ["runs/二/3"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"tags": "x", "notes": ""}',
        '{"tags": [""], "notes": ""}',
        '{"tags": [1], "notes": ""}',
        '{"scores": [{"value": 1}]}',
        '{"scores": [{"name": "x", "value": 1.01}]}',
        '{"scores": [{"name": "x", "value": NaN}]}',
        '{"tags": [], "notes": "',
        json.dumps({"tags": ["x"] * 51, "notes": ""}),
        json.dumps({"tags": ["x" * 101], "notes": ""}),
        json.dumps({"tags": [], "notes": "x" * 100_001}),
    ],
    ids=lambda body: body[:20],
)
def test_annotations_of_another_shape_are_refused(client: TestClient, body: str) -> None:
    """What is no list of tags with notes changes nothing."""
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/tasks/aaaaaaaa-1/annotations", content=body, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"
    assert asked(client, "/api/tasks/aaaaaaaa-1")["task"]["tags"] is None


def test_what_another_has_said_meanwhile_is_not_lost(client: TestClient) -> None:
    """Of a task and of a step: who has not seen it is told so, and nothing is written."""
    task = "/api/tasks/aaaaaaaa-1"
    (step_id, *_) = asked(client, f"{task}/index")["id"]
    score = {"name": "rating", "value": 1, "label": "good", "explanation": None}
    mine = {"scores": [score], "seen": {"scores": []}}
    yours = {"tags": ["x"], "scores": [], "seen": {"tags": [], "scores": []}}
    for address in (task, f"{task}/steps/{step_id}"):
        first = client.post(f"{address}/annotations", json=mine)
        second = client.post(f"{address}/annotations", json=yours)

        assert (first.status_code, second.status_code) == (200, 409)
        assert second.json()["error"]["code"] == "conflict"
        found = asked(client, address)
        row = found.get("step") or found["task"]
        said = {key: value for key, value in score.items() if value is not None}
        assert (row["tags"], row["scores"]) == (None, [said])
    assert first.json()["data"] == row
    assert names(asked(client, "/api/tasks", judged="true", min_score=0.5)) == ["aaaaaaaa-1"]
    assert names(asked(client, "/api/tasks", flag="device_error", judged="true")) == []
    assert client.get("/api/tasks?flag=odd").status_code == 400
    refused = client.get("/api/tasks?min_score=7")
    assert refused.status_code == 400
    assert (
        "min_score: Input should be less than or equal to 1" in refused.json()["error"]["message"]
    )
    nobody = "00000000-0000-0000-0000-000000000000"
    answer = client.post(f"{task}/steps/{nobody}/annotations", json={"notes": "x"})
    assert answer.status_code == 404


def test_many_tasks_are_tagged_by_name_or_by_filter(client: TestClient) -> None:
    """What a filter finds is told before anything changes; tags that are there stay."""
    named = {"task_ids": ["aaaaaaaa-1", "nobody"], "add": [" 红 ", "x"]}
    assert client.post("/api/selection/tags", json=named).json() == {"data": {"tasks": 1}}
    every = client.post("/api/selection/tags?tag=红", json={"add": ["y"], "remove": ["红"]})

    assert every.json() == {"data": {"tasks": 1}}
    assert asked(client, "/api/tasks/aaaaaaaa-1")["task"]["tags"] == ["x", "y"]
    assert names(asked(client, "/api/tasks", tag="y")) == ["aaaaaaaa-1"]


def test_many_tasks_are_files_of_one_archive(client: TestClient) -> None:
    """Each once, whole and by its own name, in any format; a format that is none is refused."""
    ids = ["aaaaaaaa-1", "runs/二/3", "nobody"]
    answer = client.get("/api/selection/export.zip", params={"form": "json", "task_id": ids})

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        found = [json.loads(archive.read(name))["task"]["task_id"] for name in archive.namelist()]
    assert found == ids[:2]
    all_of_them = client.get("/api/selection/export.zip?form=otlp&status=completed")
    total = asked(client, "/api/tasks", status="completed")["pagination"]["total"]
    with zipfile.ZipFile(io.BytesIO(all_of_them.content)) as archive:
        assert len(archive.namelist()) == total > 0
    assert client.get("/api/selection/export.zip?form=exe").status_code == 400
    public = {"form": "json", "task_id": ids, "public": True}
    answer = client.get("/api/selection/export.zip", params=public)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        found = [json.loads(archive.read(name))["task"] for name in archive.namelist()]
        texts = {task["task_description"] for task in asked(client, "/api/tasks")["tasks"]}
        assert not [name for name in archive.namelist() if any(text in name for text in texts)]
    assert [task["task_description"] for task in found] == [None, None]


def test_tasks_are_deleted_once_it_is_said_what_goes(client: TestClient) -> None:
    """Nothing goes before that is confirmed, and nothing but what was named."""
    task_ids = ["aaaaaaaa-1", "nobody"]
    said = client.post("/api/selection/removal", json={"task_ids": task_ids}).json()["data"]
    task = asked(client, "/api/tasks/aaaaaaaa-1")["task"]

    assert (said["task_ids"], said["tasks"], said["steps"]) == (
        ["aaaaaaaa-1"],
        1,
        task["total_steps"],
    )
    assert said["bytes"] > 0
    unnamed = client.post("/api/selection/removal?status=failed", json={"is_confirmed": True})
    assert unnamed.status_code == 409
    confirmed = {"task_ids": said["task_ids"], "before": said["before"], "is_confirmed": True}
    done = client.post("/api/selection/removal", json=confirmed).json()["data"]
    assert (done["task_ids"], done["steps"]) == (["aaaaaaaa-1"], task["total_steps"])
    assert client.get("/api/tasks/aaaaaaaa-1").status_code == 404
    assert asked(client, "/api/tasks/runs/二/3")["task"]["task_id"] == "runs/二/3"


def test_annotations_of_nobody_are_not_kept(client: TestClient) -> None:
    """A task that is not there gets no notes, and does not come to be."""
    answer = client.post("/api/tasks/nobody/annotations", json={"tags": [], "notes": "x"})

    assert answer.status_code == 404
    assert client.get("/api/tasks/nobody").status_code == 404


# --- Pictures


def picture(width: int) -> bytes:
    """Return a picture of noise, which no format makes small."""
    image = Image.effect_noise((width, 2 * width), 64).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def test_picture_is_as_wide_as_it_is_wanted(library: Library, client: TestClient) -> None:
    """A picture is served by its hash, in the smallest kept size that is wide enough, for ever."""
    content = picture(600)
    name = hashlib.sha256(content).hexdigest()
    open_screenshots(resolve(), library.store).save(name, content)

    def width(**wanted: int) -> int:
        answer = client.get(f"/img/{name}", params=wanted)
        assert answer.headers["content-type"].startswith("image/")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        with Image.open(io.BytesIO(answer.content)) as image:
            return image.width

    assert [width(w=w) for w in (1, 120, 121, 540, 541, 10**9)] == [120, 120, 540, 540, 600, 600]
    assert width() == 600


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("0" * 64, 404),
        ("A" * 64, 400),
        ("0" * 63, 400),
        ("..%2F..%2Fsteps.db", 404),
        ("0" * 64 + "%0A", 400),
        ("0" * 64 + "?w=0", 400),
        ("0" * 64 + "?w=x", 400),
    ],
)
def test_no_other_name_is_a_picture(client: TestClient, name: str, status: int) -> None:
    """A picture is named by 64 hex digits; no path leads anywhere."""
    assert client.get(f"/img/{name}").status_code == status


def test_only_pictures_are_served(library: Library, client: TestClient) -> None:
    """A file that was stored as a picture and is none is not served, whatever it claims to be."""
    name = hashlib.sha256(png()).hexdigest()
    stored = open_screenshots(resolve(), library.store).save(name, png())
    content = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    (resolve().dir / "screenshots" / stored.path).write_bytes(content)

    answer = client.get(f"/img/{name}")

    assert answer.status_code == 404
    assert "svg" not in answer.text


# --- Beside


def test_export_is_a_file_to_keep(client: TestClient) -> None:
    """A task is given as a file, under a name that says when, what and how."""
    for form, kind in (("html", "text/html"), ("json", "application/json")):
        answer = client.get(f"/api/tasks/runs%2F二%2F3/export.{form}")
        name = unquote(answer.headers["content-disposition"])
        assert re.fullmatch(
            rf"attachment; filename\*=UTF-8''2026-\d\d-\d\d [\w-]+ completed\.{form}", name
        )
        assert answer.headers["content-type"].startswith(kind)
    spans = client.get("/api/tasks/aaaaaaaa-1/export.otlp.json").json()["resourceSpans"]

    assert len(spans) == 3
    public = client.get("/api/tasks/runs%2F二%2F3/export.json", params={"public": True})
    assert re.search(r" task-\w+ completed\.json$", unquote(public.headers["content-disposition"]))
    assert public.json()["task"]["task_description"] is None


def test_two_tasks_are_compared(client: TestClient) -> None:
    """Both indexes, their steps in pairs, and the first pair that differs."""
    compared = asked(client, "/api/compare", a="aaaaaaaa-1", b="cccccccc-3")

    assert compared["a"]["task"]["task_id"] == "aaaaaaaa-1"
    assert compared["b"]["index"]["count"] == 2
    assert compared["b"]["usage"] is None
    assert (compared["pairs"], compared["divergence"]) == ([[0, 0], [1, 1]], None)
    assert compared["same"] == [True, True]


def test_steps_can_be_put_side_by_side(client: TestClient) -> None:
    """A pin is kept; one that is none, or crosses another, is refused with what to do."""
    both = {"a": "aaaaaaaa-1", "b": "cccccccc-3"}

    assert asked(client, "/api/compare", **both, pin="1-2")["pairs"] == [
        [None, 0],
        [0, 1],
        [1, None],
    ]
    for pins, reason in (
        (["x"], "expected two numbers"),
        (["1-7"], "no step 7"),
        (["2-1", "1-2"], "crosses"),
    ):
        answer = client.get("/api/compare", params={**both, "pin": pins})
        assert answer.status_code == 400
        assert reason in answer.json()["error"]["message"]


def test_runs_of_the_same_task_are_found_by_its_text() -> None:
    """All that were asked the same, each with its first steps and where it parted."""
    store_tasks("one", "two", **{semconv.TASK_DESCRIPTION: "打开相机"})
    other = task_spans("three", number=3, **{semconv.TASK_DESCRIPTION: "打开相机"})
    speaks = task_spans("four", number=4, **{semconv.TASK_DESCRIPTION: "打开相机 and wait"})
    with opened_library() as library:
        library.store.write(batch_of([*other[:2], *speaks], {}))
        found = asked(client_of(library), "/api/tasks/one/runs")

        assert [run["task"]["task_id"] for run in found["runs"]] == ["one", "three", "two"]
        assert [run["parted"] for run in found["runs"]] == [
            None,
            {"pair": [1, None], "numbers": [2, None]},
            None,
        ]
        assert found["runs"][0]["strip"]["kind"] == ["tap", "launch"]
        assert found["is_whole"]


def test_statistics_count_all_tasks(client: TestClient) -> None:
    """The statistics are those of the store."""
    assert asked(client, "/api/statistics") == {
        "tasks": 3,
        "steps": 6,
        "screenshots": 0,
        "tasks_by_status": {"completed": 3},
        "success_rate": 0.5,
    }


def test_figures_are_narrowed_down_as_the_list_is(client: TestClient) -> None:
    """By group and by action, for the tasks that the list would show with the same words."""
    (whole,) = asked(client, "/api/statistics/tasks")["groups"]
    by_status = asked(client, "/api/statistics/tasks", by="day", status="completed")
    actions = asked(client, "/api/statistics/actions")["actions"]

    assert (whole["tasks"], whole["steps"], whole["success_rate"]) == (3, 6, 1.0)
    assert (by_status["by"], sum(row["tasks"] for row in by_status["groups"])) == ("day", 3)
    assert sum(action["steps"] for action in actions) == 6
    assert asked(client, "/api/statistics/tasks", status="failed")["groups"] == []
    assert asked(client, "/api/statistics/actions", q="nothing of this")["actions"] == []
    refused = client.get("/api/statistics/tasks?by=colour")
    assert refused.status_code == 400
    assert "cannot be grouped by 'colour'" in refused.json()["error"]["message"]


def test_tokens_and_cost_are_where_they_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the list, of a task, of a step, in the report and over all; null where nobody told."""
    monkeypatch.setenv("OTEL_STEPS_PRICES", str(write_prices(tmp_path)))
    store_used("a", "m")
    store_used("b", None, number=2)
    with opened_library() as library:
        client = client_of(library)
        unpriced, priced = (task["usage"] for task in asked(client, "/api/tasks")["tasks"])
        steps = asked(client, "/api/tasks/a/index")["id"]
        told, untold = (asked(client, f"/api/tasks/a/steps/{each}")["usage"] for each in steps)
        overall = asked(client, "/api/statistics/usage")

        assert priced == {
            "steps": 1,
            "input_tokens": 10_000,
            "output_tokens": 500,
            "cached_tokens": 4_000,
            "cost": [{"currency": "USD", "amount": 0.095}],
            "unpriced": [],
            "prices_date": "2026-11-20",
        }
        assert (unpriced["cost"], unpriced["unpriced"]) == (None, [None])
        assert asked(client, "/api/tasks/a")["usage"] == told == priced
        assert asked(client, "/api/tasks/a/report")["usage"] == priced
        assert untold is None
        assert overall["by_model"] == [{"model": "m", **priced}, {"model": None, **unpriced}]
        assert [day["day"] for day in overall["by_day"]] == ["2026-09-21"]
        assert (overall["total"]["cost"], overall["total"]["unpriced"]) == (priced["cost"], [None])


def test_health_says_what_processes_have_met(client: TestClient) -> None:
    """What went wrong on this machine in the last day is said, with its remedy."""
    folder = resolve().problems_dir
    Problems(folder).report("screenshot", "the picture is broken")
    Problems(folder).report("store", "the database was away")
    old = json.loads((folder / "store.json").read_text(encoding="utf-8"))
    (folder / "store.json").write_text(json.dumps(old | {"last_at": 1.0}), encoding="utf-8")
    health = asked(client, "/api/health")

    waiting = (health["waiting"], health["pictures_waiting"], health["dead"])
    assert (waiting, health["trace_url"]) == ((0, 0, 0), None)
    assert health["store"].startswith("sqlite:///")
    (problem,) = health["problems"]
    assert (problem["kind"], problem["message"]) == ("screenshot", "the picture is broken")


def test_trace_url_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where other backends show a trace is a setting, and the page is told."""
    monkeypatch.setenv("OTEL_STEPS_TRACE_URL", "http://localhost:16686/trace/{trace_id}")
    with opened_library() as library:
        health = asked(client_of(library), "/api/health")

    assert health["trace_url"] == "http://localhost:16686/trace/{trace_id}"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StoreUnavailable("the database is away"), "the database is away"),
        (StoreOnHold("no table", remedy="run `otel-steps migrate`"), "no table; run `otel-steps"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_store_that_is_away_is_said(
    library: Library, client: TestClient, monkeypatch: pytest.MonkeyPatch,
    error: Exception, words: str,
) -> None:  # fmt: skip
    """While the store does not answer, neither does the API: 503, why, and when to ask again."""

    def away(*_: Any) -> None:
        raise error

    monkeypatch.setattr(library.store, "find_tasks", away)
    answer = client.get("/api/tasks")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert words in answer.json()["error"]["message"]
