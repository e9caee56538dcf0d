"""`otel-steps fsck`: nothing on a healthy store, and each damage with what mends it."""

import json
import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

import otel_steps
from otel_steps import pipeline, semconv
from otel_steps.archiving import archive
from otel_steps.config import Settings, resolve
from otel_steps.fsck import Finding, examine, subject_of
from otel_steps.migrations import runner
from otel_steps.rows.model import Batch
from otel_steps.rows.times import iso
from otel_steps.stores import open_database, open_store
from otel_steps.stores.pictures import open_screenshots
from otel_steps.stores.task_query import TaskQuery
from tests.commands import command, store_tasks
from tests.pictures import png
from tests.store_contract import a_screenshot, a_step, a_task
from tests.supabase.databases import run
from tests.supabase.postgres import Postgres
from tests.supabase.stack import SupabaseStack
from tests.test_retention import name_of

pytest_plugins = ["tests.supabase.fixtures"]

FIRST, SECOND, STRAY = (png(8, size) for size in (40, 41, 42))


def record(**settings: Any) -> None:
    """Record two tasks as an agent of somebody's does, with pictures and a span of its own."""
    with pytest.MonkeyPatch.context() as own:
        own.setattr(pipeline, "_recording", None)
        recording = otel_steps.configure(instrument=False, **settings)
        for task_id in ("one", "two"):
            with otel_steps.task("打开相机", task_id=task_id):
                for picture in (FIRST, SECOND):
                    with otel_steps.step(action={"action": "Tap"}, screenshot=picture):
                        pass
        assert recording.flush(30)
        recording.shutdown()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the data folder of a recording, to be copied."""
    folder = tmp_path_factory.mktemp("recorded") / "data"
    record(dir=folder)
    with closing(open_store(settings=resolve({}, dir=folder))) as store:
        while store.extend_search() or store.extend_sums():
            pass
    return folder


@pytest.fixture(scope="module")
def archived(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give that data folder with the first task in its archive."""
    folder = tmp_path_factory.mktemp("archived") / "data"
    shutil.copytree(recorded, folder)
    with closing(open_database(settings=resolve({}, dir=folder))) as store:
        settings = resolve({}, dir=folder)
        subject = subject_of(settings, store)
        assert subject.cold is not None
        (*_, done) = archive(
            store, subject.pictures, subject.cold, ["one"], before=iso(int(subject.now * 1e9))
        )
        assert done.archived == ("one",)
    return folder


class Home(NamedTuple):
    """A recording that may be damaged: by SQL, or in its files."""

    settings: Settings
    run: Callable[[str], None]

    def file(self, pattern: str) -> Path:
        """Return the first of some files."""
        return min(self.settings.dir.rglob(pattern))

    def look(self, *, only_cheap: bool = False, **values: Any) -> list[Finding]:
        """Return what is found, as if nothing were young."""
        with closing(open_database(settings=self.settings)) as store:
            subject = subject_of(self.settings, store)
            subject = replace(subject, now=subject.now + 7200, **values)
            return list(examine(subject, only_cheap=only_cheap))


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Home:
    """Give a copy of the recording in SQLite."""
    return copied(recorded, tmp_path / "data")


@pytest.fixture
def archived_home(archived: Path, tmp_path: Path) -> Home:
    """Give a copy of it with an archived task."""
    return copied(archived, tmp_path / "data")


def copied(source: Path, folder: Path) -> Home:
    shutil.copytree(source, folder)

    def run_sqlite(sql: str) -> None:
        with closing(sqlite3.connect(folder / "steps.db")) as connection:
            connection.executescript(sql)

    return Home(resolve({}, dir=folder), run_sqlite)


