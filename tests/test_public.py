"""What is exported for the public holds facts, and no text, picture or address of anybody."""

import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.exporting import FORMATS, Form, PublicTask, export
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.names import path_of
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.column import BOOLEAN, JSON, TIME, UUID
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.rows.public import public_index, public_task, public_task_id
from otel_steps.rows.tables import TABLES
from otel_steps.stores import Store, open_store
from otel_steps.stores.annotation import Annotation
from tests.commands import command, task_spans
from tests.pictures import png

MARK = "CANARY~"
FILMS = ("gif", "mp4", "webm")
AT = "2026-11-24T08:00:00.000000+00:00"
STEP_ID = "0b6b1c1e-0000-4000-8000-000000000001"
NAME = "ab" * 32
PICTURE = png(40, 80)
ROWS = {
    "tasks": TaskRow,
    "task_steps": StepRow,
    "step_screenshots": ScreenshotRow,
    "task_spans": SpanRow,
}


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store()) as opened:
        yield opened


@pytest.fixture
def pictures() -> ScreenshotStore:
    return ScreenshotStore(PictureFolder(resolve().dir / "screenshots"), "png")


def full(table: str, mark: str = MARK, **own: Any) -> Any:
    """Return a row that has a canary wherever a column takes one."""
    values = {
        BOOLEAN: True,
        TIME: AT,
        UUID: STEP_ID,
        JSON: {"action": f"{mark} action", mark: [mark, {"url": mark}]},
    }
    columns = TABLES[table].columns
    numbers = {each.name: 7 for each in fields(ROWS[table]) if str(each.type).find("int") >= 0}
    found = {
        name: numbers.get(name, values.get(columns[name].kind, f"{mark} {name}"))
        for name in TABLES[table].row_columns
    }
    return ROWS[table](**found | own)


def put_canaries(store: Store, pictures: ScreenshotStore, mark: str = MARK) -> str:
    """Store a task that says a canary in every place there is, and return its id."""
    stored = pictures.save(NAME, PICTURE)
    task_id = f"{MARK}id"
    said = {key.key: mark for key in semconv.ATTRIBUTES if key.type not in ("int", "double")}
    own = {"task_id": task_id, "trace_id": f"{MARK}trace"}
    event = {"time_unix_nano": 7, "name": mark, "attributes": {mark: mark}}
    said[semconv.SPAN_EVENTS] = [event]  # type: ignore[assignment]
    attributes = {**said, mark: mark, "list": [mark], "nested": {"a": mark}}
    store.write(
        Batch(
            tasks=[full("tasks", mark, status="failed", **own)],
            steps=[
                full("task_steps", mark, attributes=attributes, success=False, **own),
            ],
            screenshots=[
                full(
                    "step_screenshots",
                    mark,
                    task_id=task_id,
                    step_id=STEP_ID,
                    screenshot_path=path_of(NAME, "image/png"),
                    metadata={"sha256": NAME, "caption": mark},
                    phash=stored.phash,
                    change_share=0.5,
                    change_boxes=[[1, 2, 3, 4, mark]],
                )
            ],
            spans=[
                full(
                    "task_spans",
                    mark,
                    attributes=attributes,
                    events=[event],
                    links=[
                        {"trace_id": "ab" * 16, "span_id": "cd" * 8, "attributes": {mark: mark}}
                    ],
                    duration_ms=7.0,
                    **own,
                )
            ],
        )
    )
    assert store.annotate(task_id, Annotation(tags=[mark], notes=mark)) is not None
    return task_id


def written(
    store: Store, pictures: ScreenshotStore, task_id: str, form: Form, *, in_public: bool = True
) -> bytes:
    return b"".join(export(store, pictures, task_id, form, in_public=in_public))


def unpacked(form: Form, data: bytes) -> bytes:
    """Return *data* as texts stand in it."""
    if form != "parquet":
        return data
    table = pq.read_table(io.BytesIO(data))
    return f"{table.to_pylist()} {table.schema.metadata}".encode()


@pytest.mark.parametrize("form", [each for each in FORMATS if each not in FILMS])
def test_no_text_gets_out(store: Store, pictures: ScreenshotStore, form: Form) -> None:
    """Every column, every attribute, keys, events, links and ids: no format has any of it."""
    task_id = put_canaries(store, pictures)
    assert MARK.encode() in unpacked(form, written(store, pictures, task_id, form, in_public=False))

    found = unpacked(form, written(store, pictures, task_id, form))

    assert found
    assert MARK.encode() not in found
    assert NAME.encode() not in found
    assert b"iVBORw0KGgo" not in found  # a picture, as base64 begins with


def test_no_text_gets_into_a_film(store: Store, pictures: ScreenshotStore, tmp_path: Path) -> None:
    """Nothing that is drawn depends on what a task says."""
    one = written(store, pictures, put_canaries(store, pictures), "gif")
    with closing(open_store(f"sqlite:///{tmp_path}/other.db")) as other:
        assert written(other, pictures, put_canaries(other, pictures, "OTHER~ words"), "gif") == one


def test_a_new_column_is_private(store: Store, pictures: ScreenshotStore) -> None:
    """What has no rule is empty, whatever a reader gives."""
    index = store.index(put_canaries(store, pictures))

    assert index is not None
    assert "of_tomorrow" not in public_index({**index, "of_tomorrow": [MARK]})
    assert (
        public_task({**dict.fromkeys(TABLES["tasks"].columns, MARK), "of_tomorrow": MARK}).keys()
        == TABLES["tasks"].columns.keys()
    )


