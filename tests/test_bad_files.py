"""One bad or removed file in the journal stops nobody: not what lies beside it, and no process."""

import ctypes
import hashlib
import os
import shutil
import sqlite3
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_steps import StepSpanProcessor, semconv
from otel_steps.config import resolve
from otel_steps.emit.step_span import StepSpan
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.segment import MAX_BAD_LINES
from otel_steps.recorder import new_shipper
from otel_steps.stores import open_store
from tests.commands import command, python
from tests.dict_store import span_id_of, step_line
from tests.patience import PATIENCE_S
from tests.pictures import png

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX modes, links and signals")

PICTURE = png()
SHA256 = hashlib.sha256(PICTURE).hexdigest()
Make = Callable[[Path], object]


def link_to_folder(path: Path) -> None:
    path.symlink_to(foreign())


def link_to_file(path: Path) -> None:
    path.symlink_to(foreign() / "mine.txt")


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "something").write_text("x")


def file(path: Path) -> None:
    path.write_text("in the way")


FILE_KINDS: dict[str, Make] = {
    "folder": folder,
    "pipe": os.mkfifo,
    "link": link_to_file,
    "dangling": link_to_nothing,
}
FOLDER_KINDS: dict[str, Make] = {
    "file": file,
    "pipe": os.mkfifo,
    "link": link_to_folder,
    "dangling": link_to_nothing,
}
# What each should be in the folder of a process, or, with two dots, in the journal's.
PLACES = {
    "in-flight.log": FILE_KINDS,
    "000007.jsonl": FILE_KINDS,
    "000007.jsonl.shipped": FILE_KINDS,
    "in-flight.log.shipped": FILE_KINDS,
    "lock": FILE_KINDS,
    f"pictures/{SHA256}.png": FILE_KINDS,
    "pictures": FOLDER_KINDS,
    "../17-17-17": FOLDER_KINDS,
    # Somebody may keep these two on another disk.
    "../dead": {kind: make for kind, make in FOLDER_KINDS.items() if kind != "link"},
    "../uploads": {kind: make for kind, make in FOLDER_KINDS.items() if kind != "link"},
}
BAD = [(place, kind) for place, kinds in PLACES.items() for kind in kinds]

each_bad_file = pytest.mark.parametrize(
    ("place", "kind"), BAD, ids=[f"{place[:21]}-{kind}" for place, kind in BAD]
)


def foreign() -> Path:
    """Return a folder of somebody else, who has a file in it."""
    path = resolve().dir.parent / "foreign"
    path.mkdir(exist_ok=True)
    (path / "mine.txt").write_bytes(step_line(99))
    return path


def leave_behind(*numbers: int) -> Path:
    """Record steps as a process that is dead by now, and return its folder."""
    journal = Journal(resolve().backup_dir, problems=Problems(None))
    line = {number: step_line(number, **{semconv.SCREENSHOT_SHA256: SHA256}) for number in numbers}
    for number in numbers:
        span_id = span_id_of(number)
        assert journal.append(line[number], span_id=span_id, pictures=[(SHA256, PICTURE)])
    assert journal.owner is not None
    path = journal.owner.path
    journal.close()
    return path


def put(place: str, kind: str, owner: Path) -> Path:
    """Put something bad into the folder of a dead process."""
    path = Path(os.path.normpath(owner / place))
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    PLACES[place][kind](path)
    return path


def stored() -> dict[int, Any]:
    """Return the status of each step in the store, by its number."""
    with closing(open_store()) as store:
        return {row["step_number"]: row["status"] for row in store.steps("task")}


