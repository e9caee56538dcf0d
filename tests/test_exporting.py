"""A task becomes one file: a page, rows, or spans; nothing of a row becomes more than text."""

import base64
import hashlib
import io
import json
import random
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.exporting import Form, TaskGone, export, file_stem, file_title, html_file
from otel_steps.exporting.modules import import_map
from otel_steps.exporting.small_pictures import MAX_BYTES, shrunk
from otel_steps.otlp import from_line
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing.price_table import load
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import Store, open_store
from tests.commands import command, store_tasks, task_spans
from tests.pictures import png

HOSTILE = "</script><script>steal()</script><!--<img src=x onerror=steal()>"
SHA256 = "ab" * 32


def noise(width: int, height: int, seed: int = 1) -> bytes:
    """Return a PNG that no codec makes small."""
    buffer = io.BytesIO()
    pixels = random.Random(seed).randbytes(width * height * 3)
    Image.frombytes("RGB", (width, height), pixels).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store()) as opened:
        yield opened


@pytest.fixture
def pictures() -> ScreenshotStore:
    return ScreenshotStore(PictureFolder(resolve().dir / "screenshots"))


def put(store: Store, pictures: ScreenshotStore, **attributes: Any) -> None:
    """Store the task `t`, whose first step has a picture."""
    root, first, second = task_spans("t", **attributes)
    picture = pictures.save(SHA256, png(400, 800))
    first.attributes[semconv.SCREENSHOT_SHA256] = SHA256  # type: ignore[index]
    store.write(batch_of([root, first, second], {SHA256: picture}))


def text_of(store: Store, pictures: ScreenshotStore, task_id: str, form: Form) -> str:
    return b"".join(export(store, pictures, task_id, form)).decode()


def page_parts(page: str) -> dict[str, Any]:
    """Return what the page holds: its import map, its data, its pictures by name."""
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    inert = {
        kind: text
        for attributes, text in scripts
        for kind in re.findall('type="(.*?)"', attributes)
    }
    names = re.findall(r'data-picture="(\w+)">([^<]+)<', page)
    return {
        "modules": json.loads(inert["importmap"])["imports"],
        "data": json.loads(inert["application/json"]),
        "pictures": {name: base64.b64decode(text) for name, text in names},
        "scripts": len(scripts),
    }


def test_page_holds_all_that_is_known_of_a_task(store: Store, pictures: ScreenshotStore) -> None:
    """Rows, flags and small pictures are in the page, and each picture once."""
    put(store, pictures)

    parts = page_parts(text_of(store, pictures, "t", "html"))

    data = parts["data"]
    assert data["task"] == store.task("t")
    assert [data["steps"][each]["step"] for each in data["index"]["id"]] == store.steps("t")
    assert len(data["index"]["flags"]) == 2
    assert list(parts["pictures"]) == [SHA256]
    assert Image.open(io.BytesIO(parts["pictures"][SHA256])).size == (400, 800)
    assert parts["scripts"] == 4


def test_page_holds_further_pictures(store: Store, pictures: ScreenshotStore) -> None:
    """The screenshot of a step stays the one before its action; the spans name the others, too."""
    after = png(40, 80, (9, 9, 9))
    name = hashlib.sha256(after).hexdigest()
    root, first, second = task_spans("t")
    told = [{"role": "after", "sha256": name, "caption": "done"}]
    own = {semconv.SCREENSHOT_SHA256: SHA256, semconv.PICTURES: json.dumps(told)}
    first.attributes.update(own)  # type: ignore[attr-defined]
    kept = {SHA256: pictures.save(SHA256, png(400, 800)), name: pictures.save(name, after)}
    store.write(batch_of([root, first, second], kept))

    parts = page_parts(text_of(store, pictures, "t", "html"))

    assert list(parts["pictures"]) == [SHA256, name]
    shown = parts["data"]["steps"][parts["data"]["index"]["id"][0]]["screenshot"]
    assert shown["metadata"]["sha256"] == SHA256
    assert parts["data"]["index"]["after"] == [name, None]
    report = json.loads(text_of(store, pictures, "t", "json"))
    assert report["steps"][0]["attributes"][semconv.PICTURES] == json.dumps(told)
    captions = [shot["metadata"].get("caption") for shot in report["screenshots"]]
    assert sorted(captions, key=str) == [None, "done"]
    lines = text_of(store, pictures, "t", "otlp")
    assert json.dumps(json.dumps(told))[1:-1] in lines


def test_page_asks_for_nothing(store: Store, pictures: ScreenshotStore) -> None:
    """No address stands in the page but those in its own data, and its policy forbids the rest."""
    put(store, pictures)

    page = text_of(store, pictures, "t", "html")

    assert "default-src 'none'" in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_text_of_a_row_stays_text(store: Store, pictures: ScreenshotStore) -> None:
    """What ends an element, or begins one, does neither."""
    put(store, pictures, **{semconv.TASK_DESCRIPTION: HOSTILE, semconv.TASK_RESULT: HOSTILE})

    page = text_of(store, pictures, "t", "html")

    assert "<script>steal" not in page
    assert "<img" not in page
    assert page_parts(page)["data"]["task"]["result"] == HOSTILE


