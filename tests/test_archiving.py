"""The archive, over every store: nothing is lost on the way there and back, whatever happens."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.archiving import Progress, archive, clean, restore, settle, unneeded, unsettled
from otel_steps.archiving.cleaning import GRACE_S
from otel_steps.archiving.pictures import copy
from otel_steps.config import Settings, resolve
from otel_steps.fsck import examine, subject_of
from otel_steps.pictures.upkeep import PictureUpkeep
from otel_steps.retention import remove
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, open_database
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.cold import Archive, open_archive
from otel_steps.stores.cold.layout import file_of
from otel_steps.stores.json_object import Json
from otel_steps.stores.pictures import open_screenshots
from tests.archiving_contract import LATER, rows_of
from tests.commands import command
from tests.pictures import png
from tests.store_contract import a_span, a_step, a_task, at, known_task, span_id
from tests.test_retention import (  # noqa: F401 - fixtures
    HOME,
    OTHERS,
    OWN,
    Home,
    migrated,
    name_of,
    patiently,
    record,
    settings,
)

pytest_plugins = ["tests.supabase.fixtures"]


@pytest.fixture
def home(settings: Settings) -> Iterator[Home]:  # noqa: F811
    """Open the database without what is archived of it; whatever a test leaves in it goes."""
    with closing(open_database(settings=settings)) as store:
        yield Home(settings, store, open_screenshots(settings, store))
        for held in store.holdings():
            list(remove(store, open_screenshots(settings, store), [held.task_id]))


ROWS = ("task_steps", "step_screenshots", "task_spans")


def record_all(home: Home, *task_ids: str, steps: int = 2) -> None:
    """Record tasks with all that there is to one."""
    for number, task_id in enumerate(task_ids):
        record(home, task_id, HOME, *[OWN] * (steps - 1))
        first, *_ = home.store.steps(task_id)
        named = {semconv.SPAN_PICTURES: [name_of(OTHERS)]}
        span = a_span(77, 1, trace_id=first["trace_id"], span_id=span_id(900), attributes=named)
        home.store.write(Batch(spans=[span]))
        said = Annotation(notes=f"step of {number}", tags=["seen"])
        home.store.annotate(task_id, said, step_id=first["id"])
        home.store.annotate(task_id, Annotation(scores=[{"name": "ok", "value": 1.0}]))
    patiently(partial(home.pictures.save, name_of(OTHERS), OTHERS))


def all_rows(store: Store) -> dict[str, dict[str, list[Json]]]:
    """Return the rows of all tasks as the store has them, by their ids."""
    return {task["task_id"]: rows_of(store, task["task_id"]) for task in store.tasks()}


def archived_rows(cold: Archive, store: Store, task_id: str) -> dict[str, list[Json]]:
    """Return the rows of a task in the archive."""
    found = cold.rows_of(task_id, known_task(store, task_id)["archived"])
    return {table: found[table] for table in ROWS}


def archive_all(home: Home, cold: Archive, *task_ids: str) -> Progress:
    """Archive tasks."""
    *_, done = archive(home.store, home.pictures, cold, task_ids, before=LATER)
    return done


def test_tasks_go_and_come_back_as_they_were(home: Home) -> None:
    """Rows and pictures; in between the archive has both, and the store the tasks alone."""
    record_all(home, "t1", "t2")
    record(home, "stays", HOME)
    cold = open_archive(home.settings)
    before, tasks = all_rows(home.store), home.store.tasks()

    done = archive_all(home, cold, "t1", "t2", "nobody")

    assert done == Progress(archived=("t1", "t2"), steps=4, pictures=6)
    for task_id in ("t1", "t2"):
        assert rows_of(home.store, task_id) == {table: [] for table in ROWS}
        assert archived_rows(open_archive(home.settings), home.store, task_id) == before[task_id]
    assert rows_of(home.store, "stays") == before["stays"]
    assert [home.pictures.find(name_of(each)) is None for each in (HOME, OWN, OTHERS)] == [
        *(False, True, True)
    ]
    assert all(cold.pictures().read(name_of(each)) for each in (HOME, OWN, OTHERS))
    assert list(examine(subject_of(home.settings, home.store))) == []
    assert archive_all(home, cold, "t1", "t2") == Progress()

    assert restore(home.store, home.pictures, cold, "t1")
    assert restore(home.store, home.pictures, cold, "t2")
    assert not restore(home.store, home.pictures, cold, "t2")

    assert all_rows(home.store) == before
    assert home.store.tasks() == tasks
    assert all(home.pictures.read(name_of(each)) for each in (HOME, OWN, OTHERS))
    assert unsettled(home.store) == []


class Interfering(Archive):
    """An archive that does something when a bundle has been written."""

    def __init__(self, cold: Archive, work: Callable[[], Any]) -> None:
        super().__init__(cold._files)
        self._work = work

    def close(self) -> None:
        """Do it, where the archiver has its new connection made."""
        super().close()
        self._work()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Home]:
    """Give a store in a file."""
    found = resolve({}, dir=tmp_path / "data")
    with closing(open_database(settings=found)) as store:
        yield Home(found, store, open_screenshots(found, store))


def test_what_changes_meanwhile_stays(embedded: Home) -> None:
    """A step more, a word of a person's, a task that begins anew: all of it is in the store."""
    record_all(embedded, "more", "said", "anew", "same")
    changed = {task_id: rows_of(embedded.store, task_id) for task_id in ("more", "said")}

    def work() -> None:
        trace = changed["more"]["task_steps"][0]["trace_id"]
        embedded.store.write(Batch(steps=[a_step(9, "more", trace_id=trace)]))
        first = changed["said"]["task_steps"][0]["id"]
        embedded.store.annotate("said", Annotation(notes="new"), step_id=first)
        embedded.store.write(Batch(tasks=[a_task("anew", trace_id="ef" * 16, created_at=at(50))]))

    cold = Interfering(open_archive(embedded.settings), work)

    done = archive_all(embedded, cold, "more", "said", "anew", "same")

    assert (done.archived, sorted(done.kept)) == (("same",), ["anew", "more", "said"])
    assert embedded.store.count_steps("more") == 3
    assert embedded.store.steps("said")[0]["notes"] == "new"
    assert known_task(embedded.store, "anew")["status"] == "running"


