"""What goes, in every store: rows and pictures together, whatever happens meanwhile."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

from otel_steps.config import Settings, resolve
from otel_steps.errors import StoreUnavailable
from otel_steps.fsck import examine, subject_of
from otel_steps.fsck.subject import GRACE_S
from otel_steps.migrations import runner
from otel_steps.pictures.names import content_paths, facts_path
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.retention import remove, sweep
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, open_database
from otel_steps.stores.pictures import open_screenshots
from tests.patience import PATIENCE_S
from tests.pictures import png
from tests.store_contract import a_screenshot, a_step, a_task
from tests.supabase.postgres import Postgres
from tests.supabase.stack import SupabaseStack

pytest_plugins = ["tests.supabase.fixtures"]

T = TypeVar("T")

HOME, OWN, OTHERS = (png(8, size) for size in (16, 17, 18))


class Home(NamedTuple):
    """A store, and where its pictures are."""

    settings: Settings
    store: Store
    pictures: ScreenshotStore


def name_of(picture: bytes) -> str:
    """Return the name of a picture."""
    return hashlib.sha256(picture).hexdigest()


@pytest.fixture(scope="module")
def migrated(postgres_server: Postgres) -> Iterator[str]:
    """Give the URL of a database with our tables."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        yield url


@pytest.fixture(params=["sqlite", "postgres and a folder", "postgres and fsspec", "supabase"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return the settings that lead to a store without rows of these tests."""
    folder = tmp_path / "data"
    if request.param == "sqlite":
        return resolve({}, dir=folder)
    if request.param == "supabase":
        stack: SupabaseStack = request.getfixturevalue("supabase_stack")
        return resolve(
            {},
            dir=folder,
            store="supabase",
            supabase_url=stack.url,
            supabase_key=stack.secret_key,
        )
    url = request.getfixturevalue("migrated")
    elsewhere = f"memory://{tmp_path.name}" if "fsspec" in request.param else None
    return resolve({}, dir=folder, store=url, screenshot_url=elsewhere)


@pytest.fixture
def home(settings: Settings) -> Iterator[Home]:
    """Open the store; whatever a test leaves in it goes."""
    with closing(open_database(settings=settings)) as store:
        yield Home(settings, store, open_screenshots(settings, store))
        for held in store.holdings():
            list(remove(store, open_screenshots(settings, store), [held.task_id]))


def patiently(work: Callable[[], T]) -> T:
    """Do *work* as a shipper does, which tries again where a server cannot just now."""
    for _ in range(20):
        with suppress(StoreUnavailable):
            return work()
    return work()


def record(home: Home, task_id: str, *pictures: bytes, status: str = "completed") -> None:
    """Store a task with a step for each picture, and the pictures."""
    trace = hashlib.md5(task_id.encode()).hexdigest()
    steps, shots = [], []
    for number, picture in enumerate(pictures, start=1):
        saved = patiently(partial(home.pictures.save, name_of(picture), picture))
        step = a_step(number, task_id, trace_id=trace, screenshot_path=saved.path)
        steps.append(step)
        shots.append(
            replace(
                a_screenshot(step),
                screenshot_path=saved.path,
                file_size=saved.file_size,
                remote_url=saved.remote_url,
            )
        )
    task = a_task(task_id, status=status, trace_id=trace)
    rows = Batch(tasks=[task], steps=steps, screenshots=shots)
    patiently(lambda: home.store.write(rows))


def files_of(home: Home, picture: bytes) -> list[str]:
    """Return the files of a picture that are there."""
    name, place = name_of(picture), home.pictures.place
    return [path for path in (facts_path(name), *content_paths(name)) if place.get(path)]


def test_tasks_go_with_their_pictures(home: Home) -> None:
    """A picture stays while another task has it; the files of the others are gone, all of them."""
    record(home, "gone", HOME, OWN, OWN)
    record(home, "stays", HOME, OTHERS)

    *_, last = remove(home.store, home.pictures, ["gone"])

    assert (last.removed, last.kept, last.steps, last.pictures) == (("gone",), (), 3, 1)
    assert home.store.task("gone") is None
    assert files_of(home, OWN) == []
    assert home.pictures.read(name_of(OWN)) is home.pictures.read(name_of(OWN), 120) is None
    assert home.pictures.find(name_of(HOME)) is not None
    assert home.pictures.read(name_of(OTHERS)) is not None
    assert home.store.count_steps("stays") == 2

    *_, last = remove(home.store, home.pictures, ["stays", "gone"])
    assert (last.removed, last.pictures) == (("stays", "gone"), 2)
    assert files_of(home, HOME) == files_of(home, OTHERS) == []


def test_a_picture_that_comes_again_is_saved_again(home: Home) -> None:
    """Nothing of the former one makes it look as if it were there."""
    record(home, "gone", OWN)
    list(remove(home.store, home.pictures, ["gone"]))
    record(home, "again", OWN)
    assert home.pictures.read(name_of(OWN)) is not None
    assert list(sweep(home.store, home.pictures)) == [(0, ())]
    assert home.pictures.read(name_of(OWN)) is not None


def test_what_was_cut_off_is_finished_by_the_next(home: Home) -> None:
    """Between any two portions: of rows, and between rows and files."""
    record(home, "gone", HOME, *(OWN,) * 120)
    record(home, "stays", HOME)
    for cut in (1, 1, 2, 3, 4):
        for _, _ in zip(range(cut), remove(home.store, home.pictures, ["gone"]), strict=False):
            pass
    list(remove(home.store, home.pictures, ["gone"]))
    assert home.store.task("gone") is None
    assert files_of(home, OWN) == []
    assert home.pictures.read(name_of(HOME)) is not None
    assert home.store.count_steps("stays") == 1
    assert home.store.unneeded_pictures() == []


KILLED = """
import sys
from otel_steps.config import resolve
from otel_steps.retention import remove
from otel_steps.stores import open_database
from otel_steps.stores.pictures import open_screenshots
settings = resolve({}, dir=sys.argv[1])
store = open_database(settings=settings)
pictures = open_screenshots(settings, store)
print("ready", flush=True)
for _ in remove(store, pictures, sys.argv[2:]):
    print("portion", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_kill_loses_nothing_else(tmp_path: Path) -> None:
    """At any point of a removal, while an agent writes: what stays is whole, the rest goes."""
    settings = resolve({}, dir=tmp_path)
    chance = random.Random(20261128)
    with closing(open_database(settings=settings)) as store:
        home = Home(settings, store, open_screenshots(settings, store))
        doomed = [f"gone{number}" for number in range(6)]
        own = [png(8, 20 + number) for number in range(6)]
        for task_id, picture in zip(doomed, own, strict=True):
            record(home, task_id, HOME, *(picture,) * 80)
        for number in range(4):
            with subprocess.Popen(
                [sys.executable, "-c", KILLED, str(tmp_path), *doomed], stdout=subprocess.PIPE
            ) as child:
                assert child.stdout is not None
                for _ in range(1 + chance.randrange(4)):
                    child.stdout.readline()
                record(home, f"stays{number}", HOME, OTHERS)
                child.send_signal(signal.SIGKILL)

        *_, last = remove(store, home.pictures, doomed)

        assert last.lost == ()
        assert {held.task_id for held in store.holdings()} == {f"stays{n}" for n in range(4)}
        assert {held.steps for held in store.holdings()} == {2}
        assert all(home.pictures.read(name_of(each)) for each in (HOME, OTHERS))
        assert not any(files_of(home, picture) for picture in own)
        assert len(list((tmp_path / "screenshots").rglob("*.json"))) == 2


def test_pictures_without_rows_are_found_and_removed(home: Home) -> None:
    """Once they are old enough to be nobody's; the second time all is well."""
    record(home, "stays", HOME)
    home.pictures.save(name_of(OWN), OWN)
    later = time.time() + 2 * GRACE_S
    subject = subject_of(home.settings, home.store)

    (found,) = examine(replace(subject, now=later))
    assert (found.kind, found.count, found.examples) == ("pictures", 1, (name_of(OWN),))
    assert not found.is_mended
    assert home.pictures.read(name_of(OWN)) is not None

    (mended,) = examine(replace(subject, now=later, repair=True))
    assert mended.is_mended
    assert files_of(home, OWN) == []
    assert home.pictures.read(name_of(HOME)) is not None
    assert list(examine(replace(subject, now=later))) == []


def test_who_writes_meanwhile_writes_all(home: Home) -> None:
    """Tasks come while others go, of the same pictures: none is torn."""
    record(home, "stays0", HOME)
    record(home, "gone0", HOME, OWN)
    errors: list[BaseException] = []
    number = 0
    is_over = threading.Event()

    def remove_them() -> None:
        try:
            while not is_over.is_set():
                patiently(lambda: list(remove(home.store, home.pictures, [f"gone{number}"])))
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    thread = threading.Thread(target=remove_them)
    thread.start()
    try:
        for number in range(1, 12):
            record(home, f"gone{number}", OWN)
            record(home, f"stays{number}", HOME)
    finally:
        is_over.set()
        thread.join(PATIENCE_S)
    assert errors == []
    for number in range(1, 12):
        assert home.store.count_steps(f"stays{number}") == 1
        assert home.store.task(f"stays{number}")["total_steps"] == 1  # type: ignore[index]
    assert home.pictures.read(name_of(HOME)) is not None