def test_page_does_without_a_picture(store: Store, pictures: ScreenshotStore) -> None:
    """A picture that is gone, or is none, leaves its place empty and nothing else."""
    put(store, pictures)
    for path in (resolve().dir / "screenshots").rglob(f"{SHA256}.*"):
        path.unlink()

    assert page_parts(text_of(store, pictures, "t", "html"))["pictures"] == {}


def test_report_has_the_rows_as_stored(store: Store, pictures: ScreenshotStore) -> None:
    """JSON is the report with the other spans."""
    put(store, pictures)

    data = json.loads(text_of(store, pictures, "t", "json"))

    assert data == {**(store.report("t") or {}), "usage": None, "why": None, "spans": []}


def test_spans_come_back_as_the_same_rows(store: Store, pictures: ScreenshotStore) -> None:
    """What is exported as OTLP and read again is the same task."""
    put(store, pictures)

    text = text_of(store, pictures, "t", "otlp")

    assert text.count("\n") == 1
    again = batch_of(from_line(text.encode()), {})
    assert [step.id for step in again.steps] == [row["id"] for row in store.steps("t")]
    assert [task.task_description for task in again.tasks] == ["任务 t"]


def test_missing_task_is_known_at_once(store: Store, pictures: ScreenshotStore) -> None:
    """Nobody has to read a piece to learn that there is none."""
    with pytest.raises(TaskGone, match="no task 'nobody'"):
        export(store, pictures, "nobody", "html")


def test_progress_counts_pictures(store: Store, pictures: ScreenshotStore) -> None:
    """Who waits is told how far it is."""
    put(store, pictures)
    seen: list[tuple[int, int]] = []

    list(export(store, pictures, "t", "html", progress=lambda *at: seen.append(at)))

    assert seen == [(0, 1), (1, 1)]


def test_task_that_goes_away_is_no_half_page(store: Store, pictures: ScreenshotStore) -> None:
    """A task that was removed after it was found ends the page with the same error."""
    with pytest.raises(TaskGone):
        list(html_file.render({"task_id": "gone"}, store, pictures, load(None), lambda *_: None))


def test_step_takes_fifty_kilobytes_at_most(store: Store, pictures: ScreenshotStore) -> None:
    """Whatever is on the screen, a page grows by no more than 50 KB a step."""
    root, first, _ = task_spans("t")
    sizes = []
    for count in (0, 4):
        steps, kept = [], {}
        for number in range(1, count + 1):
            name = f"{number:064x}"
            kept[name] = pictures.save(name, noise(1080, 600, seed=number))
            attributes = {**first.attributes, semconv.SCREENSHOT_SHA256: name}
            attributes[semconv.STEP_THINKING] = "想" * 800
            steps.append(replace(first, span_id=f"{number:016x}", attributes=attributes))
        store.write(batch_of([root, *steps], kept))
        sizes.append(len(text_of(store, pictures, "t", "html").encode()))

    assert 4 * 10_000 < sizes[1] - sizes[0] <= 4 * 50_000


# --- Pictures and modules


def test_small_picture_stays_as_it_is() -> None:
    """Nothing is encoded twice without need."""
    assert shrunk(png()) == png()


@pytest.mark.parametrize("size", [(1080, 400), (300, 300)])
def test_any_picture_becomes_small(size: tuple[int, int]) -> None:
    """Even noise, the worst there is, fits a step's share of the page."""
    small = shrunk(noise(*size))

    assert small is not None
    assert len(small) <= MAX_BYTES


def test_no_picture_is_no_picture() -> None:
    """Bytes that are none, a broken one, and one that says it is huge are left out."""
    huge = png(8, 8).replace(b"\0\0\0\x08\0\0\0\x08", b"\0\0\xff\xff\0\0\xff\xff") + bytes(
        MAX_BYTES
    )

    assert [shrunk(data) for data in (b"", b"<svg>", noise(300, 300)[:50_000], huge)] == [None] * 4


def test_modules_name_each_other_in_the_map(tmp_path: Path) -> None:
    """A module, and what it imports in each of the ways, is in the map once, by its name."""
    (tmp_path / "part").mkdir()
    (tmp_path / "entry.js").write_text(
        'import { b } from "./part/b.js";\nexport const a = () => import("./c.js");'
    )
    (tmp_path / "part" / "b.js").write_text("import '../c.js'; export * from \"../c.js\";")
    (tmp_path / "c.js").write_text("export const text = 'from a text';")

    modules = import_map(tmp_path, "entry.js")

    sources = {
        name: base64.b64decode(url.partition(",")[2]).decode() for name, url in modules.items()
    }
    assert sources == {
        "otel-steps/entry.js": 'import { b } from "otel-steps/part/b.js";\n'
        'export const a = () => import("otel-steps/c.js");',
        "otel-steps/part/b.js": "import 'otel-steps/c.js'; export * from \"otel-steps/c.js\";",
        "otel-steps/c.js": "export const text = 'from a text';",
    }