@each_bad_file
def test_sync_serves_what_lies_beside_it_and_everybody_else(place: str, kind: str) -> None:
    """It is set aside and named, with exit status 1; the next time all is well."""
    bad = put(place, kind, leave_behind(1, 2))
    leave_behind(3)

    done = command("sync")

    assert stored() == dict.fromkeys((1, 2, 3), "completed")
    assert done.status == 1
    assert str(bad) in done.err
    assert "a process that runs" not in done.err
    assert not os.path.lexists(bad) or place == "../dead"
    assert command("sync").status == 0
    (aside,) = resolve().backup_dir.rglob("*.unreadable")
    assert not list(resolve().backup_dir.glob("*/lock")), "a folder stays for ever"
    doctor = command("doctor")
    assert doctor.status == 1
    assert str(aside) in doctor.out
    assert (foreign() / "mine.txt").read_bytes() == step_line(99)


@each_bad_file
def test_a_running_agent_beside_it_ships(place: str, kind: str) -> None:
    """It neither stops nor backs off: its own steps arrive, and those of the dead."""
    settings = resolve()
    bad = put(place, kind, leave_behind(1, 2))
    leave_behind(3)
    problems = Problems(settings.problems_dir)
    journal = Journal(settings.backup_dir, problems=problems)
    shipper = new_shipper(settings, problems, journal)
    try:
        for number in (4, 5):
            assert journal.append(step_line(number), span_id=span_id_of(number))
            shipper.notify()
            assert shipper.flush(PATIENCE_S)
        wait_until(lambda: {*stored()} == {1, 2, 3, 4, 5})
        facts = shipper.facts()
    finally:
        shipper.shutdown(PATIENCE_S)

    assert (facts.held, facts.last_error) == (None, None)
    assert {problem.kind for problem in problems.all()} <= {"journal", "screenshot"}
    assert any(str(bad) in problem.message for problem in problems.all())


def test_all_of_them_at_once_in_another_process() -> None:
    """However much is odd in the folders of however many, the good steps arrive."""
    settings = resolve()
    bad = []
    for number, (place, kind) in enumerate(dict(reversed(BAD)).items()):
        bad.append(put(place, kind, leave_behind(number)))

    done = python("-m", "otel_steps", "sync")

    assert stored() == dict.fromkeys(range(len(PLACES)), "completed")
    assert done.returncode == 1
    assert [path for path in bad if str(path) not in done.stderr] == []
    assert python("-m", "otel_steps", "sync").returncode == 0
    assert {path.name for path in settings.backup_dir.iterdir()} <= {"dead", "dead.unreadable"}


def test_the_states_of_many_large_steps_come_back() -> None:
    """Twenty steps with 1 MB of thinking were in flight, and changed, when their process died."""
    journal = Journal(resolve().backup_dir, problems=Problems(None))
    for thinking in ("a", "b", "c"):
        for number in range(1, 21):
            line = step_line(number, is_open=True, **{semconv.STEP_THINKING: thinking * 2**20})
            journal.put_open(span_id_of(number), line)
    journal.close()
    leave_behind(21)

    done = command("sync")

    assert (done.status, done.err) == (0, "")
    assert stored() == dict.fromkeys(range(1, 21), "interrupted") | {21: "completed"}
    with closing(open_store()) as store:
        assert {row["thinking"][0] for row in store.steps("task") if row["thinking"]} == {"c"}
    assert list(resolve().backup_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "mode", "is_stored"),
    [
        ("000001.jsonl", 0, False),
        ("in-flight.log", 0, True),
        ("lock", 0, False),
        ("", 0, False),
        ("", 0o500, True),
        ("", 0o300, False),
    ],
)
def test_what_this_user_may_not_read_waits_until_he_may(
    place: str, mode: int, is_stored: bool
) -> None:
    """It is named with its remedy, with exit status 1 as long; everybody else is served."""
    owner = leave_behind(1)
    leave_behind(2)
    log = owner / "in-flight.log"
    log.write_bytes(f"{span_id_of(3)} ".encode() + step_line(3, is_open=True))
    bad = owner / place
    before = bad.stat().st_mode
    bad.chmod(mode)

    def sync() -> None:
        done = command("sync")
        assert done.status == 1, done
        assert str(bad) in done.err
        assert "let this user read it" in done.err
        assert "a process that runs" not in done.err

    try:
        as_ordinary_user(sync)
    finally:
        bad.chmod(before)
    assert stored().get(2) == "completed"
    assert (1 in stored()) is is_stored
    assert command("sync").status == 0
    assert stored() == {1: "completed", 2: "completed", 3: "interrupted"}


