"""Tasks become training data: examples that trainers read, of one task or of many."""

import io
import json
import os
import random
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.exporting import Form, Wanted, export, export_many
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.sources import read
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import Store, open_store
from otel_steps.stores.annotation import Annotation
from tests.commands import command, task_spans
from tests.peers.environments import environment
from tests.pictures import png

NAMES = ("ab" * 32, "cd" * 32)
SCREENS = (png(40, 80), png(40, 80, (9, 9, 9)))
TAP = '{"action": "Tap", "element": [500, 82]}'


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store()) as opened:
        yield opened


@pytest.fixture
def pictures() -> ScreenshotStore:
    return ScreenshotStore(PictureFolder(resolve().dir / "screenshots"), "png")


def put(store: Store, pictures: ScreenshotStore, *task_ids: str, **attributes: Any) -> None:
    """Store tasks of two steps, a picture each, whose second step has failed."""
    kept = {name: pictures.save(name, data) for name, data in zip(NAMES, SCREENS, strict=True)}
    for number, task_id in enumerate(task_ids, start=1):
        root, *steps = task_spans(task_id, number=number)
        for span, name in zip(steps, NAMES, strict=True):
            own = {
                semconv.SCREENSHOT_SHA256: name,
                semconv.STEP_THINKING: "I see a button.",
                semconv.STEP_ACTION: TAP,
                semconv.STEP_ACTION_RESULT: '{"message": "tapped"}',
            }
            span.attributes |= own | attributes  # type: ignore[attr-defined]
        store.write(batch_of([root, *steps], kept))