def test_a_picture_that_does_not_belong_together_keeps_its_task(embedded: Home) -> None:
    """What the archive does not take is told, and nothing of the task goes."""
    record_all(embedded, "t1")
    found = embedded.pictures.find(name_of(OWN))
    assert found is not None
    (embedded.settings.dir / "screenshots" / found.path).write_bytes(png(9, 1))
    before = all_rows(embedded.store)
    cold = open_archive(embedded.settings)

    done = archive_all(embedded, cold, "t1")

    assert [task_id for task_id, _ in done.refused] == ["t1"]
    assert all_rows(embedded.store) == before
    assert list(cold.places()) == []


def test_what_arrives_late_comes_together(embedded: Home) -> None:
    """A step that is known goes again; with one that is not, the whole task comes back."""
    record_all(embedded, "t1", "t2")
    cold = open_archive(embedded.settings)
    before = all_rows(embedded.store)
    archive_all(embedded, cold, "t1", "t2")
    again = {task_id: before[task_id]["task_steps"][1] for task_id in before}
    for task_id, row in again.items():
        embedded.store.put_back(
            task_id, known_task(embedded.store, task_id)["archived"], {"task_steps": [row]}
        )
    trace = again["t2"]["trace_id"]
    late = a_step(9, "t2", trace_id=trace)
    embedded.store.write(Batch(tasks=[a_task("t2", status=None, trace_id=trace)], steps=[late]))

    # The others are in the archive.
    assert embedded.store.flaws("missing_numbers") == []
    one, two = unsettled(embedded.store)
    assert settle(embedded.store, embedded.pictures, cold, one, before=LATER)
    assert not settle(embedded.store, embedded.pictures, cold, two, before=LATER)

    assert unsettled(embedded.store) == []
    assert rows_of(embedded.store, "t1")["task_steps"] == []
    assert archived_rows(cold, embedded.store, "t1") == before["t1"]
    assert [row["step_number"] for row in embedded.store.steps("t2")] == [1, 2, 9]
    assert known_task(embedded.store, "t2")["total_steps"] == 3
    assert embedded.store.recount()[0] == []