def test_a_picture_that_this_user_may_not_read_is_not_given_up() -> None:
    """Its row is stored, it waits, and joins its row once it can be read."""
    owner = leave_behind(1)
    (picture,) = (owner / "pictures").iterdir()
    picture.chmod(0)

    def sync() -> None:
        done = command("sync")
        assert done.status == 1, done
        assert str(picture) in done.err
        assert "let this user read it" in done.err

    as_ordinary_user(sync)
    assert stored() == {1: "completed"}
    picture.chmod(0o600)

    assert command("sync").status == 0
    with closing(open_store()) as store:
        (row,) = store.steps("task")
    assert Path(row["screenshot_path"]).is_file()


def as_ordinary_user(check: Callable[[], None]) -> None:
    """Run *check* in a forked child that permissions hold for, and expect that it passes."""
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                give_up_root()
            check()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the edge of a process, which says so
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def give_up_root() -> None:
    """Have the kernel look at permissions, as it does for anybody else (capabilities(7))."""
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    for index in range(3):  # effective, permitted, inheritable
        sets[index] &= ~(1 << 1 | 1 << 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, sets) == 0


@pytest.mark.parametrize("place", ["000007.jsonl", "in-flight.log"])
def test_a_file_of_something_else_is_set_aside_as_a_whole(place: str) -> None:
    """Half a million lines of text are no half a million letters that somebody has to wait for."""
    owner = leave_behind(1, 2)
    leave_behind(3)
    state = f"{span_id_of(4)} ".encode() if place == "in-flight.log" else b""
    text = b"".join(b"%d something else\n" % number for number in range(500_000))
    foreign_text = state + step_line(4) + text
    (owner / place).write_bytes(foreign_text)

    done = command("sync")

    assert done.status == 1
    assert str(owner / place) in done.err
    assert {*stored()} == {1, 2, 3, 4}
    (aside,) = resolve().backup_dir.rglob("*.unreadable")
    assert aside.read_bytes() == foreign_text
    assert len(list(aside.parent.iterdir())) <= MAX_BAD_LINES + 2
    assert command("sync").status == 0


def test_a_line_that_cannot_be_read_is_an_error_of_sync() -> None:
    """Its head is a dead letter, and the lines around it are stored."""
    owner = leave_behind(1)
    with (owner / "000001.jsonl").open("ab") as segment:
        segment.write(b"garbage\n" + step_line(2))

    done = command("sync")

    assert (done.status, done.out) == (1, "2 spans shipped, 0 waiting\n")
    assert "1 span can never be stored" in done.err
    assert command("sync").status == 0


def test_the_health_of_a_recording_tells_of_removed_files(tmp_path: Path) -> None:
    """A step whose files were removed is lost and said to be, and its row does not stay running."""
    database = resolve().dir / "steps.db"
    processor = StepSpanProcessor()
    provider = TracerProvider()
    provider.add_span_processor(processor)
    steps = [
        StepSpan(provider.get_tracer("test"), None, task_id="task", number=number)
        for number in (1, 2)
    ]
    wait_until(lambda: stored() == dict.fromkeys((1, 2), "running"))
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        steps[0].end()
        shutil.rmtree(resolve().backup_dir)
        lost = processor.health()
        other.execute("ROLLBACK")

    assert (lost.refused, lost.ok) == (1, False)
    assert not processor.recorder.flush(PATIENCE_S)
    assert stored() == {1: "interrupted", 2: "running"}
    steps[1].end()
    assert processor.recorder.flush(PATIENCE_S)
    assert stored() == {1: "interrupted", 2: "completed"}
    processor.shutdown()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
