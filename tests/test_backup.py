"""A backup of the embedded store, made while agents record, and put back as it was."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import Settings, resolve
from otel_steps.packing.backup import back_up
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import Batch
from otel_steps.stores import open_database, open_store
from otel_steps.stores.pictures import open_screenshots
from otel_steps.stores.sqlite import copying
from otel_steps.stores.sqlite.store import SqliteStore
from tests.commands import command, leave_behind, task_spans
from tests.patience import PATIENCE_S
from tests.pictures import png
from tests.store_contract import a_screenshot, a_step, an_implicit_task
from tests.whole_tasks import IDS, fill, rows

# A backup or a restore that is killed once it does what it is told of for that time.
_KILLED = """
import os, signal, sys
from pathlib import Path
from otel_steps.config import resolve
from otel_steps.packing.backup import back_up
from otel_steps.packing.restoring import restore
from otel_steps.stores.pictures import place_of
from otel_steps.stores.sqlite.store import SqliteStore

def progress(doing, size):
    if doing == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

settings, file = resolve(), Path(sys.argv[3])
database, pictures = settings.dir / "steps.db", settings.dir / "screenshots"
if sys.argv[1] == "backup":
    back_up(SqliteStore(database, screenshots=pictures), pictures, file, progress)
else:
    restore(file, database, place_of(settings), progress)
"""


@pytest.fixture(name="embedded")
def _embedded() -> Settings:
    settings = resolve()
    fill(settings)
    return settings


@pytest.fixture(name="file")
def _file(embedded: Settings, tmp_path: Path) -> Path:
    assert command("backup", tmp_path / "kept.tar").status == 0
    return tmp_path / "kept.tar"


def test_what_is_restored_is_what_it_was(embedded: Settings, tmp_path: Path) -> None:
    """All rows and all files of pictures, for this user alone; a stranger's tools check it, too."""
    was, path, target = rows(embedded), tmp_path / "kept.tar", tmp_path / "new"

    kept = command("backup", path, "--json")
    done = command("restore", path, "--dir", target)

    assert (kept.json["tasks"], kept.json["steps"], kept.json["waiting"]) == (2, 6, 0)
    assert (done.status, done.out) == (0, f"restored 2 tasks, 6 steps to {target / 'steps.db'}\n")
    assert rows(resolve({}, dir=target)) == was
    files = [each for each in target.rglob("*") if each.is_file()]
    assert len(files) == kept.json["picture_files"] + 1
    if os.name == "posix":
        assert {each.stat().st_mode & 0o077 for each in (path, *files)} == {0}
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "by-tar", filter="data")
    for line in (tmp_path / "by-tar" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "by-tar" / name).read_bytes()).hexdigest() == digest


