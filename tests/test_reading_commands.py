"""Commands that read work wherever there is something to read, and leave it as it was."""

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from otel_steps.config import resolve
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from tests.commands import command, leave_behind, store_tasks, task_spans
from tests.full_disk import full_disk
from tests.patience import PATIENCE_S
from tests.read_only import as_a_reader, contents, read_only
from tests.viewing import view

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes, fork or open files")

READERS = (
    ("tasks", "--json"),
    ("report", "latest"),
    ("report", "latest", "--format", "html"),
    ("report", "latest", "--format", "md"),
    ("export", "latest", "-o", "-"),
    ("export", "latest", "--format", "otlp", "-o", "-"),
    ("steps", "latest", "--json"),
    ("step", "latest", "2", "--json"),
    ("compare", "latest", "latest"),
    ("stats",),
    ("doctor", "--json"),
)


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_reading_touches_nothing(arguments: tuple[str, ...]) -> None:
    """In a folder of one's own, and on a disk that is full."""
    store_tasks("aaaaaaaa-1")
    before = contents(resolve().dir)

    done = command(*arguments)
    with full_disk():
        again = command(*arguments)

    assert (done.status, done.err, contents(resolve().dir)) == (0, "", before)
    assert (again.status, again.err) == (0, "")
    assert "aaaaaaaa-1" in done.out or arguments[0] in ("doctor", "stats")


@posix
def test_reading_works_where_only_reading_is_allowed() -> None:
    """What waits there is told, and left to its owner; nothing is made."""
    store_tasks("aaaaaaaa-1")
    leave_behind(task_spans("bbbbbbbb-2", number=2))
    folder = resolve().dir

    with read_only(folder.parent):
        before = contents(folder.parent)
        for arguments in (READERS[0], READERS[4], *READERS[-2:]):  # each way to open a store
            done = as_a_reader("-m", "otel_steps", *arguments)
            is_doctor = arguments[0] == "doctor"
            assert done.returncode == (1 if is_doctor else 0), done.stderr
            assert "Traceback" not in done.stderr
            if not is_doctor:
                assert "aaaaaaaa-1" in done.stdout or arguments[0] == "stats"
                assert "3 spans wait" in done.stderr
        assert contents(folder.parent) == before

    assert len(command("tasks", "--json").json) == 2


@posix
def test_a_recording_is_not_shipped_for_another_user() -> None:
    """Root may write into anybody's folder; what it makes there its owner could not replace."""
    store_tasks("aaaaaaaa-1")
    leave_behind(task_spans("bbbbbbbb-2", number=2))
    journal = resolve().backup_dir
    if os.geteuid() == 0:
        os.chown(journal, 65534, 65534)
    else:
        journal.chmod(0o500)  # nobody else comes as far as that
    before = contents(journal)

    done = command("tasks", "--json")
    journal.chmod(0o700)

    assert [row["task_id"] for row in done.json] == ["aaaaaaaa-1"]
    assert "3 spans wait" in done.err
    assert {**contents(journal), str(journal): None} == {**before, str(journal): None}


def test_what_waits_is_not_shipped_into_another_store(tmp_path: Path) -> None:
    """A journal belongs to the store of the settings; `--store` may name anything."""
    leave_behind(task_spans("aaaaaaaa-1"))
    other = f"sqlite:///{tmp_path}/other.db"
    with closing(open_store(other)) as store:
        store.write(batch_of(task_spans("cccccccc-3", number=3), {}))
    before = contents(tmp_path)

    done = command("tasks", "--json", "--store", other)

    assert [row["task_id"] for row in done.json] == ["cccccccc-3"]
    assert "3 spans wait" in done.err
    assert contents(tmp_path) == before


@pytest.mark.parametrize("arguments", [*READERS, ("view", "--no-open"), ("sync",)], ids=" ".join)
def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A mistyped `--dir` is named, and not made."""
    folder = tmp_path / "typo"

    done = command(*arguments, "--dir", folder)

    assert done.status != 0
    assert str(folder) in done.err + done.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_a_folder_without_a_recording_is_an_error(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """So is a `--dir` or a `--store` that has none; nothing is made there."""
    for option in (("--dir", tmp_path), ("--store", f"sqlite:///{tmp_path}/steps.db")):
        done = command(*arguments, *option)
        assert done.status != 0
        assert str(tmp_path) in done.err + done.out
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_before_the_first_recording(tmp_path: Path) -> None:
    """The folder of the settings need not be there yet; asking makes nothing."""
    assert command("tasks", "--json").json == []
    assert command("doctor").status == 0
    assert command("sync").status == 0
    with view("--no-open", "--print-token") as started:
        assert started.get("api/tasks").json()["data"]["tasks"] == []
        assert not resolve().dir.exists()
        store_tasks("aaaaaaaa-1")
        (task,) = started.get("api/tasks").json()["data"]["tasks"]
    assert task["task_id"] == "aaaaaaaa-1"


def test_the_viewer_touches_nothing() -> None:
    """Not while it runs, and not when it ends."""
    store_tasks("aaaaaaaa-1")
    before = contents(resolve().dir)

    with view("--no-open", "--print-token") as started:
        assert len(started.get("api/tasks").json()["data"]["tasks"]) == 1
        assert started.get("api/tasks/aaaaaaaa-1/report").status_code == 200
        assert contents(resolve().dir) == before
        started.process.send_signal(signal.SIGINT)
        started.process.wait(PATIENCE_S)

    assert contents(resolve().dir) == before