@pytest.fixture(scope="module")
def migrated(postgres_server: Postgres) -> Iterator[str]:
    """Give the URL of a database with our tables."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        yield url


@pytest.fixture(params=["postgres", pytest.param("supabase", marks=pytest.mark.full)])
def shared_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """Give a recording in a shared store; its rows go."""
    values: dict[str, Any] = {"dir": tmp_path / "data"}
    if request.param == "supabase":
        stack: SupabaseStack = request.getfixturevalue("supabase_stack")
        url = stack.dsn
        values |= {
            "store": "supabase",
            "supabase_url": stack.url,
            "supabase_key": stack.secret_key,
        }
    else:
        url = values["store"] = request.getfixturevalue("migrated")
    record(**values)
    yield Home(resolve({}, **values), lambda sql: run(url, sql))
    run(
        url,
        "TRUNCATE tasks, task_steps, step_screenshots, task_spans, otel_steps_span_pictures, "
        "otel_steps_unneeded, otel_steps_search, otel_steps_sums, otel_steps_found_by",
    )


NOBODY: Final = uuid.UUID(int=7)
OLD: Final = "last_activity = '2020-01-01T00:00:00.000000+00:00'"
NAMED: Final = json.dumps({semconv.SPAN_PICTURES: [name_of(FIRST)]})
A_STEP: Final = "(SELECT id FROM task_steps WHERE task_id = 'one' AND step_number = 1)"

# Kind of the finding -> what does it, in SQL that all databases know.
ROWS: Final = {
    "totals": "UPDATE tasks SET failed_steps = 9 WHERE task_id = 'one'",
    "running": f"UPDATE tasks SET status = 'running', {OLD} WHERE task_id = 'one'",
    "running_steps": f"""
        UPDATE tasks SET {OLD} WHERE task_id = 'one';
        UPDATE task_steps SET status = 'running' WHERE id = {A_STEP}
    """,
    "lost_tasks": "DELETE FROM tasks WHERE task_id = 'one'",
    "doubled_steps": f"""
        INSERT INTO task_steps (id, task_id, step_number, step_type, step_data, created_at,
            started_at, trace_id, span_id, status, success)
        SELECT '{NOBODY}', task_id, step_number, step_type, step_data, created_at, started_at,
            trace_id, span_id, 'running', success
        FROM task_steps WHERE id = {A_STEP};
        UPDATE tasks SET total_steps = 3, successful_steps = 3 WHERE task_id = 'one'
    """,
    "doubled_numbers": f"UPDATE tasks SET {OLD}; UPDATE task_steps SET step_number = 1",
    "missing_numbers": f"""
        UPDATE tasks SET {OLD};
        UPDATE task_steps SET step_number = 4 WHERE step_number = 2
    """,
    "step_times": "UPDATE task_steps SET ended_at = '2020-01-01T00:00:00.000000+00:00'",
    "task_times": "UPDATE tasks SET end_time = '2020-01-01T00:00:00.000000+00:00'",
    "task_cells": """UPDATE tasks SET scores = '[{"value": 1}]' WHERE task_id = 'one'""",
    "step_cells": f"""UPDATE task_steps SET tags = '{{"a": 1}}' WHERE id = {A_STEP}""",
    "pathless_pictures": f"DELETE FROM step_screenshots WHERE step_id = {A_STEP}",
    "orphan_pictures": f"UPDATE step_screenshots SET step_id = '{NOBODY}' WHERE step_id = {A_STEP};"
    f"UPDATE task_steps SET screenshot_path = NULL WHERE id = {A_STEP}",
}
SQLITE: Final = ROWS | {
    "orphan_names": f"INSERT INTO span_pictures VALUES ('{NOBODY}', '{name_of(FIRST)}')",
    "unnoted_names": f"UPDATE task_steps SET attributes = '{NAMED}' WHERE id = {A_STEP}",
    "let_go": f"INSERT INTO unneeded_pictures VALUES ('{name_of(STRAY)}')",
    "kept_sums": "UPDATE task_sums SET actions = '{}' WHERE task_id = 'one'",
    "search_index": "DELETE FROM search_documents",
    "picture_cells": "UPDATE step_screenshots SET metadata = '{cut'",
    "unnumbered_tasks": "DELETE FROM task_changes WHERE task_id = 'one'",
    "span_cells": f"""
        INSERT INTO task_spans (trace_id, span_id, name, kind, started_at, status_code, attributes)
        SELECT trace_id, '00000000000000aa', 'chat', 'x', started_at, 0, '[1]' FROM task_steps
        WHERE id = {A_STEP}
    """,
}
SHARED: Final = ROWS | {
    "orphan_names": f"INSERT INTO otel_steps_span_pictures VALUES ('{NOBODY}', '{name_of(FIRST)}')",
    "let_go": f"INSERT INTO otel_steps_unneeded VALUES ('{name_of(STRAY)}')",
}
# What one API of the same functions has to show.
SHARED_AS_WELL: Final = ("lost_tasks", "doubled_steps")


# Of values that no write of ours makes, in a step and in its task.
CELLS: Final = {
    "bytes in a text": ("step_cells", "UPDATE task_steps SET thinking = x'ff00fe'"),
    "text that is no UTF-8": (
        "task_cells",
        "UPDATE tasks SET task_description = CAST(x'41ff42' AS TEXT)",
    ),
    "a time that is none": ("step_cells", "UPDATE task_steps SET started_at = 'yesterday'"),
    "a truth that is none": ("step_cells", "UPDATE task_steps SET success = 7"),
}
# Of the file itself, which SQLite finds whole.
OUT_OF_ORDER: Final = {
    "an index is gone": "DROP INDEX task_steps_order",
    "a trigger is gone": "DROP TRIGGER tasks_update",
    "a table is gone": "DROP TABLE unneeded_pictures",
    "the table of tasks is gone": "DROP TABLE tasks",
    "the version is another": "PRAGMA user_version = 3",
    "there is no version": "PRAGMA user_version = 0",
}


def cut_off(home: Home, pattern: str) -> None:
    """Take the second half of a file away."""
    file = home.file(pattern)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def write(home: Home, path: str, content: str = "{") -> None:
    """Write a file that a killed process may have left."""
    file = home.settings.dir / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")


def a_folder_for_a_segment(home: Home) -> None:
    """Put a folder where the journal has a file."""
    (home.settings.backup_dir / "1790000000000000000-1-abcdef01" / "000001.jsonl").mkdir(
        parents=True
    )


def a_stray_picture(home: Home) -> None:
    """Save a picture that no row needs."""
    with closing(open_store(settings=home.settings)) as store:
        open_screenshots(home.settings, store).save(name_of(STRAY), STRAY)


WEBP: Final = "[0-9a-f]" * 64 + ".webp"
# What it is -> kinds of the findings, and what does it.
FILES: Final[dict[str, tuple[set[str], Callable[[Home], object]]]] = {
    "a picture is gone": ({"lost_pictures"}, lambda home: home.file(WEBP).unlink()),
    "facts are gone": ({"lost_pictures"}, lambda home: home.file(f"{WEBP[:-5]}.json").unlink()),
    "a picture is cut off": (
        {"damaged_pictures"},
        lambda home: cut_off(home, WEBP),
    ),
    "a picture is another": (
        {"damaged_pictures"},
        lambda home: home.file(WEBP).write_bytes(STRAY),
    ),
    "a thumbnail is cut off": (
        {"thumbnails"},
        lambda home: write(home, f"screenshots/{name_of(FIRST)[:2]}/{name_of(FIRST)}.120.webp"),
    ),
    "a stray picture": ({"pictures"}, a_stray_picture),
    "a picture half written": (
        {"leftovers"},
        lambda home: write(home, f"screenshots/aa/{'a' * 64}.webp.0123abcd.tmp"),
    ),
    "a restore broken off": ({"leftovers"}, lambda home: write(home, ".steps.db.0123abcd")),
    "a letter half written": (
        {"leftovers"},
        lambda home: write(home, "backup/steps/dead/x.jsonl.0123abcd.partial"),
    ),
    "a dead letter": (
        {"dead_letters"},
        lambda home: write(home, f"backup/steps/dead/{'a' * 32}-{'b' * 16}.jsonl"),
    ),
    "a folder for a segment": ({"journal"}, a_folder_for_a_segment),
}


def kinds(findings: list[Finding]) -> set[str]:
    return {each.kind for each in findings}


def check(home: Home, expected: set[str]) -> None:
    """Check that it is found, that looking changes nothing, and that it is mended for good."""
    assert kinds(home.look()) == kinds(home.look()) == expected
    mended = home.look(repair=True)
    assert kinds(mended) >= expected
    assert all(each.is_mended for each in mended)
    assert home.look() == home.look(repair=True) == []


@pytest.mark.parametrize("kind", SQLITE)
def test_damaged_rows(home: Home, kind: str) -> None:
    """Each is found, mended, and found no more."""
    home.run(SQLITE[kind])
    check(home, {kind})
    with closing(open_store(settings=home.settings)) as store:
        assert {task["task_id"] for task in store.tasks()} == {"one", "two"}
        assert [store.count_steps(task_id) for task_id in ("one", "two")] == [2, 2]
        assert all(store.report(task_id) for task_id in ("one", "two"))


@pytest.mark.parametrize("name", FILES)
def test_damaged_files(home: Home, name: str) -> None:
    """Likewise; what waits in the journal is not touched."""
    expected, damage_it = FILES[name]
    damage_it(home)
    check(home, expected)


@pytest.mark.parametrize("name", CELLS)
def test_values_of_other_types(home: Home, name: str) -> None:
    """The rows can be read again, by the commands that could not."""
    kind, sql = CELLS[name]
    home.run(sql)
    found = home.look()
    assert kind in kinds(found)
    assert all(each.is_mended for each in home.look(repair=True))
    assert home.look() == []
    shown = command("tasks", "--dir", home.settings.dir, "--json").json
    assert [(task["task_id"], task["successful_steps"]) for task in shown] == [
        ("two", 0 if name == "a truth that is none" else 2),
        ("one", 0 if name == "a truth that is none" else 2),
    ]
    if name == "text that is no UTF-8":
        assert [task["task_description"] for task in shown] == ["A\ufffdB"] * 2
    kept = "".join(file.read_text() for file in (home.settings.dir / "lost+found").iterdir())
    assert kept.count('"row"') >= 2


@pytest.mark.parametrize("name", OUT_OF_ORDER)
def test_a_file_whose_tables_are_not_those_of_its_version(home: Home, name: str) -> None:
    """It is filled anew with all of its rows, and takes more."""
    home.run(OUT_OF_ORDER[name])
    options = ("--dir", home.settings.dir, "--json")
    assert [each["kind"] for each in command("fsck", *options).json["findings"]] == ["damaged"]

    mended = command("fsck", "--repair", *options)

    assert (mended.status, home.look()) == (0, [])
    with closing(open_store(settings=home.settings)) as store:
        assert [store.count_steps(task_id) for task_id in ("one", "two")] == [2, 2]
        store.write(Batch(steps=[a_step(8, "one")]))


def test_a_database_of_somebody_else_is_never_filled_anew(home: Home) -> None:
    """One in which there are tables that are not ours."""
    home.run("CREATE TABLE theirs (a); PRAGMA user_version = 3")
    options = ("fsck", "--repair", "--dir", home.settings.dir)
    assert "its tables are not those of otel-steps" in command(*options).err
    assert not list(home.settings.dir.glob("*.damaged-*"))


def bundle(home: Home, table: str) -> Path:
    return home.file(f"archive/day=*/{table}-*")


def change_middle(file: Path) -> None:
    content = file.read_bytes()
    part = len(content) // 4
    file.write_bytes(content[:part] + b"\xff" * (2 * part) + content[3 * part :])


# What it is -> kinds of the findings, whether it can be mended, and what does it.
ARCHIVED: Final[dict[str, tuple[set[str], bool, Callable[[Home], object]]]] = {
    "nothing": (set(), True, lambda home: None),
    "its steps are gone": (
        {"archived_rows"},
        False,
        lambda home: bundle(home, "task_steps").unlink(),
    ),
    "its steps are another table": (
        {"archived_rows"},
        False,
        lambda home: shutil.copy(bundle(home, "step_screenshots"), bundle(home, "task_steps")),
    ),
    "its steps are changed": (
        {"archived_rows"},
        False,
        lambda home: change_middle(bundle(home, "task_steps")),
    ),
    "its spans are cut off": (
        {"archived_rows"},
        False,
        lambda home: cut_off(home, "archive/day=*/task_spans-*"),
    ),
    "a later version has written": (
        {"archived_unread"},
        False,
        lambda home: write(home, "archive/otel-steps-archive.json", '{"version": 99}'),
    ),
    "its place is none": (
        {"archived_rows", "unkept_tasks"},
        False,
        lambda home: home.run("UPDATE tasks SET archived = '../x' WHERE task_id = 'one'"),
    ),
    "its own row is gone": (
        {"archived_rest"},
        True,
        lambda home: bundle(home, "tasks").unlink(),
    ),
    "a picture is cut off": (
        {"archived_rest"},
        True,
        lambda home: cut_off(home, f"archive/pictures/*/{WEBP}"),
    ),
    "figures are not kept": (
        {"unkept_tasks"},
        True,
        lambda home: home.run("DELETE FROM kept_tasks"),
    ),
    "its index is gone": (
        {"unkept_tasks"},
        True,
        lambda home: home.run("DELETE FROM search_versions"),
    ),
}


@pytest.mark.parametrize("name", ARCHIVED)
def test_an_archived_task(archived_home: Home, name: str) -> None:
    """What can be had of it comes back; what cannot is said, and nothing of it is removed."""
    expected, can_be_mended, damage_it = ARCHIVED[name]
    damage_it(archived_home)
    files = set((archived_home.settings.dir / "archive").rglob("*.parquet"))
    assert kinds(archived_home.look()) == expected
    mended = archived_home.look(repair=True)
    assert kinds(mended) >= expected
    assert all(each.is_mended for each in mended) == can_be_mended
    # Without the row of the task nothing refers to the rest.
    if name != "its own row is gone":
        assert set((archived_home.settings.dir / "archive").rglob("*.parquet")) == files
    assert kinds(archived_home.look()) == (set() if can_be_mended else expected)
    with closing(open_store(settings=archived_home.settings)) as store:
        assert [task["total_steps"] for task in store.tasks()] == [2, 2]
        if can_be_mended:
            assert len(store.steps("one")) == 2
            assert [figure["steps"] for figure in store.action_figures(TaskQuery())] == [4]


def test_pictures_of_a_database_that_is_gone_stay(home: Home) -> None:
    """Nobody knows whose they are; a log by itself is kept, which SQLite would remove."""
    file = home.settings.dir / "steps.db"
    pictures = set((home.settings.dir / "screenshots").rglob("*.webp"))
    file.write_bytes(b"")
    assert kinds(home.look()) == kinds(home.look(repair=True)) == {"no_tasks"}
    file.unlink()
    log = file.with_name("steps.db-wal")
    log.write_bytes(b"rows")
    options = ("--dir", home.settings.dir, "--json")
    (found,) = command("fsck", "--repair", *options).json["findings"]
    assert (found["kind"], found["is_mended"]) == ("damaged", True)
    assert file.with_name("steps.db.damaged-1-wal").read_bytes() == b"rows"
    assert set((home.settings.dir / "screenshots").rglob("*.webp")) == pictures


def test_shared_stores(shared_home: Home) -> None:
    """Nothing is wrong with what has been recorded; each damage is mended for good."""
    is_supabase = shared_home.settings.store.reveal() == "supabase"
    # To list a bucket is 256 requests.
    look = partial(shared_home.look, only_cheap=is_supabase)
    assert look(repair=True) == []
    for kind in SHARED_AS_WELL if is_supabase else SHARED:
        shared_home.run(SHARED[kind])
        mended = look(repair=True)
        assert kind in kinds(mended), kind
        assert all(each.is_mended for each in mended)
    assert look() == []
    with closing(open_store(settings=shared_home.settings)) as store:
        assert [store.count_steps(task_id) for task_id in ("one", "two")] == [2, 2]


def test_a_picture_that_the_journal_has_is_saved_again(home: Home) -> None:
    """Whether it waits for its span, or was set aside there."""
    name = name_of(FIRST)
    with closing(open_store(settings=home.settings)) as store:
        pictures = open_screenshots(home.settings, store)
        before = pictures.find(name)
        pictures.remove([name])
        write(home, f"backup/steps/dead/{name}.png", "")
        (home.settings.backup_dir / "dead" / f"{name}.png").write_bytes(FIRST)

        (found,) = home.look(repair=True)

        assert (found.kind, "saved anew: 1;" in found.remedy) == ("lost_pictures", True)
        assert pictures.find(name) == before
        assert home.look() == []


def test_a_lost_picture_is_said_in_its_step_and_kept_in_lost_and_found(home: Home) -> None:
    """The row of the picture goes, and is written down before."""
    with closing(open_store(settings=home.settings)) as store:
        open_screenshots(home.settings, store).remove([name_of(FIRST)])
        home.look(repair=True)
        step, other = store.steps("one")
        assert step["screenshot_path"] is None
        assert step["attributes"][semconv.SCREENSHOT_ERROR] == "the picture's file was lost"
        assert other["screenshot_path"] is not None
    (file,) = (home.settings.dir / "lost+found").iterdir()
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [each["row"]["task_id"] for each in rows] == ["one", "two"]


def test_missing_steps_are_told_of_until_they_come(home: Home) -> None:
    """By the step behind them, in reports; that of a number that comes late says nothing more."""
    home.run(SQLITE["missing_numbers"])
    home.look(repair=True)
    shown = ("report", "one", "--dir", home.settings.dir)
    assert "steps that are missing here: 2" in command(*shown).out
    with closing(open_store(settings=home.settings)) as store:
        late = a_step(task_id="one", step_number=3, trace_id="c" * 32, span_id="d" * 16)
        store.write(Batch(steps=[late]))
    for _ in ("step 4", "step 3"):  # to mend one says that the task is not that old
        home.run(f"UPDATE tasks SET {OLD}")
        home.look(repair=True)
    out = command(*shown).out
    assert [out.count(f"steps that are missing here: {count}") for count in (1, 2)] == [1, 0]
    home.run(f"UPDATE tasks SET {OLD}")
    assert home.look() == []


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


def spoil(file: Path, name: str, *, at: int = 3) -> None:
    """Make a page of a table or an index unreadable: its root, or the one behind that."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)
        ).fetchone()
    with file.open("r+b") as content:
        content.seek((page - 1) * 4096 + at)
        content.write(b"\xff" * 8)