def test_facts_stay(store: Store, pictures: ScreenshotStore) -> None:
    """What was done where, how it ended and why, with which model: enough to find a bug by."""
    kept = {NAME: pictures.save(NAME, PICTURE)}
    root, first, second = task_spans(
        "secret errand",
        status="failed",
        **{semconv.GEN_AI_REQUEST_MODEL: "zai-org/AutoGLM-Phone-9B"},
    )
    first.attributes[semconv.SCREENSHOT_SHA256] = NAME  # type: ignore[index]
    second.attributes[semconv.STEP_ERROR_KIND] = "device_error"  # type: ignore[index]
    second.attributes[semconv.STEP_ERROR_MESSAGE] = "TimeoutError: adb at 10.0.0.7"  # type: ignore[index]
    store.write(batch_of([root, first, second], kept))

    report = json.loads(written(store, pictures, "secret errand", "json"))

    task, (tap, failed) = report["task"], report["steps"]
    assert task["task_id"] == public_task_id("secret errand")
    facts = (task["status"], task["agent"], task["model"])
    assert facts == ("failed", "PhoneAgent", "zai-org/AutoGLM-Phone-9B")
    assert (tap["action"], tap["coordinates"]) == (
        {"action": "tap", "element": [500, 82]},
        "permille",
    )
    assert tap["duration_ms"] == store.steps("secret errand")[0]["duration_ms"]
    assert (failed["error_kind"], failed["error_message"]) == ("device_error", "TimeoutError")
    why = report["why"]
    assert (why["kind"], why["detail"], why["step"]) == ("device_error", "timeout", 2)
    assert why["sentence"]["en"] == "The device did not answer in time at step 2."
    assert [each["value"] for each in why["evidence"]] == [""]
    (shown,) = report["screenshots"]
    assert (shown["width"], shown["height"], shown["screenshot_path"]) == (40, 80, "")


def test_flags_stay(store: Store, pictures: ScreenshotStore) -> None:
    """They are told from pictures and words, and stand without them."""
    kept = {NAME: pictures.save(NAME, PICTURE)}
    root, first, _ = task_spans("t")
    first.attributes[semconv.SCREENSHOT_SHA256] = NAME  # type: ignore[index]
    first.attributes[semconv.STEP_ERROR_KIND] = "parse_error"  # type: ignore[index]
    store.write(batch_of([root, first], kept))

    index = PublicTask(store, "t").index("t")

    assert index is not None
    assert index["flags"] == [["parse_error"]]
    assert PublicTask(store, "t").task("another") is None


@pytest.mark.parametrize(
    ("model", "stays"),
    [
        ("autoglm-phone-9b", True),
        ("zai-org/AutoGLM-Phone-9B", True),
        ("ollama:qwen2.5-vl:7b", True),
        ("/home/me/models/mine", False),
        ("C:\\models\\mine", False),
        ("http://10.0.0.7:8000/v1", False),
        ("the model of my employer", False),
    ],
)
def test_a_model_is_a_name(
    store: Store, pictures: ScreenshotStore, model: str, stays: bool
) -> None:
    """A path or an address, which some servers have for one, is none."""
    store.write(batch_of(task_spans("t", **{semconv.GEN_AI_REQUEST_MODEL: model}), {}))

    told = json.loads(written(store, pictures, "t", "json"))["task"]["model"]

    assert told == (model if stays else None)


def test_command_names_its_file_by_nothing_private(
    store: Store, pictures: ScreenshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of one task, nor of several in a folder."""
    task_id = put_canaries(store, pictures)
    store.write(batch_of(task_spans("another", number=3), {}))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    for names in ([task_id], [task_id, "another"]):
        done = command("export", *names, "--public", "--format", "otlp")
        assert done.status == 0, done.err

    files = [path for path in here.rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        assert not {"canary", "another", "任务"} & set(path.stem.lower().replace("-", " ").split())
        assert "任务" not in path.read_text(encoding="utf-8")
        assert MARK not in path.read_text(encoding="utf-8")


def test_a_pack_may_be_public(store: Store, pictures: ScreenshotStore, tmp_path: Path) -> None:
    """It has the same rows that an export has, and no file of a picture."""
    task_id = put_canaries(store, pictures)
    file = tmp_path / "run.osz"

    done = command("pack", task_id, "--public", "-o", file)

    assert (done.status, done.err) == (0, "")
    assert MARK.encode() not in file.read_bytes()
    assert NAME.encode() not in file.read_bytes()
    with ZipFile(file) as packed:
        assert packed.namelist() == ["steps.db", "manifest.json"]
    read = command("report", "latest", "--format", "json", "--store", file).json
    exported = json.loads(written(store, pictures, task_id, "json"))
    told = ("status", "created_at", "total_steps", "trace_id", "task_id")
    assert [read["task"][name] for name in told] == [exported["task"][name] for name in told]
    names = read["steps"][0].keys() - {"screenshot_path"}
    for ours, theirs in zip(read["steps"], exported["steps"], strict=True):
        assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}


@pytest.mark.parametrize("form", ["text", "json", "html", "md", "prompt"])
def test_a_report_may_be_public(store: Store, pictures: ScreenshotStore, form: str) -> None:
    """For a bug report or a model: no text of the task, in any of its formats."""
    task_id = put_canaries(store, pictures)
    assert MARK in command("report", task_id, "--format", form).out

    done = command("report", task_id, "--format", form, "--public")

    assert (done.status, done.err) == (0, "")
    assert public_task_id(task_id) in done.out
    assert MARK not in done.out
    assert NAME not in done.out
