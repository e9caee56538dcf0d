"""Archived tasks are read as if they had never gone."""

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from otel_steps.config import Settings, resolve
from otel_steps.pictures.names import picture_name_in
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, StoreOnHold, TaskQuery, open_database, open_store
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.pictures import open_screenshots
from otel_steps.stores.project_store import ProjectStore
from otel_steps.stores.tiered import thawed
from tests.archived_tasks import answers, archive, begin_archiving, common
from tests.store_contract import a_screenshot, a_step, a_task, at
from tests.whole_tasks import IDS, fill

ONE, OTHER = IDS


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    settings = resolve({}, dir=tmp_path / "data")
    fill(settings)
    return settings


@pytest.fixture(name="store")
def _store(settings: Settings) -> Iterator[Store]:
    with closing(open_store(settings=settings)) as store:
        yield store


@pytest.mark.parametrize("gone", [0, 1, None], ids=["marked", "going", "gone"])
def test_an_archived_task_is_read_as_before(
    settings: Settings, store: Store, gone: int | None
) -> None:
    """Also in the moment in which its rows go: each is there once."""
    before = answers(store, *IDS)

    for task_id in IDS:
        if gone is None:
            archive(settings, task_id)
        else:
            begin_archiving(settings, task_id, gone)
        assert answers(store, *IDS) == before

    with closing(open_database(settings=settings)) as hot:
        assert (hot.count_steps(ONE) == 0) is (gone is None)
    with closing(open_store(settings=settings)) as another:
        assert answers(another, *IDS) == before


def test_what_comes_late_is_read_with_the_rest(settings: Settings, store: Store) -> None:
    """A step, its picture and what is said of it; the version of the task tells of it."""
    archive(settings, ONE)
    steps, known = store.steps(ONE), store.index(ONE)
    late = a_step(99, ONE, thinking="too late")
    store.write(Batch(steps=[late], screenshots=[a_screenshot(late)]))
    store.annotate(ONE, Annotation(tags=["late"]), step_id=late.id)

    assert [step["id"] for step in store.steps(ONE)] == [*(each["id"] for each in steps), late.id]
    assert store.steps(ONE)[-1]["tags"] == ["late"]
    assert store.screenshots(ONE)[-1]["step_id"] == late.id
    assert store.find_steps(ONE, "too late") == [late.id]
    index = store.index(ONE)
    assert known is not None
    assert index is not None
    assert index["count"] == known["count"] + 1
    assert known["version"] != index["version"] == store.version(ONE)


def test_a_person_can_speak_of_the_task_and_not_of_its_steps(
    settings: Settings, store: Store
) -> None:
    """What is said of a step would be lost; the refusal says what to do first."""
    archive(settings, ONE)
    step = store.steps(ONE)[0]["id"]

    changed = store.annotate(ONE, Annotation(notes="kept"))

    assert changed is not None
    assert changed["notes"] == "kept"
    report = store.report(ONE)
    assert report is not None
    assert report["task"] == changed
    with pytest.raises(StoreOnHold, match="archived") as refused:
        store.annotate(ONE, Annotation(tags=["x"]), step_id=step)
    assert f"restore {ONE}" in refused.value.remedy
    assert store.annotate(ONE, Annotation(tags=["x"]), step_id=a_step(99).id) is None
    assert store.annotate("nobody", Annotation(tags=["x"]), step_id=step) is None


def test_pictures_come_from_the_archive(settings: Settings, store: Store) -> None:
    """Where the place of the recording has them no more; in all sizes, and for who copies them."""
    rows = store.screenshots(ONE)
    names = [name for row in rows if (name := picture_name_in(row["screenshot_path"]))]
    pictures = open_screenshots(settings, store)
    before = [
        (pictures.read(name), pictures.read(name, 120), pictures.files(name)) for name in names
    ]

    archive(settings, ONE)

    with closing(open_database(settings=settings)) as hot:
        assert open_screenshots(settings, hot).read(names[0]) is None
    assert [
        (pictures.read(name), pictures.read(name, 120), pictures.files(name)) for name in names
    ] == before
    assert all(pictures.find(name) for name in names)
    assert pictures.read("ab" * 32) is None
    assert all(Path(row["screenshot_path"]).is_file() for row in store.screenshots(ONE))