@pytest.mark.parametrize(
    ("what", "saved"),
    [
        ("tasks_created_at", "2 tasks, 4 steps, 4 rows of pictures"),
        ("step_screenshots", "2 tasks, 4 steps, 0 rows of pictures"),
        ("the header", "0 tasks, 0 steps"),
    ],
)
def test_what_can_be_read_of_a_damaged_file_is_saved(home: Home, what: str, saved: str) -> None:
    """The damaged one stays beside it, and its pictures stay until that goes."""
    file = home.settings.dir / "steps.db"
    if what == "the header":
        file.write_bytes(b"\0" * 4096 + file.read_bytes()[4096:])
    else:
        spoil(file, what)
    damaged = file.read_bytes()
    options = ("--dir", home.settings.dir, "--json")

    told, again = command("fsck", *options), command("doctor", *options)
    assert (told.status, again.status) == (1, 1)
    assert [each["kind"] for each in told.json["findings"]] == ["damaged"]
    assert file.read_bytes() == damaged
    first, *_ = command("fsck", "--repair", *options).json["findings"]

    assert (first["kind"], first["is_mended"]) == ("damaged", True)
    assert saved in first["remedy"]
    assert (home.settings.dir / "steps.db.damaged-1").exists()
    assert home.look() == []
    assert len(list((home.settings.dir / "screenshots").rglob("*.json"))) == 2
    record(dir=home.settings.dir)  # and it takes more
    assert command("fsck", *options).status == 0


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_rows_beside_bad_pages_are_saved(tmp_path: Path, is_cut_off: bool) -> None:
    """A page takes its own rows with it, and an end that is missing those in it; this is told."""
    settings = resolve({}, dir=tmp_path)
    with closing(open_store(settings=settings)) as store:
        steps = [a_step(n, thinking=f"{n:03}" * 300) for n in range(1, 301)]
        store.write(Batch(tasks=[a_task(status="completed")], steps=steps))
    file = tmp_path / "steps.db"
    content = file.read_bytes()
    if is_cut_off:
        os.truncate(file, content.index(b"250" * 300) // 4096 * 4096)
    else:
        with file.open("r+b") as opened:
            opened.seek(content.index(b"100" * 300) // 4096 * 4096)
            opened.write(b"\xff" * 16)

    (found, *_) = command("fsck", "--repair", "--dir", tmp_path, "--json").json["findings"]

    with closing(open_store(settings=settings)) as store:
        left = store.count_steps("t1")
        assert (200 if is_cut_off else 290) < left < 300
        assert f"{left} steps" in found["remedy"]
        assert f"lost: {300 - left} steps" in found["remedy"]
        assert store.recount() == ([], "t1")


def test_who_has_the_damaged_file_open_goes_on_in_the_mended_one(home: Home) -> None:
    """An agent that records into it, and a viewer that reads: nothing goes to the damaged one."""
    file = home.settings.dir / "steps.db"
    with closing(open_store(settings=home.settings)) as agent:
        agent.write(Batch(steps=[a_step(8, "one")]))
        with closing(sqlite3.connect(file)) as connection:
            # As the disk would: behind the back of SQLite.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        spoil(file, "task_spans")
        assert command("fsck", "--repair", "--dir", home.settings.dir).status == 0

        agent.write(Batch(steps=[a_step(9, "one")]))

        assert agent.count_steps("one") == 4
        with closing(open_store(settings=home.settings)) as other:
            assert other.count_steps("one") == 4
        assert home.look() == []


def test_doctor_calls_nothing_ok_that_it_does_not_look_at(home: Home) -> None:
    """What is cheap it finds itself; for the rest it names the command."""
    options = ("--dir", home.settings.dir, "--json")

    def content() -> tuple[str, str]:
        checks = command("doctor", *options).json["checks"]
        (found,) = [each for each in checks if each["name"] == "content"]
        return found["status"], found["message"]

    assert content()[0] == "info"
    assert "otel-steps fsck" in content()[1]
    home.run(SQLITE["totals"])
    assert content()[0] == "fail"


def test_a_pack_is_looked_at_and_never_changed(home: Home, tmp_path: Path) -> None:
    """By both commands."""
    pack = tmp_path / "run.osz"
    assert command("pack", "one", "-o", pack, "--dir", home.settings.dir).status == 0
    content = pack.read_bytes()

    doctor = command("doctor", "--store", pack, "--json")

    (store,) = [each for each in doctor.json["checks"] if each["name"] == "store"]
    assert (store["status"], store["message"]) == ("ok", "the pack can be read: 1 task, 2 steps")
    assert command("fsck", "--store", pack).status == 0
    assert command("fsck", "--store", pack, "--repair").status == 2
    assert pack.read_bytes() == content