def test_what_is_not_needed_goes_from_the_archive(embedded: Home) -> None:
    """What was restored or removed, files that were not finished, and pictures with them."""
    cold = open_archive(embedded.settings)
    record_all(embedded, "back", "stays")
    record(embedded, "gone", png(8, 30))
    before = all_rows(embedded.store)
    archive_all(embedded, cold, "back", "stays", "gone")
    restore(embedded.store, embedded.pictures, cold, "back")
    list(remove(embedded.store, embedded.pictures, ["gone"]))
    broken = cold.write("2026-10-03", [])
    cold._files.remove(file_of(broken, "tasks"))
    assert list(unneeded([embedded.store], cold)) == []
    later = time.time() + 2 * GRACE_S

    found = sorted(unneeded([embedded.store], cold, now=later), key=lambda each: -each.tasks)

    assert [(each.tasks, each.needed) for each in found] == [(2, ("stays",)), (0, ())]
    gone = list(clean(embedded.store, embedded.pictures, cold, found, now=later))
    assert gone == found
    assert list(unneeded([embedded.store], cold, now=later)) == []
    assert [task["task_id"] for task in cold.tasks()] == ["stays"]
    assert archived_rows(cold, embedded.store, "stays") == before["stays"]
    assert rows_of(embedded.store, "back") == before["back"]
    kept = {name for some in PictureUpkeep(cold.pictures()).saved() for name in some}
    assert kept == {name_of(each) for each in (HOME, OWN, OTHERS)}


def test_fsck_ends_what_was_cut_off(embedded: Home) -> None:
    """A task on both sides, and a bundle without its last file; else an archive is no fault."""
    record_all(embedded, "t1", "t2")
    before = rows_of(embedded.store, "t1")
    cold = open_archive(embedded.settings)
    archive_all(embedded, cold, "t1", "t2")
    subject = subject_of(embedded.settings, embedded.store)
    subject = replace(subject, now=subject.now + 2 * GRACE_S)
    assert list(examine(subject)) == []
    place = known_task(embedded.store, "t1")["archived"]
    copy(map(name_of, (HOME, OWN, OTHERS)), cold.pictures(), embedded.pictures)
    embedded.store.put_back("t1", place, {**before, "task_steps": before["task_steps"][:1]})
    broken = cold.write("2026-10-03", [])
    cold._files.remove(file_of(broken, "tasks"))

    assert {"archived", "archive"} <= {each.kind for each in examine(subject)}
    assert all(each.is_mended for each in examine(replace(subject, repair=True)))

    assert list(examine(subject)) == []
    assert unsettled(embedded.store) == []
    assert archived_rows(cold, embedded.store, "t1") == before


KILLED = """
import os, signal, sys
from otel_steps.archiving import archive, restore, settle, unsettled
from otel_steps.config import Settings, resolve
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores.cold import Archive
from otel_steps.stores.sqlite.store import SqliteStore
from otel_steps.stores import open_database
from otel_steps.stores.cold import open_archive
from otel_steps.stores.pictures import open_screenshots

folder, at, what, before, *names = sys.argv[1:]
calls = 0

def counted(method):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == int(at):
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*arguments, **named)
    return call

for kind, methods in (
    (SqliteStore, ("let_go", "put_back", "wake", "stored_rows", "forget_pictures")),
    (ScreenshotStore, ("adopt", "remove")),
    (Archive, ("write", "rows", "remove", "close")),
):
    for name in methods:
        setattr(kind, name, counted(getattr(kind, name)))
settings = resolve({}, dir=folder)
store = open_database(settings=settings)
pictures, cold = open_screenshots(settings, store), open_archive(settings)
if what == "archive":
    for task in unsettled(store):
        settle(store, pictures, cold, task, before=before)
    list(archive(store, pictures, cold, names, before=before))
else:
    for name in names:
        restore(store, pictures, cold, name)
print(calls)
"""