def test_what_cannot_be_read_says_where_it_is(settings: Settings, store: Store) -> None:
    """The list and the other tasks are there all the same."""
    archive(settings, ONE)
    (place,) = store.places(IDS).values()
    assert store.steps(ONE)
    (settings.dir / "archive").rename(settings.dir / "elsewhere")

    with closing(open_store(settings=settings)) as fresh:
        with pytest.raises(StoreOnHold) as refused:
            fresh.report(ONE)
        assert ONE in str(refused.value)
        assert place in str(refused.value)
        assert str(settings.dir / "archive") in str(refused.value)
        assert len(fresh.find_tasks(TaskQuery()).tasks) == 2
        assert fresh.report(OTHER) is not None
        assert fresh.task(ONE) is not None


_WITHOUT = """
import sys
sys.modules["duckdb"] = None
from otel_steps import open_store
store = open_store()
print(len(store.tasks()), len(store.steps("runs/二")) > 0)
try:
    store.report("aaaaaaaa-1")
except Exception as error:
    print(f"{error}; {error.remedy}")
store.close()
"""
_UNASKED = """
import sys
from otel_steps import open_store
store = open_store()
store.tasks(), store.report("runs/二"), store.statistics()
print("duckdb" in sys.modules)
store.report("aaaaaaaa-1")
print("duckdb" in sys.modules)
store.close()
"""


def test_the_reader_of_archives_is_loaded_for_archived_tasks(settings: Settings) -> None:
    """And where it is missing, the refusal says what to install."""
    archive(settings, ONE)

    def run(program: str) -> list[str]:
        environment = {"OTEL_STEPS_DIR": str(settings.dir), "PYTHONUTF8": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    assert run(_UNASKED) == ["False", "True"]
    listed, refused = run(_WITHOUT)
    assert listed == "2 True"
    assert "aaaaaaaa-1" in refused
    assert "pip install 'otel-steps[archive]'" in refused


def test_a_project_reads_its_own_archived_tasks(settings: Settings, store: Store) -> None:
    """The others' are not there, archived or not."""
    theirs = a_task("theirs", project="them", status="completed", end_time=at(9))
    ours = a_task("ours", project="us", status="completed", end_time=at(9))
    steps = [a_step(1, "theirs"), a_step(2, "ours")]
    store.write(Batch(tasks=[theirs, ours], steps=steps))
    part = ProjectStore(store, "us")
    before = answers(part, "ours")

    archive(settings, "ours", "theirs")

    assert answers(part, "ours") == before
    assert part.places(["ours", "theirs"]).keys() == {"ours"}
    assert part.report("theirs") is None
    assert part.step("theirs", steps[0].id) is None
    assert part.indexes(["theirs"]) == part.usage(["theirs"]) == part.texts({"theirs": 1}) == {}


def test_few_tasks_are_kept_for_the_next_question(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many readers there are, and nothing is left behind."""
    monkeypatch.setattr(thawed, "MAX_TASKS", 1)
    monkeypatch.setenv("TMPDIR", str(settings.dir))
    monkeypatch.setattr("tempfile.tempdir", None)
    names = [f"t{number}" for number in range(3)]
    for name in names:
        ended = a_task(name, status="completed", end_time=at(9))
        trace = name.encode().hex().zfill(32)
        store.write(Batch(tasks=[ended], steps=[a_step(n, name, trace_id=trace) for n in (1, 2)]))
    before = [common(store.report(name)) for name in names]
    archive(settings, *names)
    seen: list[object] = []

    def read() -> None:
        seen.append([common(store.report(name)) for _ in range(2) for name in names])

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert seen == [before * 2] * 3
    (folder,) = settings.dir.glob("otel-steps-*")
    assert len(list(folder.iterdir())) == 1
    store.close()
    assert not folder.exists()
    gc.collect()
