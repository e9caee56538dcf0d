"""All that is ours in a schema of its own, beside tables that use our names for something else."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import psycopg
import pytest

from otel_steps.config import Settings, resolve
from otel_steps.migrations import runner
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, StoreOnHold, TaskQuery, open_database
from tests.archiving_contract import ArchivingContract
from tests.commands import command
from tests.removal_contract import RemovalContract
from tests.store_contract import StoreContract, a_screenshot, a_span, a_step, a_task
from tests.supabase.databases import as_role, rows, run, supabase_roles
from tests.supabase.postgres import Postgres
from tests.supabase.stack import SupabaseStack
from tests.test_migrations import catalog
from tests.view_contract import ViewContract

pytest_plugins = ["tests.supabase.fixtures"]

OTHERS = "CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT); CREATE TABLE task_steps (n INT)"
# A word of SQL's own: it has to be quoted wherever it stands.
SCHEMA = "user"


@pytest.fixture(scope="module")
def migrated(postgres_server: Postgres) -> Iterator[str]:
    """Give the URL of a database in which `tasks` is somebody else's."""
    with postgres_server.empty_database() as url:
        run(url, OTHERS)
        runner.apply(url, schema=SCHEMA)
        yield url


@pytest.fixture
def store(migrated: str) -> Iterator[Store]:
    """Open an empty store in the schema."""
    run(migrated, f'TRUNCATE "{SCHEMA}".tasks, "{SCHEMA}".task_steps, "{SCHEMA}".task_spans')
    run(migrated, f'TRUNCATE "{SCHEMA}".step_screenshots, "{SCHEMA}".otel_steps_span_pictures')
    store = open_database(settings=resolve({}, store=migrated, schema=SCHEMA))
    yield store
    store.close()


class TestStoreInItsSchema(StoreContract):
    """What every store promises holds in a schema of any name."""


@pytest.mark.full
class TestArchivingInItsSchema(ArchivingContract):
    """In a schema of its own a store archives as every store does."""


@pytest.mark.full
class TestRemovalInItsSchema(RemovalContract):
    """Also when tasks are to go."""

    @pytest.fixture(autouse=True)
    def _database(self, migrated: str) -> None:
        self.url = migrated

    def spoil_totals(self, store: Store, task_ids: Sequence[str]) -> None:
        """Make the totals of tasks wrong."""
        names = ", ".join(f"'{task_id}'" for task_id in task_ids)
        run(self.url, f'UPDATE "{SCHEMA}".tasks SET total_steps = 7 WHERE task_id IN ({names})')


@pytest.mark.full
class TestViewsInTheirSchema(ViewContract):
    """So does what a viewer asks."""


def test_nothing_of_ours_is_elsewhere(database: str) -> None:
    """Tables, functions, indexes and the note of what was applied are all in the schema."""
    run(database, OTHERS)
    before = catalog(database)

    runner.apply(database, schema="otel_steps")

    ours = set(catalog(database)) - set(before)
    stray = [row for row in ours if "otel_steps." not in row and "public" in row]
    assert stray == []
    assert set(before) <= set(catalog(database))
    assert rows(database, "SELECT to_regnamespace('supabase_migrations')") == [(None,)]
    versions = [(each.version,) for each in runner.migrations()]
    history = "SELECT version FROM otel_steps.otel_steps_migrations ORDER BY 1"
    assert rows(database, history) == versions


def test_two_schemas_know_nothing_of_each_other(database: str) -> None:
    """What was applied to one is pending in the other."""
    runner.apply(database, schema="one")

    assert len(runner.plan(database).migrations) == len(runner.migrations())
    runner.apply(database)
    assert runner.plan(database, schema="one").migrations == []
    stores = [
        open_database(settings=resolve({}, store=database, schema=schema))
        for schema in ("one", "public")
    ]
    stores[0].write(Batch(tasks=[a_task()]))
    assert [len(store.tasks()) for store in stores] == [1, 0]
    for store in stores:
        store.close()


