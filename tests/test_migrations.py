"""Migrations: every database gets the same tables, keeps its rows, and is never left half-way."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from otel_steps.migrations import runner
from otel_steps.migrations.files import LOCK
from otel_steps.rows.flags import flags_of
from otel_steps.rows.model import Batch
from otel_steps.rows.tables import COLUMNS, TABLES
from otel_steps.stores import Store, StoreOnHold, StoreUnavailable, TaskQuery, open_store
from otel_steps.stores.shared.ingest import SCHEMA_VERSION
from otel_steps.stores.shared.state import FUNCTIONS
from tests.commands import command
from tests.patience import PATIENCE_S
from tests.store_contract import a_screenshot, a_span, a_step, a_task, at
from tests.supabase.databases import as_role, rows, run

pytest_plugins = ["tests.supabase.fixtures"]

_NAMES = [str(each) for each in runner.migrations()]


def content(url: str) -> dict[str, Any]:
    """Return all that a migration may change: columns, indexes, rules, functions, rows, rights."""
    questions = {
        "columns": """
            SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
            FROM information_schema.columns
            WHERE table_schema IN ('public', 'supabase_migrations')
        """,
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "rules": "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "functions": "SELECT proname, proacl::text, md5(prosrc) FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace",
        "rights": "SELECT relname, relacl::text, relrowsecurity FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace",
        **{
            # With the transaction that wrote it: untouched is more than equal.
            table: f"SELECT xmin::text, to_jsonb(r) FROM public.{table} AS r"
            for table in COLUMNS
        },
        "history": "SELECT version, name FROM supabase_migrations.schema_migrations",
    }
    return {name: sorted(map(str, rows(url, sql))) for name, sql in questions.items()}


def catalog(url: str, schema: str | None = None) -> list[str]:
    """Return all that there is in a database, or in a schema of it, but the rows."""
    system = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    here = system if schema is None else f"= '{schema}'"
    questions = (
        f"SELECT nspname, nspacl FROM pg_namespace WHERE nspname {here}",
        "SELECT oid::regclass, relkind, relacl, relrowsecurity FROM pg_class "
        f"WHERE relnamespace::regnamespace::text {here}",
        "SELECT attrelid::regclass, attname, atttypid::regtype, atttypmod, attnotnull "
        "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE attnum > 0 "
        f"AND NOT attisdropped AND relnamespace::regnamespace::text {here}",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE connamespace::regnamespace::text {here}",
        "SELECT oid::regprocedure, proacl, prosrc FROM pg_proc "
        f"WHERE pronamespace::regnamespace::text {here}",
        "SELECT indexrelid, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class "
        f"ON pg_class.oid = indexrelid WHERE relnamespace::regnamespace::text {here}",
        f"SELECT typname FROM pg_type WHERE typnamespace::regnamespace::text {here}",
        "SELECT polname, polrelid::regclass FROM pg_policy",
    )
    return sorted(str(row) for question in questions for row in rows(url, question))


def test_files_are_named_as_the_supabase_cli_expects() -> None:
    """A file is `<14 digits>_<name>.sql`, and can be part of a transaction."""
    for migration in runner.migrations():
        assert re.fullmatch(r"\d{14}_otel_steps_[a-z_]+", str(migration))
        code = re.sub(r"--.*", "", migration.sql)
        assert not re.search(r"\b(CONCURRENTLY|COMMIT|ROLLBACK|VACUUM)\b", code, re.IGNORECASE)
        assert not re.search(r"^\s*BEGIN;", code, re.IGNORECASE | re.MULTILINE)


def test_a_function_has_a_file_to_itself() -> None:
    """To change a function is to edit one file, which makes it anew, whole."""
    made = {m.name: re.findall(r"FUNCTION public\.(\w+)", m.sql) for m in runner.migrations()}
    functions = {name for name, found in made.items() if name in found}

    assert all(len(found) <= 1 for found in made.values())
    assert {name for found in made.values() for name in found} == functions
    # Rights are given to all functions that there are.
    assert _NAMES[-1].endswith("_rights")


def test_a_database_knows_the_names_of_all_functions(database: str) -> None:
    """The guard, `doctor` and the migrations speak of the same functions."""
    runner.apply(database)
    (state,) = rows(database, "SELECT otel_steps_state() -> 'functions'")
    guard = next(m.sql for m in runner.migrations() if m.name == "otel_steps_guard")

    assert sorted(state[0]) == sorted(FUNCTIONS)
    assert set(re.findall(r"'(otel_steps_\w+)'", guard)) == {
        name.partition("(")[0] for name in FUNCTIONS
    }


def test_an_empty_database_gets_the_tables_of_the_rows(database: str) -> None:
    """Columns and their kinds are those that the stores write and read."""
    applied = runner.apply(database)

    assert [str(each) for each in applied] == _NAMES
    columns = rows(
        database,
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        # What is searched is made from the rows, by the database alone.
        "WHERE table_schema = 'public' AND table_name NOT LIKE 'otel_steps_%'",
    )
    assert sorted(columns) == sorted(
        (name, column, what.kind.postgres)
        for name, table in TABLES.items()
        for column, what in table.columns.items()
    )
    assert rows(database, "SELECT public.otel_steps_schema_version()") == [(SCHEMA_VERSION,)]


def test_the_history_is_that_of_the_supabase_cli(database: str) -> None:
    """Version, name and statements stand where the CLI looks for them."""
    runner.apply(database)

    history = rows(database, "SELECT * FROM supabase_migrations.schema_migrations ORDER BY version")

    assert history == [(m.version, [m.sql], m.name) for m in runner.migrations()]


@pytest.mark.parametrize("kind", ["database", "former"])
def test_a_second_run_changes_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    """Neither by the runner nor, with every statement run again, in an editor."""
    url: str = request.getfixturevalue(kind)
    runner.apply(url, lets_go=True)
    with_rows(url)
    before = content(url)

    assert runner.apply(url) == []
    assert content(url) == before
    run(url, runner.sql())
    assert content(url) == before


def with_rows(url: str) -> None:
    """Store one row of each kind."""
    store = open_store(url)
    step = a_step()
    store.write(
        Batch(
            tasks=[a_task()], steps=[step], screenshots=[a_screenshot(step)], spans=[a_span(7, 1)]
        )
    )
    store.close()


def test_the_printed_script_is_all_there_is_to_apply(database: str) -> None:
    """What an editor runs, the runner and the CLI know of."""
    run(database, runner.sql())

    assert runner.apply(database) == []
    with_rows(database)


def test_a_plan_leaves_no_trace(database: str) -> None:
    """It tells what would be applied and applies nothing."""
    would = runner.plan(database)

    assert [str(each) for each in would.migrations] == _NAMES
    assert rows(database, "SELECT to_regclass('public.tasks')") == [(None,)]
    assert rows(database, "SELECT to_regnamespace('supabase_migrations')") == [(None,)]


def test_progress_counts_what_is_pending(database: str) -> None:
    """After each migration the caller hears which one of how many it was."""
    heard: list[tuple[str, int, int]] = []

    runner.apply(database, progress=lambda m, number, count: heard.append((str(m), number, count)))

    assert heard == [(name, number, len(_NAMES)) for number, name in enumerate(_NAMES, 1)]


def test_two_at_once_take_turns(former: str) -> None:
    """Every migration is applied once, and neither run fails."""
    start = threading.Barrier(3)

    def migrate() -> list[str]:
        start.wait(PATIENCE_S)
        return [str(each) for each in runner.apply(former, lets_go=True)]

    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(migrate) for _ in range(3)]
        applied = [name for each in runs for name in each.result(30)]

    assert sorted(applied) == _NAMES


def test_a_run_waits_for_another_as_long_as_it_takes(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit on waiting is for tables that others use, not for the turn."""
    monkeypatch.setattr(runner, "LIMITS", "SET LOCAL lock_timeout = '50ms'")
    with ThreadPoolExecutor() as pool, psycopg.connect(database) as first:
        first.execute(LOCK)
        second = pool.submit(runner.apply, database)
        wait_for_lock(database)
        first.execute("SELECT pg_sleep(0.2)")
        first.rollback()

        assert [str(each) for each in second.result(60)] == _NAMES


