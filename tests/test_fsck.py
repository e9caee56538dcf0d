"""`otel-steps fsck`: nothing on a healthy store, and each damage with what mends it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from otel_steps.config import resolve
from otel_steps.rows.model import Batch
from otel_steps.stores import open_store
from otel_steps.stores.pictures import open_screenshots
from tests.commands import command, store_tasks
from tests.pictures import png
from tests.store_contract import a_screenshot, a_step, a_task
from tests.test_retention import name_of


def damage() -> None:
    """Leave a task running, wrong totals, and a picture that no row needs."""
    settings = resolve()
    with closing(sqlite3.connect(settings.dir / "steps.db")) as connection:
        connection.execute("UPDATE tasks SET failed_steps = 9 WHERE task_id = 'aaaaaaaa-1'")
        connection.execute("UPDATE tasks SET status = 'running' WHERE task_id = 'bbbbbbbb-1'")
        connection.commit()
    with closing(open_store()) as store:
        open_screenshots(settings, store).save(name_of(png()), png())
    for file in (settings.dir / "screenshots").rglob("*.*"):
        os.utime(file, (1, 1))


def test_a_healthy_store_has_nothing_wrong() -> None:
    """Also one in which nothing is recorded yet."""
    assert (command("fsck").status, command("fsck").out) == (0, "nothing is wrong\n")
    store_tasks("aaaaaaaa-1")
    assert command("fsck", "--json").json == {"repaired": False, "findings": []}


def test_it_looks_first_and_mends_when_told() -> None:
    """The exit status says whether something is still wrong."""
    store_tasks("aaaaaaaa-1", "bbbbbbbb-1")
    damage()

    looked, again = command("fsck"), command("fsck", "--json")
    mended, after = command("fsck", "--repair"), command("fsck")

    assert (looked.status, again.status, mended.status, after.status) == (1, 1, 0, 0)
    assert "wrong   totals of tasks are not what their steps add up to: 1" in looked.out
    assert "aaaaaaaa-1" in looked.out
    assert "nothing was changed; add --repair" in looked.out
    assert [each["kind"] for each in again.json["findings"]] == ["running", "totals", "pictures"]
    assert again.json["findings"][2]["examples"] == [name_of(png())]
    assert "mended  no row needs these pictures: 1" in mended.out
    assert after.out == "nothing is wrong\n"


def test_a_damaged_file_is_told_and_left_as_it_is() -> None:
    """What it says is nothing to mend by."""
    store_tasks("aaaaaaaa-1")
    file = resolve().dir / "steps.db"
    content = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'tasks_created_at'"
        ).fetchone()
    content[(page - 1) * 4096 + 8 : (page - 1) * 4096 + 40] = b"\xff" * 32
    file.write_bytes(content)

    told = command("fsck", "--repair", "--json")

    assert told.status == 1
    assert [each["kind"] for each in told.json["findings"]] == ["damaged"]
    assert file.read_bytes() == content


def test_pictures_of_another_store_in_the_same_place_stay(tmp_path: Path) -> None:
    """That of the data folder, which was in use before, and keeps its pictures there."""
    settings = resolve()
    url = f"sqlite:///{(tmp_path / 'other.db').as_posix()}"
    for each in (None, url):
        with closing(open_store(each, settings=settings)) as store:
            saved = open_screenshots(settings, store).save(name_of(png()), png())
            step = a_step(screenshot_path=saved.path)
            shot = a_screenshot(step, screenshot_path=saved.path)
            task = a_task(status="completed")
            store.write(Batch(tasks=[task], steps=[step], screenshots=[shot]))
    for file in (settings.dir / "screenshots").rglob("*.*"):
        os.utime(file, (1, 1))

    pruned = command("prune", "--store", url, "--older-than", "0d", "--yes", "--json")
    found = command("fsck", "--store", url, "--repair", "--json")

    assert (pruned.json["removed"]["tasks"], pruned.json["removed"]["pictures"]) == (["t1"], 0)
    assert found.json["findings"] == []
    assert (settings.dir / "screenshots" / saved.path).exists()
    assert (
        command("prune", "--older-than", "0d", "--yes", "--json").json["removed"]["pictures"] == 1
    )