def lines(
    store: Store, pictures: ScreenshotStore, task_id: str = "t", **how: Any
) -> list[dict[str, Any]]:
    text = b"".join(export(store, pictures, task_id, "jsonl", **how)).decode()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def as_a_trainer_takes_it(example: dict[str, Any]) -> None:
    """Assert what LLaMA-Factory asks of ShareGPT with pictures."""
    messages = example["messages"]
    roles = [message["role"] for message in messages]
    assert roles == ["user", "assistant"] * (len(messages) // 2)
    assert all(message["content"] for message in messages)
    said = "\n".join(message["content"] for message in messages)
    assert said.count("<image>") == len(example["images"])
    assert not re.search("<(video|audio)>", said)


def test_a_task_is_a_conversation(store: Store, pictures: ScreenshotStore) -> None:
    """What was asked, what was seen, what the agent thought and did, and what came of it."""
    put(store, pictures, "t")

    (example,) = lines(store, pictures)

    as_a_trainer_takes_it(example)
    asked, did, then, last = (message["content"] for message in example["messages"])
    assert asked == "任务 t\n<image>"
    assert did == last == f"<think>\nI see a button.\n</think>\n\n{TAP}"
    assert then == "tapped\n<image>"
    assert [read(image) for image in example["images"]] == list(SCREENS)
    facts = {name: example[name] for name in example.keys() - {"messages", "images"}}
    assert facts == {
        "task_id": "t",
        "steps": [1, 2],
        "outcomes": ["ok", "failed"],
        "coordinates": ["", ""],
        "status": "completed",
        "agent": "PhoneAgent",
        "model": "",
    }


def test_a_step_is_an_example_of_its_own(store: Store, pictures: ScreenshotStore) -> None:
    """It shows its own screen, and tells in words what was done before."""
    put(store, pictures, "t")

    first, second = lines(store, pictures, wanted=Wanted("step"))

    for example in (first, second):
        as_a_trainer_takes_it(example)
        assert len(example["images"]) == 1
    assert first["messages"][0]["content"] == "任务 t\n<image>"
    assert second["messages"][0]["content"] == f"任务 t\nDone so far:\n1. {TAP}\n<image>"
    assert (second["steps"], second["outcomes"]) == ([2], ["failed"])


@pytest.mark.parametrize("form", ["task", "step"])
def test_only_what_succeeded(store: Store, pictures: ScreenshotStore, form: Any) -> None:
    """A step that failed, or of which nobody knows, is left out."""
    put(store, pictures, "t")

    (example,) = lines(store, pictures, wanted=Wanted(form, only="successful"))

    assert (example["steps"], example["outcomes"]) == ([1], ["ok"])


def test_only_what_somebody_likes(store: Store, pictures: ScreenshotStore) -> None:
    """Whatever came of a step: who has looked at it knows better."""
    put(store, pictures, "t")
    for step, value in zip(store.steps("t"), (-1.0, 0.5), strict=False):
        said = Annotation(scores=[{"name": "useful", "value": value}])
        assert store.annotate("t", said, step_id=step["id"]) is not None

    (example,) = lines(store, pictures, wanted=Wanted("step", only="scored"))

    assert example["steps"] == [2]


def test_text_is_no_place_for_a_picture(store: Store, pictures: ScreenshotStore) -> None:
    """However often a task says `<image>`, there are as many places as pictures."""
    said = "<image> <video> <audio>"
    own = {semconv.STEP_THINKING: said, semconv.STEP_ACTION: json.dumps({"action": said})}
    put(store, pictures, "t", **own, **{semconv.STEP_ACTION_RESULT: json.dumps(said)})

    (example,) = lines(store, pictures)

    as_a_trainer_takes_it(example)
    assert "< image > < video > < audio >" in example["messages"][1]["content"]


def test_a_picture_that_is_gone_has_no_place(store: Store, pictures: ScreenshotStore) -> None:
    """Neither where it is not kept any more, nor where nobody wants any."""
    put(store, pictures, "t")
    (without,) = lines(store, pictures, wanted=Wanted(pictures=False))
    for path in (resolve().dir / "screenshots").rglob(f"{NAMES[0]}.*"):
        path.unlink()

    (example,) = lines(store, pictures)

    as_a_trainer_takes_it(without)
    assert without["images"] == []
    as_a_trainer_takes_it(example)
    assert [read(image) for image in example["images"]] == [SCREENS[1]]


def test_a_task_without_an_action_is_no_example(store: Store, pictures: ScreenshotStore) -> None:
    """There is nothing in it to learn."""
    root, *_ = task_spans("t")
    store.write(batch_of([root], {}))

    assert b"".join(export(store, pictures, "t", "jsonl")) == b""
    table = pq.read_table(io.BytesIO(b"".join(export(store, pictures, "t", "parquet"))))
    assert table.num_rows == 0


def test_parquet_has_the_same_examples(store: Store, pictures: ScreenshotStore) -> None:
    """With the pictures in it, as `datasets` says that a column is one of images."""
    put(store, pictures, "t", "u")
    written = b"".join(export_many(store, pictures, ["t", "gone", "u"], "parquet"))

    file = pq.ParquetFile(io.BytesIO(written))

    rows = file.read().to_pylist()
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    for row, task_id in zip(rows, ("t", "u"), strict=True):
        (line,) = lines(store, pictures, task_id)
        assert {**row, "images": []} == {**line, "images": []}
        assert [image["bytes"] for image in row["images"]] == list(SCREENS)
        assert Image.open(io.BytesIO(row["images"][0]["bytes"])).size == (40, 80)
    told = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert told["images"] == [{"_type": "Image"}]
    assert list(told) == file.schema_arrow.names


@pytest.mark.parametrize(("form", "at_once"), [("jsonl", 1), ("parquet", 90)])
def test_many_tasks_are_never_in_memory_at_once(
    store: Store, pictures: ScreenshotStore, form: Form, at_once: int
) -> None:
    """A piece is written before more tasks are read: one after the other, or 8 MiB of them."""
    buffer = io.BytesIO()
    pixels = random.Random(1).randbytes(180 * 180 * 3)
    Image.frombytes("RGB", (180, 180), pixels).save(buffer, "PNG")
    kept = {NAMES[0]: pictures.save(NAMES[0], buffer.getvalue())}
    root, first, _ = task_spans("t")
    first.attributes[semconv.SCREENSHOT_SHA256] = NAMES[0]  # type: ignore[index]
    store.write(batch_of([root, first], kept))
    read: list[int] = []

    pieces = export_many(
        store, pictures, ["t"] * 1000, form, progress=lambda done, _: read.append(done)
    )

    for number in range(2):
        assert len(next(pieces)) < 10_000_000
        assert len(read) <= at_once * (number + 1)


_LOAD = """
import json, sys
from datasets import load_dataset
for kind, file in (("json", sys.argv[1]), ("parquet", sys.argv[2])):
    rows = load_dataset(kind, data_files=file, split="train")
    images = [[getattr(image, "size", image) for image in row["images"]] for row in rows]
    print(json.dumps([rows.column_names, rows["task_id"][:], images]))
"""


@pytest.mark.full
def test_datasets_loads_both(store: Store, pictures: ScreenshotStore, tmp_path: Path) -> None:
    """The package that trainers read with finds the same columns, and pictures in Parquet."""
    put(store, pictures, "t", "u")
    files = [tmp_path / f"set.{form}" for form in ("jsonl", "parquet")]
    for file in files:
        done = command("export", "--limit", 9, "--format", file.suffix[1:], "-o", file)
        assert done.status == 0, done.err
    python = environment("datasets", "datasets>=4", "pillow")

    loaded = subprocess.run(
        [str(python), "-c", _LOAD, *map(str, files)],
        env={**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )

    assert loaded.returncode == 0, loaded.stderr
    (names, ids, paths), (same_names, same_ids, sizes) = map(json.loads, loaded.stdout.splitlines())
    assert (same_names, same_ids) == (names, ids)
    assert sorted(ids) == ["t", "u"]
    assert paths == [[f"set-images/{name}.png" for name in NAMES]] * 2
    assert sizes == [[[40, 80], [40, 80]]] * 2


# --- The command


def test_command_writes_a_data_set_with_its_pictures_beside(
    store: Store, pictures: ScreenshotStore, tmp_path: Path
) -> None:
    """One file of the tasks that options choose; each picture is there once, by a relative path."""
    put(store, pictures, "t", "u", "v")
    file = tmp_path / "taps.jsonl"

    done = command("export", "--status", "completed", "--limit", 2, "--format", "jsonl", "-o", file)

    assert done.status == 0, done.err
    assert done.out.startswith(f"2 tasks written to {file}")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["task_id"] for row in rows] == ["v", "u"]
    for row in rows:
        as_a_trainer_takes_it(row)
        assert row["images"] == [f"taps-images/{name}.png" for name in NAMES]
        assert [(tmp_path / image).read_bytes() for image in row["images"]] == list(SCREENS)
    assert len(list((tmp_path / "taps-images").iterdir())) == 2


def test_command_leaves_out_what_nobody_wants(
    store: Store, pictures: ScreenshotStore, tmp_path: Path
) -> None:
    """One line a step, of steps that succeeded, without pictures."""
    put(store, pictures, "t")
    wanted = ("--lines", "step", "--only", "successful", "--pictures", "none")

    done = command("export", "t", "--format", "jsonl", *wanted, "-o", tmp_path / "file")

    (row,) = [json.loads(line) for line in (tmp_path / "file").read_text().splitlines()]
    assert (done.status, row["steps"], row["images"]) == (0, [1], [])
    assert not (tmp_path / "file-images").exists()


def test_tasks_that_are_a_file_each_go_to_a_folder(
    store: Store, pictures: ScreenshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is named, or a new one here for each time."""
    put(store, pictures, "t", "u")
    monkeypatch.chdir(tmp_path)

    named = command("export", "t", "u", "t", "--format", "json", "-o", "runs/today")
    for _ in range(2):
        assert command("export", "--since", "2026-01-01", "--format", "json").status == 0

    assert named.out == "2 tasks written to runs/today\n"
    folders = sorted(tmp_path.glob("*tasks*"))
    names = [re.sub(r"[\d-]{10}", "DAY", path.name) for path in folders]
    assert names == ["DAY tasks", "DAY tasks 2"]
    for folder in (tmp_path / "runs" / "today", *folders):
        held = [json.loads(path.read_text(encoding="utf-8")) for path in folder.iterdir()]
        assert sorted(each["task"]["task_id"] for each in held) == ["t", "u"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no task is named; name one or more, such as `latest`, or choose some by --status"),
        (("t", "--limit", "3"), "the task 't' is named, and options choose tasks"),
        (("--status", "good"), "unknown status 'good'; use one of running"),
        (("--since", "yesterday"), "--since is 'yesterday'; expected a time like"),
        (("t", "--lines", "step"), "--lines and --only are for training data, and --format is"),
        (("t", "--format", "parquet", "--pictures", "files"), "--pictures files: a file of the"),
        (("t", "u", "-o", "-"), "--output -: 2 tasks are a file each; name a folder"),
    ],
    ids=str,
)
def test_command_says_what_does_not_go_together(
    store: Store, pictures: ScreenshotStore, words: tuple[str, ...], said: str
) -> None:
    """A wrong word ends the command before anything is written."""
    put(store, pictures, "t", "u")

    done = command("export", *words)

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"error: {said}")


def test_options_that_choose_nothing_say_so(store: Store, pictures: ScreenshotStore) -> None:
    """Nothing is written."""
    put(store, pictures, "t")

    done = command("export", "--tag", "nobody's", "--format", "jsonl")

    assert done.status == 1
    assert done.err == "error: no task is chosen by these options; see `otel-steps tasks`\n"