def test_agents_go_on_while_it_is_made(
    embedded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has is of one moment: all steps up to some, each with its picture."""
    path, target = tmp_path / "kept.tar", tmp_path / "new"
    monkeypatch.setattr(copying, "_PAGES", 8)  # many parts of a small database
    written = parts = 0
    enough, may_end = threading.Event(), threading.Event()

    def record() -> None:
        nonlocal written
        with closing(open_database(settings=embedded)) as store:
            pictures = open_screenshots(embedded, store)
            while not may_end.is_set() or not written:
                data = png(colour=(written % 256, written // 256, 1))
                saved = pictures.save(hashlib.sha256(data).hexdigest(), data)
                step = a_step(written + 1, "live", screenshot_path=saved.path)
                shot = a_screenshot(step, id=step.id, screenshot_path=saved.path)
                task = an_implicit_task("live")
                store.write(Batch(tasks=[task], steps=[step], screenshots=[shot]))
                written += 1
                if written >= 5:
                    enough.set()

    agent = threading.Thread(target=record)
    agent.start()
    assert enough.wait(PATIENCE_S)

    def progress(doing: str, size: int) -> None:
        # Between the parts of the database the agent writes more: the copy does not begin again.
        nonlocal parts
        parts += doing == "database"
        assert parts < 100
        before = written
        while doing == "database" and written < before + 3 and agent.is_alive():
            may_end.wait(0.001)

    try:
        with closing(open_database(settings=embedded)) as store:
            assert isinstance(store, SqliteStore)
            made = back_up(store, embedded.dir / "screenshots", path, progress)
    finally:
        may_end.set()
        agent.join(PATIENCE_S)

    assert command("restore", path, "--dir", target).status == 0
    restored = resolve({}, dir=target)
    with closing(open_database(settings=restored)) as store:
        assert isinstance(store, SqliteStore)
        assert store.damage() == []
        steps = store.steps("live")
        assert [step["step_number"] for step in steps] == list(range(1, len(steps) + 1))
        assert 5 <= len(steps) == (store.task("live") or {})["total_steps"] < written
        assert made.steps == len(steps) + 6
        assert parts > 3
        for step in steps:
            assert Path(step["screenshot_path"]).is_file()


def test_what_waits_is_said(embedded: Settings, tmp_path: Path) -> None:
    """In a store that this command leaves alone; what dead processes left is shipped before."""
    leave_behind(task_spans("cccccccc-3", number=3))
    url = embedded.store.reveal()

    named = command("backup", tmp_path / "a.tar", "--store", url, "--json")
    plain = command("backup", tmp_path / "b.tar", "--json")

    assert (named.json["tasks"], named.json["waiting"]) == (2, 3)
    assert "3 spans wait" in named.err
    assert "not in the backup; `otel-steps sync` first" in named.err
    assert (plain.json["tasks"], plain.json["waiting"], plain.err) == (3, 0, "")


def test_what_is_there_is_not_lost(embedded: Settings, file: Path) -> None:
    """Without --force nothing happens; with it the database of before is kept, and pictures."""
    with closing(open_database(settings=embedded)) as store:
        store.write(batch_of(task_spans("cccccccc-3", number=3), {}))
        refused = command("restore", file)
        # With a reader and a writer that have it open, and a log that is not merged.
        forced = command("restore", file, "--force", "--json")
        store.write(batch_of(task_spans("dddddddd-4", number=4), {}))

    assert (refused.status, "is there already" in refused.err) == (2, True)
    former = Path(forced.json["former"])
    with closing(open_store(f"sqlite:///{former.as_posix()}")) as store:
        assert {task["task_id"] for task in store.tasks()} >= {*IDS, "cccccccc-3"}
    with closing(open_database(settings=embedded)) as store:
        assert {task["task_id"] for task in store.tasks()} == {*IDS, "dddddddd-4"}


def test_pictures_alone_are_something(embedded: Settings, file: Path) -> None:
    """A folder without a database is not empty either."""
    (embedded.dir / "steps.db").unlink()

    assert command("restore", file).status == 2
    assert command("restore", file, "--force").status == 0


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize(
    ("command_name", "stage"),
    [
        ("backup", "database"),
        ("backup", "pictures"),
        ("backup", "check"),
        ("restore", "check"),
        ("restore", "restore"),
    ],
)
def test_a_kill_leaves_nothing_half(
    command_name: str, stage: str, embedded: Settings, file: Path, tmp_path: Path
) -> None:
    """No file under the final name; the next try has everything."""
    was, target = rows(embedded), tmp_path / "new"
    path = tmp_path / "second.tar" if command_name == "backup" else file
    folder = embedded.dir if command_name == "backup" else target

    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, command_name, stage, str(path)],
        env={**os.environ, "OTEL_STEPS_DIR": str(folder)},
        timeout=PATIENCE_S,
    )

    assert killed.returncode == -signal.SIGKILL
    if command_name == "backup":
        assert not path.exists()
        assert command("backup", path).status == 0
        assert not path.with_name("second.tar.partial").exists()
    else:
        assert not (target / "steps.db").exists()
    assert command("restore", path, "--force", "--dir", target).status == 0
    assert rows(resolve({}, dir=target)) == was


Members = dict[str, bytes]


def _members(path: Path) -> Members:
    with tarfile.open(path) as tar:
        return {each.name: (tar.extractfile(each) or io.BytesIO()).read() for each in tar}


def _write(path: Path, members: Members, *, kind: bytes = tarfile.REGTYPE) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            if name == "steps.db":
                entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry, io.BytesIO(content))


def _signed(members: Members) -> Members:
    members.pop("SHA256SUMS")
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in members.items()]
    return {**members, "SHA256SUMS": "".join(sums).encode()}


def _with(path: Path, **more: bytes) -> None:
    members = _signed({**_members(path), **more})
    _write(path, members)


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def _cut(path: Path, within: bytes) -> None:
    """Cut the file off in the middle of the last content that has these bytes."""
    os.truncate(path, path.read_bytes().rindex(within) + 20)


def _later(path: Path) -> None:
    members = _members(path)
    about = json.loads(members["backup.json"])
    _with(path, **{"backup.json": json.dumps({**about, "version": 2}).encode()})


def _without_sums(path: Path) -> None:
    members = _members(path)
    del members["SHA256SUMS"]
    _write(path, members)


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "cut off in a picture": (lambda path: _cut(path, b"WEBP"), "cut off"),
    "cut off in the sums": (lambda path: _cut(path, b"  screenshots/"), "cut off"),
    "cut off between": (_without_sums, "it has no SHA256SUMS: it is cut off"),
    "a bit of a picture": (
        lambda path: _flip(path, path.read_bytes().index(b"WEBP") + 20),
        "is not what its SHA256SUMS says",
    ),
    "a bit of the database": (lambda path: _flip(path, 20_000), "'steps.db' is not what"),
    "a path above": (lambda path: _with(path, **{"../x": b""}), "'../x'"),
    "a file more": (lambda path: _with(path, **{"screenshots/run.sh": b""}), "run.sh"),
    "a link": (lambda path: _write(path, _members(path), kind=tarfile.SYMTYPE), "'steps.db'"),
    "of a later version": (_later, "version 2 and this otel-steps reads 1"),
    "no database": (lambda path: _with(path, **{"steps.db": b"x" * 5000}), "steps.db is damaged"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_changes_nothing(name: str, file: Path, tmp_path: Path) -> None:
    """It is refused in one line that says why, and no database is there."""
    damage, reason = DAMAGES[name]
    damage(file)
    target = tmp_path / "new"

    done = command("restore", file, "--dir", target)

    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert reason in done.err
    assert not (target / "steps.db").exists()
    assert not list(target.glob(".steps.db*"))


def test_what_cannot_be_is_said(embedded: Settings, file: Path, tmp_path: Path) -> None:
    """Each with what to do in its place."""
    packed = tmp_path / "run.osz"
    assert command("pack", "latest", "-o", packed).status == 0
    far = ("--store", "postgresql://me@db.example/steps")

    for arguments, words in (
        (("backup", tmp_path / "x.tar", *far), "pg_dump"),
        (("restore", file, *far), "pg_restore"),
        (("restore", packed), "otel-steps import"),
        (("restore", __file__), "is no backup"),
        (("restore", tmp_path / "nothing"), "there is no file"),
        (("backup", tmp_path), "is a folder"),
    ):
        done = command(*arguments)
        assert (done.status, done.out) == (2, "")
        assert words in done.err


def test_nothing_is_nothing_to_keep(tmp_path: Path) -> None:
    """And no file is made of it."""
    done = command("backup", tmp_path / "x.tar")

    assert (done.status, "nothing to keep" in done.err) == (1, True)
    assert not (tmp_path / "x.tar").exists()


def test_a_damaged_database_is_not_kept_as_if_it_were_whole(
    embedded: Settings, tmp_path: Path
) -> None:
    """The command says what is wrong, and there is no file."""
    database = embedded.dir / "steps.db"
    data = bytearray(database.read_bytes())
    for at in range(8 * 4096, len(data) - 4096, 4096):
        data[at : at + 64] = b"\xff" * 64
    database.write_bytes(data)

    done = command("backup", tmp_path / "x.tar")

    assert (done.status, "damaged" in done.err or "malformed" in done.err) == (1, True)
    assert not (tmp_path / "x.tar").exists()