def test_a_killed_run_leaves_nothing_half(former: str) -> None:
    """What a migration had done when its run was killed is gone, and the next run is whole."""
    code = (
        "import sys; from otel_steps.migrations.runner import *; apply(sys.argv[1], lets_go=True)"
    )
    with psycopg.connect(former) as in_the_way:
        # Rules of `tasks` are gone by then, and those of this table are next.
        in_the_way.execute("LOCK TABLE step_screenshots IN ACCESS SHARE MODE")
        child = subprocess.Popen([sys.executable, "-c", code, former])
        wait_for_lock(former)
        child.kill()
        child.wait(PATIENCE_S)

    wait_for_rollback(former)
    columns = "SELECT 1 FROM information_schema.columns WHERE column_name = 'trace_id'"
    assert rows(former, columns) == []
    assert rows(former, "SELECT to_regnamespace('supabase_migrations')") == [(None,)]
    assert [str(each) for each in runner.apply(former, lets_go=True)] == _NAMES


def wait_for_lock(url: str) -> None:
    """Wait until somebody waits for a lock."""
    wait_until(url, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")


def wait_for_rollback(url: str) -> None:
    """Wait until nobody else is connected."""
    wait_until(
        url,
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()",
    )


def wait_until(url: str, question: str) -> None:
    for _ in range(500):
        if rows(url, question) == [(True,)]:
            return
        threading.Event().wait(0.02)
    raise AssertionError(question)


@pytest.fixture
def migrated_former(former: str) -> Iterator[tuple[str, Store]]:
    """Give a database with rows of a former tracker, migrated, and the store in it."""
    runner.apply(former, lets_go=True)
    store = open_store(former)
    yield former, store
    store.close()


def test_former_rows_are_kept(former: str) -> None:
    """No value of a row that was there before is lost or changed, but for empty totals."""
    tables = {
        "tasks": "task_id, session_id, user_id, thread_id, script_id, task_description, status, "
        "created_at, end_time, result, error_message, config",
        "task_steps": "id, task_id, step_number, step_type, step_data, thinking, action_result, "
        "screenshot_path, duration_ms, success, error_message, created_at, agent_version",
        "step_screenshots": "id, task_id, step_id, screenshot_path, file_size, file_hash, "
        "compressed, metadata, created_at",
    }
    questions = [f"SELECT {names} FROM {table} ORDER BY 1" for table, names in tables.items()]
    before = [rows(former, question) for question in questions]

    runner.apply(former, lets_go=True)

    assert [rows(former, question) for question in questions] == before


def test_former_rows_are_readable(migrated_former: tuple[str, Store]) -> None:
    """Old tasks and steps have what reports show: status, times and totals."""
    _, store = migrated_former

    assert [task["task_id"] for task in store.tasks()] == ["bare", "uncounted", "counted"]
    tasks = {task["task_id"]: task for task in store.tasks()}
    assert tasks["counted"]["total_steps"] == 9  # its writer has counted
    assert tasks["counted"]["started_at"] == "2026-01-02T03:04:05.000000+00:00"
    uncounted = tasks["uncounted"]
    names = ("total_steps", "successful_steps", "failed_steps", "total_duration_ms")
    assert [uncounted[name] for name in names] == [2, 1, 1, 500]
    assert uncounted["has_detailed_steps"] is True
    good, bad = store.steps("uncounted")
    assert (good["status"], bad["status"]) == ("completed", "failed")
    assert good["started_at"] == good["created_at"] == "2026-01-02T04:00:01.000000+00:00"
    assert good["ended_at"] == "2026-01-02T04:00:01.500000+00:00"
    assert store.spans("uncounted") == []
    report = store.report("counted")
    assert report is not None
    assert (len(report["steps"]), len(report["screenshots"])) == (1, 1)


def test_former_rows_can_be_viewed(migrated_former: tuple[str, Store]) -> None:
    """Lists, search and the index of old rows have what there is of it, and nothing raises."""
    _, store = migrated_former

    page = store.find_tasks(TaskQuery(text="打开"))
    assert ([task["task_id"] for task in page.tasks], page.hits) == (["uncounted"], {})
    assert store.find_tasks(TaskQuery(text="such app")).hits == {"uncounted": 2}
    index = store.index("uncounted")
    assert index is not None
    assert (index["action"], index["success"]) == (["Tap", None], [True, False])
    assert index["start_ms"] == [0.0, 1000.0]
    assert flags_of(index) == [[], []]
    old = store.index("counted")
    assert old is not None
    assert (old["picture"], old["phash"], old["black"]) == ([None], [None], [None])
    shown = store.step("counted", old["id"][0])
    assert shown is not None
    assert shown["screenshot"]["file_hash"] == "abc"
    assert store.spans("counted", old["id"][0]) == []
    assert store.facets()["apps"] == []
    assert "session_id" not in page.tasks[0]


def test_steps_without_a_task_get_one(database: str) -> None:
    """Former steps whose task nobody has stored are listed all the same."""
    run(
        database,
        """
        CREATE TABLE task_steps (id UUID PRIMARY KEY, task_id TEXT NOT NULL,
            step_number INTEGER NOT NULL, step_type TEXT NOT NULL, step_data JSONB NOT NULL,
            duration_ms INTEGER, success BOOLEAN, created_at TIMESTAMPTZ);
        INSERT INTO task_steps VALUES (gen_random_uuid(), 'alone', 1, 'action', '{}', 7, true, NULL)
        """,
    )
    runner.apply(database)
    store = open_store(database)

    (task,) = store.tasks()
    store.close()
    assert (task["task_id"], task["status"], task["total_steps"]) == ("alone", None, 1)


def test_the_former_writer_goes_on(migrated_former: tuple[str, Store]) -> None:
    """Its own statements still work, and ours beside them."""
    url, store = migrated_former
    run(
        url,
        """
        INSERT INTO tasks (task_id, session_id, task_description, status, created_at)
        VALUES ('later', 's1', 'more', 'running', '2026-03-01 00:00:00+00');
        INSERT INTO task_steps (id, task_id, step_number, step_type, step_data, success)
        VALUES ('00000000-0000-4000-8000-0000000000ff', 'later', 1, 'action', '{}', true);
        INSERT INTO step_screenshots (task_id, step_id, screenshot_path, file_hash)
        VALUES ('later', '00000000-0000-4000-8000-0000000000ff', 'screenshots/1.png', 'abc');
        UPDATE tasks SET status = 'completed', end_time = NOW(), total_steps = 1
        WHERE task_id = 'later'
        """,
    )
    step = a_step(1, "later", started_at=at(9))
    picture = a_screenshot(step, screenshot_path="screenshots/1.png", file_hash="abc")
    store.write(
        Batch(
            tasks=[a_task("later", status="max_steps")],  # no word of the former vocabulary
            steps=[step, a_step(2, "nobody's", step_number=0)],
            screenshots=[picture, replace(picture, id=step.id)],
        )
    )

    joined = rows(
        url,
        "SELECT t.session_id, count(*) FROM tasks t JOIN task_steps s USING (task_id) "
        "JOIN step_screenshots USING (task_id) WHERE task_id = 'later' GROUP BY 1",
    )
    assert joined == [("s1", 6)]
    later = store.task("later")
    assert later is not None
    assert (later["status"], later["total_steps"]) == ("max_steps", 2)
    assert store.count_steps("nobody's") == 1


_PROBES = [
    *(f"SELECT * FROM public.{table}" for table in COLUMNS),
    *(f"INSERT INTO public.{table} DEFAULT VALUES" for table in COLUMNS),
    *(f"DELETE FROM public.{table}" for table in COLUMNS),
    "UPDATE public.tasks SET notes = 'x'",
]
# A call of each function that there is, whatever its arguments.
_CALLS = """
    SELECT format('SELECT public.%I(%s)', proname, array_to_string(ARRAY(
        SELECT 'NULL::' || argument::regtype FROM unnest(proargtypes) AS argument
    ), ', '))
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_the_public_can_do_nothing(roles: str, role: str) -> None:
    """The publishable key and those who signed in reach no table and no function."""
    # As an old project has it: everything new is everybody's.
    run(
        roles,
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated;"
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO anon, authenticated",
    )
    runner.apply(roles)
    calls = [call for (call,) in rows(roles, _CALLS)]
    assert len(calls) > 10

    with psycopg.connect(as_role(roles, role), autocommit=True) as connection:
        for probe in (*_PROBES, *calls):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(probe.encode())


@pytest.fixture(name="readers")
def _readers(roles: str) -> str:
    """A database that lets people read the tasks of their projects, with tasks of two."""
    runner.apply(roles, extras=[runner.optional()["project-readers"]])
    with closing(open_store(as_role(roles, "service_role"))) as store:
        tasks = [a_task(name, project=name, created_at=at(1)) for name in ("shop", "bank")]
        other = a_task("nobody", created_at=at(1))
        steps = [a_step(number, task.task_id) for number, task in enumerate((*tasks, other))]
        store.write(Batch(tasks=[*tasks, other], steps=steps))
    return roles


@pytest.mark.parametrize(
    ("projects", "seen"),
    [
        (["shop"], ["shop"]),
        (["shop", "bank", "none"], ["bank", "shop"]),
        ("bank", ["bank"]),
        ([], []),
        ([None, 1, {"a": "shop"}], []),
        (None, []),
    ],
)
def test_people_read_the_tasks_of_their_projects(
    readers: str, projects: Any, seen: list[str]
) -> None:
    """Those that their token names where only the service writes, not where people do."""
    claims = {
        "app_metadata": {"otel_steps_projects": projects},
        "user_metadata": {"otel_steps_projects": ["shop", "bank"]},
    }
    with psycopg.connect(as_role(readers, "authenticated"), autocommit=True) as connection:
        connection.execute(
            "SELECT set_config('request.jwt.claims', %s, false)", [json.dumps(claims)]
        )
        for table in ("tasks", "task_steps"):
            question = f"SELECT DISTINCT task_id FROM public.{table} ORDER BY task_id"
            assert [name for (name,) in connection.execute(question.encode())] == seen

        for change in ("DELETE FROM public.tasks", "UPDATE public.task_steps SET success = true"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change.encode())


def test_who_has_no_token_reads_no_project(readers: str) -> None:
    """Neither do those who have not signed in, and the service goes on to read all."""
    with psycopg.connect(as_role(readers, "authenticated"), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM public.tasks").fetchone() == (0,)
    with (
        psycopg.connect(as_role(readers, "anon"), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT count(*) FROM public.tasks")
    with closing(open_store(as_role(readers, "service_role"))) as store:
        assert len(store.tasks(limit=10)) == 3


def test_the_service_can_do_all_that_a_store_does(roles: str) -> None:
    """The secret key's role writes and reads through the same functions and tables."""
    runner.apply(roles)
    url = as_role(roles, "service_role")

    with_rows(url)

    store = open_store(url)
    assert (len(store.steps("t1")), len(store.screenshots("t1"))) == (1, 1)
    store.close()
    unguarded = rows(
        roles,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind = 'r' AND NOT relrowsecurity",
    )
    assert unguarded == []
    paths = rows(
        roles,
        "SELECT DISTINCT proconfig::text, prosecdef FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace",
    )
    assert paths == [('{"search_path=\\"\\""}', False)]


def test_the_bucket_is_private_and_limited(database: str) -> None:
    """Where there is a Storage, the bucket is made; a public one of its name is closed."""
    run(
        database,
        """
        CREATE SCHEMA storage;
        CREATE TABLE storage.buckets (id TEXT PRIMARY KEY, name TEXT, public BOOLEAN,
            file_size_limit BIGINT, allowed_mime_types TEXT[]);
        """,
    )
    runner.apply(database)
    kinds = ["image/png", "image/jpeg", "image/webp", "application/json"]

    bucket = [("otel-steps", "otel-steps", False, 20 * 2**20, kinds)]
    assert rows(database, "SELECT * FROM storage.buckets") == bucket
    run(database, "UPDATE storage.buckets SET public = true, file_size_limit = 5")
    run(database, runner.sql())
    assert rows(database, "SELECT public, file_size_limit FROM storage.buckets") == [(False, 5)]


def test_a_migration_that_fails_takes_all_others_with_it(roles: str) -> None:
    """The message names migration, database and reason; nothing at all is applied."""
    # One of ours as far as anybody can tell, but it answers with another type.
    run(
        roles,
        "CREATE FUNCTION otel_steps_count_steps(task TEXT) RETURNS TEXT "
        "LANGUAGE sql SET search_path = '' AS 'SELECT 1::TEXT'",
    )
    before = catalog(roles)

    with pytest.raises(StoreOnHold, match=r"otel_steps_count_steps failed.*return type") as held:
        runner.apply(roles)

    assert "otel-steps migrate" in held.value.remedy
    assert catalog(roles) == before


def test_a_role_without_the_right_hears_whom_to_be(roles: str) -> None:
    """Who may not create tables is told who may."""
    with pytest.raises(StoreOnHold, match="42501") as held:
        runner.apply(as_role(roles, "anon"))

    assert "owner" in held.value.remedy


def test_a_busy_table_is_no_reason_to_give_up(former: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that somebody holds too long ends the run with a word to try again."""
    monkeypatch.setattr(runner, "LIMITS", "SET LOCAL lock_timeout = '50ms'")
    with psycopg.connect(former) as in_the_way:
        in_the_way.execute("LOCK TABLE step_screenshots")

        with pytest.raises(StoreUnavailable, match="55P03"):
            runner.apply(former, lets_go=True)

    assert [str(each) for each in runner.apply(former, lets_go=True)] == _NAMES


def test_a_server_that_goes_away_is_named(database: str) -> None:
    """A connection that breaks half-way is told as such."""

    def cut(migration: runner.Migration, number: int, count: int) -> None:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        rows(database, f"SELECT pg_terminate_backend(pid) {others} pg_backend_pid()")

    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1"):
        runner.apply(database, progress=cut)

    assert [str(each) for each in runner.apply(database)] == _NAMES


def test_an_installation_without_migrations_says_so(tmp_path: Path) -> None:
    """A broken installation is told from a database that needs nothing."""
    with pytest.raises(StoreOnHold, match="missing"):
        runner.migrations([tmp_path, tmp_path / "nothing"])


def test_migrations_of_the_wheel_come_first(tmp_path: Path) -> None:
    """The folder inside the package wins over one that happens to lie beside it."""
    for name in ("_migrations", "migrations"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"20200101000000_{name.strip('_')}_{len(name)}.sql").write_text("--")

    found = runner.migrations([tmp_path / "_migrations", tmp_path / "migrations"])

    assert [str(each) for each in found] == ["20200101000000_migrations_11"]


def test_command_applies_and_tells(database: str) -> None:
    """`migrate` names what it has applied; a second time there is nothing to do."""
    would = command("migrate", "--db-url", database, "--dry-run")
    first = command("migrate", "--db-url", database)
    again = command("migrate", "--db-url", database)

    assert would.out.splitlines() == [f"would apply {name}" for name in _NAMES]
    assert first.out.splitlines() == [f"applied {name}" for name in _NAMES]
    assert again.out.startswith("nothing to do")
    assert (first.status, again.status, first.err) == (0, 0, "")


def test_command_migrates_the_store_of_the_settings(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a URL it is the store's own database; scripts get JSON."""
    monkeypatch.setenv("OTEL_STEPS_STORE", database)

    done = command("migrate", "--json")

    assert done.json == {"dry_run": False, "migrations": _NAMES, "dropped": [], "faults": []}


def test_command_without_a_database_is_one_line() -> None:
    """A store that is no PostgreSQL database is a mistake of the caller's."""
    done = command("migrate")

    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert "--print" in done.err
    given = command("migrate", "--db-url", "mysql://me:hunter2@h/d")
    assert given.status == 2
    assert "hunter2" not in given.err


def test_command_prints_the_script() -> None:
    """`--print` needs no database and prints nothing but SQL."""
    done = command("migrate", "--print")

    assert (done.status, done.out) == (0, runner.sql())


def test_old_tasks_show_up_in_the_commands(former: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tasks` and `report` show what was there before."""
    monkeypatch.setenv("OTEL_STEPS_STORE", former)
    assert command("migrate", "--yes").status == 0

    listed, report = command("tasks"), command("report", "uncounted")

    for description in ("open the camera", "打开相机", "nothing happened"):
        assert description in listed.out
    assert (listed.status, report.status) == (0, 0)
    assert "no such app" in report.out