def killed_at(home: Home, call: int, what: str, *names: str) -> int | None:
    """Do it in a process that kills itself at a call; return how many it makes where it ends."""
    folder = str(home.settings.dir)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, folder, str(call), what, LATER, *names],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return int(done.stdout)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return None


def check_whole(home: Home, before: dict[str, dict[str, list[Json]]]) -> None:
    """Check that each row is in the store or in the archive, and is as it was."""
    cold = open_archive(home.settings)
    for task_id, rows in before.items():
        task = known_task(home.store, task_id)
        hot = rows_of(home.store, task_id)
        assert task["total_steps"] == len(rows["task_steps"])
        if task["archived"] is None:
            assert hot == rows
            continue
        assert archived_rows(cold, home.store, task_id) == rows
        assert all(row in rows[table] for table in ROWS for row in hot[table])
    for picture in (HOME, OWN, OTHERS):
        found = home.pictures.read(name_of(picture)) or cold.pictures().read(name_of(picture))
        assert found is not None
    cold.close()


def kill_and_go_on(home: Home, points: int) -> None:
    """Kill archiving and restoring at random points: all is there, and the next run ends it."""
    names = ("t1", "t2", "long")
    record_all(home, *names[:2])
    record_all(home, "long", steps=230)
    before = all_rows(home.store)
    calls = {}
    for what in ("archive", "restore"):
        calls[what] = killed_at(home, 0, what, *names) or 0
        assert calls[what] > 20
    chance = random.Random(20261128)
    for _ in range(points):
        for what in ("archive", "restore"):
            assert killed_at(home, chance.randint(1, calls[what]), what, *names) is None
            check_whole(home, before)
            killed_at(home, 0, what, *names)
            check_whole(home, before)
            are_archived = {known_task(home.store, name)["archived"] is not None for name in names}
            assert are_archived == {what == "archive"}
            assert unsettled(home.store) == []
    assert all_rows(home.store) == before
    assert list(examine(subject_of(home.settings, home.store))) == []


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_kill_loses_nothing(embedded: Home) -> None:
    """Wherever it comes: rows and pictures are here or there, and the next run goes on."""
    kill_and_go_on(embedded, 1)


@pytest.mark.full
@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_many_kills_lose_nothing(embedded: Home) -> None:
    """At twenty random points of each way."""
    kill_and_go_on(embedded, 20)


def test_the_commands(embedded: Home, tmp_path: Path) -> None:
    """Said first, done with --yes, and back by the name of a task."""
    record_all(embedded, "t1", "t2")
    folder = ("--dir", tmp_path / "data")
    before = all_rows(embedded.store)
    assert command("archive", *folder).status == 2
    assert command("archive", "--clean", "--older-than", "1d", *folder).status == 2

    said = command("archive", "--status", "completed", *folder)
    assert said.status == 0
    assert "2 tasks" in said.out
    assert "nothing was archived; add --yes" in said.out
    assert all_rows(embedded.store) == before
    dry = command("archive", "--status", "completed", "--json", *folder).json
    assert (dry["dry_run"], dry["to_go"]["tasks"], dry["archived"]) == (True, ["t1", "t2"], None)

    done = command("archive", "--status", "completed", "--yes", *folder)
    assert done.status == 0, done.err
    assert "archived 2 tasks with 4 steps and 6 pictures to" in done.out
    assert known_task(embedded.store, "t1")["archived"] is not None

    back = command("restore", "t1", "t2", "--json", *folder)
    assert back.json == {"restored": ["t1", "t2"], "here": []}
    assert all_rows(embedded.store) == before
    assert "nothing to restore" in command("restore", "t1", *folder).out
    assert command("restore", "t1", "--force", *folder).status == 2
    assert command("restore", "nobody", *folder).status == 1

    assert command("archive", "--clean", "--json", *folder).json["tasks"] == 0  # it is too young
    (file,) = (tmp_path / "data" / "archive").rglob("tasks-*")
    os.utime(file, (0, 0))
    assert command("archive", "--clean", "--json", *folder).json["tasks"] == 2
    assert "removed 1 bundle" in command("archive", "--clean", "--yes", *folder).out
    assert list(open_archive(embedded.settings).places()) == []