# --- The command


def test_command_writes_a_page_and_says_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without options a page is written here, under a name that any folder takes."""
    store_tasks("../a task/1")
    monkeypatch.chdir(tmp_path)

    done = command("export", "latest")

    (page,) = tmp_path.glob("*.html*")
    assert (done.status, done.out.split(" (")[0]) == (0, f"written to {page.name}")
    assert re.fullmatch(r"2026-\d\d-\d\d .+ completed\.html", page.name)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_command_tells_scripts_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With `--json`, which has no place beside a file in stdout."""
    store_tasks("a", "b")
    monkeypatch.chdir(tmp_path)

    said = command("export", "a", "b", "-o", "both", "--json").json
    refused = command("export", "a", "-o", "-", "--json")

    assert said == {"path": "both", "tasks": ["a", "b"]}
    assert len(list((tmp_path / "both").glob("*.html"))) == 2
    assert (refused.status, "leave one out" in refused.err) == (2, True)


def test_exports_of_two_tasks_are_two_files() -> None:
    """No task's file overwrites another's, however alike their ids are; a plain id is kept."""
    ids = [
        "a-b",
        "a/b",
        "a?b",
        "a\nb",
        "a b",
        "-a-b",
        "?",
        "!",
        "\ud800",
        "微信",
        "x" * 99,
        "x" * 98,
    ]
    stems = [file_stem(task_id) for task_id in ids]

    assert len(set(stems)) == len(ids)
    assert (stems[0], stems[9]) == ("a-b", "微信")
    assert all(len(f"{stem}.otlp.json.partial".encode()) <= 255 for stem in stems)


@pytest.mark.parametrize(
    ("description", "status", "title"),
    [
        ("Open the camera!", "failed", "2026-11-25 open-the-camera failed"),
        ("打开相机，拍一张照片", "max_steps", "2026-11-25 打开相机-拍一张照片 max-steps"),
        ("हिन्दी: खोलो", None, "2026-11-25 हिन्दी-खोलो"),
        ("../..\\a:b|c\0d\n", "completed", "2026-11-25 a-b-c-d completed"),
        ("", "running", "2026-11-25 t-1-6196f641 running"),
        (None, "interrupted", "2026-11-25 t-1-6196f641 interrupted"),
        ("word " * 99, "cancelled", f"2026-11-25 {'word-' * 7}word cancelled"),
        ("\U0001d400" * 99, "x" * 99, f"2026-11-25 {chr(0x1D400) * 40} {'x' * 12}"),
    ],
)
def test_a_file_is_called_by_when_what_and_how(
    description: str | None, status: str | None, title: str
) -> None:
    """Day, errand and ending, as every file system takes them."""
    noon = datetime(2026, 11, 25, 12).astimezone().isoformat()
    task = {
        "task_id": "t/1",
        "task_description": description,
        "status": status,
        "created_at": noon,
    }

    assert file_title(task) == title
    own, other = (file_title({**task, "task_id": name}, is_alone=False) for name in ("a/b", "a?b"))
    assert own != other
    assert all(len(f"{name}.otlp.json.partial".encode()) <= 255 for name in (own, other))
    assert file_title({**task, "created_at": "10000-01-01"}).startswith(title[11:])


def test_two_tasks_of_one_title_are_two_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file of another task stays as it was, and the command says which one is new."""
    store_tasks("a/b", "a\nb")
    monkeypatch.chdir(tmp_path)

    said = [command("export", task_id, "--format", "json").out for task_id in ("a/b", "a\nb")]

    files = list(tmp_path.glob("*.json"))
    held = [json.loads(path.read_text(encoding="utf-8"))["task"]["task_id"] for path in files]
    assert sorted(held) == ["a\nb", "a/b"]
    assert all(path.name in "".join(said) for path in files)


@pytest.mark.parametrize(("form", "key"), [("json", "statistics"), ("otlp", "resourceSpans")])
def test_command_writes_other_formats(tmp_path: Path, form: str, key: str) -> None:
    """Rows and spans go to the file that is named, or to stdout."""
    store_tasks("aaaaaaaa-1")

    named = command("export", "aaaa", "--format", form, "-o", tmp_path / "file")
    printed = command("export", "aaaa", "--format", form, "-o", "-")

    assert named.status == printed.status == 0
    assert key in json.loads((tmp_path / "file").read_text(encoding="utf-8"))
    assert key in printed.json


def test_command_without_a_task_says_so() -> None:
    """A task that is not there ends the command."""
    done = command("export", "nobody")

    assert (done.status, done.err) == (1, "error: no task 'nobody'; see `otel-steps tasks`\n")