def test_the_printed_script_is_for_the_schema(database: str) -> None:
    """What an editor runs is what the runner does, with the same limits on waiting."""
    run(database, OTHERS)
    done = command("migrate", "--print", "--schema", "otel_steps")

    assert done.out == runner.sql("otel_steps")
    assert not re.search(r"\bpublic\.|'public'", done.out)
    for part in ("lock_timeout = '10s'", "statement_timeout = 0", "pg_advisory_xact_lock"):
        assert part in done.out.partition("DO $$")[0]
        assert part in runner.sql().partition("DO $$")[0]
    run(database, done.out)
    assert runner.plan(database, schema="otel_steps") == runner.Plan([], [], [])


def test_a_settings_schema_is_that_of_the_commands(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OTEL_STEPS_SCHEMA leads `migrate`, `doctor` and the store to the same place."""
    run(database, OTHERS)
    monkeypatch.setenv("OTEL_STEPS_STORE", database)
    monkeypatch.setenv("OTEL_STEPS_SCHEMA", "otel_steps")

    assert command("migrate").status == 0

    done = command("doctor", "--json")
    checks = {check["name"]: check for check in done.json["checks"]}
    assert checks["store"]["status"] == checks["tables"]["status"] == "ok"
    assert "otel_steps" in checks["tables"]["message"]


@pytest.mark.parametrize(
    "name", ["Otel", "a.b", 'a"b', "a'b", "pg_x", "information_schema", "a b", "a" * 64, "1a"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """Before anything is connected to."""
    done = command("migrate", "--print", "--schema", name)

    assert (done.status, done.out) == (2, "")
    assert "schema" in done.err


def test_a_schema_without_tables_says_what_to_run(database: str) -> None:
    """A store whose schema nobody has migrated is on hold."""
    with pytest.raises(StoreOnHold) as held:
        open_database(settings=resolve({}, store=database, schema="nowhere"))

    assert "otel-steps migrate" in held.value.remedy


def test_the_service_may_use_the_schema_and_the_public_may_not(database: str) -> None:
    """The migration grants what a new schema needs, and no more."""
    with supabase_roles(database):
        runner.apply(database, schema="otel_steps")
        service = as_role(database, "service_role")
        store = open_database(settings=resolve({}, store=service, schema="otel_steps"))
        store.write(Batch(tasks=[a_task()]))
        store.close()
        for role in ("anon", "authenticated"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rows(as_role(database, role), "SELECT * FROM otel_steps.tasks")


@pytest.fixture
def project(supabase_stack: SupabaseStack) -> Settings:
    """Return the settings that name a project, whose API shows the schema."""
    return resolve(
        {},
        supabase_url=supabase_stack.url,
        supabase_key=supabase_stack.secret_key,
        schema="otel_steps",
    )


def test_supabase_writes_and_reads_in_the_schema(
    supabase_stack: SupabaseStack, project: Settings
) -> None:
    """Every question goes there: by functions, of tables, and for what lies in the bucket."""
    store = open_database(settings=project)
    step = a_step()
    shot = a_screenshot(step)
    store.write(Batch(tasks=[a_task()], steps=[step], screenshots=[shot], spans=[a_span(7, 1)]))
    store.attach([step], [shot])

    assert (len(store.tasks()), len(store.steps("t1")), store.count_steps("t1")) == (1, 1, 1)
    assert store.find_tasks(TaskQuery()).total == 1
    assert store.index("t1") is not None
    assert len(store.spans("t1")) == 1
    assert store.statistics()["screenshots"] == 1
    assert store.faults() == []  # type: ignore[attr-defined]
    store.close()
    assert rows(supabase_stack.dsn, "SELECT count(*) FROM public.tasks") == [(0,)]
    assert rows(supabase_stack.dsn, "SELECT count(*) FROM otel_steps.tasks") == [(1,)]


def test_a_schema_that_the_api_does_not_show_is_told(project: Settings) -> None:
    """The remedy names the place in the dashboard."""
    with pytest.raises(StoreOnHold, match="PGRST106") as held:
        open_database(settings=replace(project, schema="elsewhere"))

    assert "exposed schemas" in held.value.remedy
