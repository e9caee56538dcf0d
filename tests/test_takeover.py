"""What was in a database before `migrate`: what is not ours stays as it is."""

import re
from collections import Counter

import psycopg
import pytest

from otel_steps.config import resolve
from otel_steps.migrations import runner
from otel_steps.rows.model import Batch
from otel_steps.stores import StoreOnHold, open_store
from tests.commands import command
from tests.store_contract import a_task
from tests.supabase.databases import FORMER, as_role, rows, run
from tests.test_migrations import _NAMES, catalog, with_rows

pytest_plugins = ["tests.supabase.fixtures"]

_NINE = (
    "task_id TEXT {key}, task_description TEXT, status TEXT, created_at TIMESTAMPTZ, "
    "last_activity TIMESTAMPTZ, end_time TIMESTAMPTZ, result TEXT, error_message TEXT, "
    "config {json}"
)

# What somebody else has -> what the refusal calls it.
FOREIGN = {
    """
    CREATE TABLE tasks (id BIGSERIAL PRIMARY KEY, user_id UUID NOT NULL, title TEXT NOT NULL
        CHECK (length(title) > 0), status TEXT NOT NULL CHECK (status IN ('open', 'done')));
    INSERT INTO tasks (user_id, title, status) VALUES (gen_random_uuid(), 'milk', 'open')
    """: "public.tasks is a table of somebody else, without .*task_id",
    """
    CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
    CREATE FOREIGN TABLE tasks (task_id TEXT, status TEXT) SERVER elsewhere
    """: "public.tasks is a foreign table",
    # As a queue of jobs keeps its results.
    "CREATE TABLE tasks (id SERIAL PRIMARY KEY, task_id VARCHAR(155) UNIQUE, status VARCHAR(50), "
    "result BYTEA, date_done TIMESTAMP, traceback TEXT)": "public.tasks .*without .*created_at",
    f"CREATE TABLE tasks ({_NINE.format(key='PRIMARY KEY', json='TEXT')})": "config of type jsonb",
    f"CREATE TABLE tasks (id INTEGER PRIMARY KEY, {_NINE.format(key='UNIQUE', json='JSONB')})": (
        "whose primary key is not task_id"
    ),
    "CREATE TABLE task_steps (id UUID PRIMARY KEY, task_id UUID, step_number INTEGER, "
    "step_type TEXT, step_data JSONB, success BOOLEAN, duration_ms INTEGER, "
    "created_at TIMESTAMPTZ)": "public.task_steps .*without task_id of type text",
    "CREATE TABLE task_spans (id UUID PRIMARY KEY, task_id TEXT)": "public.task_spans .*trace_id",
    f"CREATE TABLE here ({_NINE.format(key='PRIMARY KEY', json='JSONB')}); "
    "CREATE VIEW tasks AS SELECT * FROM here": "public.tasks is a view",
    "CREATE MATERIALIZED VIEW step_screenshots AS SELECT 1 AS id": "a materialized view",
    f"CREATE TABLE tasks ({_NINE.format(key='PRIMARY KEY', json='JSONB')}) "
    "PARTITION BY HASH (task_id)": "public.tasks is a partitioned table",
    f"CREATE TABLE whole ({_NINE.format(key='PRIMARY KEY', json='JSONB')}) "
    "PARTITION BY HASH (task_id); CREATE TABLE tasks PARTITION OF whole "
    "FOR VALUES WITH (MODULUS 1, REMAINDER 0)": "public.tasks is a partition",
    "CREATE SEQUENCE task_spans": "public.task_spans is a sequence",
    "CREATE TYPE tasks AS ENUM ('open', 'done')": "public.tasks is a type",
    "CREATE TYPE task_steps AS (id INTEGER)": "public.task_steps is a type",
    "CREATE FUNCTION otel_steps_count(touched TEXT[]) RETURNS VOID LANGUAGE sql AS ''": (
        r"public.otel_steps_count\(touched text\[\]\) is a function of somebody else"
    ),
    # Whoever asks for `tasks` there would meet ours from then on.
    """
    CREATE SCHEMA app; CREATE TABLE app.tasks (id INTEGER);
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, app',
        current_database()); END $$
    """: "app.tasks would be hidden",
}


@pytest.mark.parametrize(("there", "refusal"), FOREIGN.items(), ids=range(len(FOREIGN)))
def test_what_is_not_ours_is_refused_and_left_alone(
    database: str, there: str, refusal: str
) -> None:
    """By name and before any change: by the command, in a dry run, and in an editor."""
    run(database, there)
    before = catalog(database)

    for migrate in (runner.plan, runner.apply):
        with pytest.raises(StoreOnHold, match=refusal) as held:
            migrate(database)
        assert "--schema otel_steps" in held.value.remedy
    with pytest.raises(psycopg.Error, match=refusal) as raised:
        run(database, runner.sql(lets_go=True))
    assert "--schema otel_steps" in (raised.value.diag.message_hint or "")
    assert command("migrate", "--db-url", database, "--yes").status == 1
    assert catalog(database) == before

    # The way out.
    runner.apply(database, schema="otel_steps")
    assert set(before) < set(catalog(database))
    assert runner.plan(database, schema="otel_steps").migrations == []


@pytest.mark.parametrize("schema", ["public", "otel_steps"])
def test_an_owner_who_is_no_superuser_may_do_all_of_it(database: str, schema: str) -> None:
    """As on hosted Supabase, where the user `postgres` is none."""
    name = database.rpartition("/")[2]
    run(database, f"CREATE ROLE plain; ALTER DATABASE {name} OWNER TO plain")
    plain = as_role(database, "plain")
    try:
        runner.apply(plain, schema=schema)

        assert runner.plan(plain, schema=schema) == runner.Plan([], [], [])
        store = open_store(settings=resolve({}, store=plain, schema=schema))
        store.write(Batch(tasks=[a_task()]))
        store.close()
        run(database, 'DROP SCHEMA "public" CASCADE; CREATE SCHEMA public AUTHORIZATION plain')
        run(plain, "CREATE TABLE public.tasks (id INTEGER)")
        with pytest.raises(StoreOnHold, match="somebody else"):
            runner.apply(plain)
    finally:
        run(database, f"ALTER DATABASE {name} OWNER TO postgres; DROP OWNED BY plain CASCADE")
        run(database, "DROP ROLE plain")


def test_a_table_that_stays_in_front_is_no_reason(database: str) -> None:
    """Whoever finds another schema's table first goes on finding it."""
    run(
        database,
        "CREATE SCHEMA app; CREATE TABLE app.tasks (id INTEGER); DO $$ BEGIN EXECUTE "
        "format('ALTER DATABASE %I SET search_path = app, public', current_database()); END $$",
    )

    runner.apply(database)

    assert rows(database, "SELECT * FROM tasks") == []
    with_rows(database)


def test_a_function_of_a_similar_name_is_its_owners(roles: str) -> None:
    """It is neither refused nor closed."""
    run(roles, "CREATE FUNCTION otel_steps_mine() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'")

    runner.apply(roles)

    assert rows(as_role(roles, "anon"), "SELECT otel_steps_mine()") == [(1,)]
    assert runner.plan(roles) == runner.Plan([], [], [])


def test_a_table_that_took_the_place_of_ours_is_refused(database: str) -> None:
    """What has been applied once is no proof of what is there now."""
    runner.apply(database)
    run(database, "DROP TABLE tasks; CREATE TABLE tasks (id INTEGER, task_id TEXT, status TEXT)")
    before = catalog(database)

    with pytest.raises(StoreOnHold, match=r"public\.tasks is a table of somebody else"):
        runner.apply(database)

    assert catalog(database) == before


def test_a_tracker_loses_no_rule_unasked(former: str) -> None:
    """Neither by the command nor in an editor; each rule is named, with its definition."""
    before = catalog(former)

    refused = command("migrate", "--db-url", former)
    with pytest.raises(StoreOnHold, match="ON DELETE CASCADE") as held:
        runner.apply(former)
    with pytest.raises(psycopg.Error, match="would lose some of their rules") as raised:
        run(former, runner.sql())

    assert (refused.status, refused.out) == (1, "")
    assert "--yes" in refused.err
    assert "ON DELETE CASCADE" in refused.err
    assert "--yes" in held.value.remedy
    assert "--yes" in (raised.value.diag.message_hint or "")
    assert "ON DELETE CASCADE" in (raised.value.diag.message_detail or "")
    assert catalog(former) == before
    run(former, runner.sql(lets_go=True))
    assert runner.plan(former) == runner.Plan([], [], [])


_RULES = """
    SELECT conname || ' -- ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype <> 'n' AND connamespace = 'public'::regnamespace
    UNION ALL
    SELECT relname || ' -- ' || pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid
    WHERE indisunique AND relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    UNION ALL
    SELECT attname || ' DROP NOT NULL -- NOT NULL'
    FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
    WHERE attnum > 0 AND attnotnull AND relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


def test_a_tracker_loses_what_the_dry_run_says_and_no_more(former: str) -> None:
    """Constraints, unique indexes and NOT NULLs: the list is the whole difference."""
    would = command("migrate", "--db-url", former, "--dry-run", "--json").json["dropped"]
    before = Counter(rows(former, _RULES))

    done = command("migrate", "--db-url", former, "--yes")

    lost = [rule for (rule,) in (before - Counter(rows(former, _RULES))).elements()]
    said = [loss.removeprefix("DROP INDEX public.") for loss in would]
    said = [re.sub(r"^ALTER TABLE \S+ (DROP CONSTRAINT|ALTER COLUMN) ", "", loss) for loss in said]
    assert sorted(lost) == sorted(said)
    assert len(lost) > 10
    assert [f"dropped: {loss}" for loss in would] == [
        line for line in done.out.splitlines() if line.startswith("dropped")
    ]


def test_rules_that_an_owner_adds_to_our_tables_stay(database: str) -> None:
    """To run everything again drops nothing that came later."""
    runner.apply(database)
    run(
        database,
        "ALTER TABLE tasks ADD CHECK (length(task_id) < 900), ALTER COLUMN created_at SET NOT NULL;"
        "CREATE UNIQUE INDEX one_number ON task_steps (task_id, span_id)",
    )
    before = catalog(database)

    run(database, runner.sql(lets_go=True))

    assert catalog(database) == before


def test_grants_and_policies_that_were_there_stay(roles: str) -> None:
    """Who could read the tracker's tables can; only tables that are made are closed."""
    run(roles, FORMER)
    run(
        roles,
        """
        GRANT SELECT, INSERT ON tasks TO anon, authenticated; GRANT SELECT ON task_steps TO PUBLIC;
        ALTER TABLE step_screenshots ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON step_screenshots USING (true);
        GRANT SELECT ON step_screenshots TO anon
        """,
    )
    rights = (
        "SELECT relname, grantee::regrole, privilege_type, relrowsecurity FROM pg_class, "
        "aclexplode(relacl) WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    before = set(rows(roles, rights))

    runner.apply(roles, lets_go=True)

    assert before <= set(rows(roles, rights))
    assert rows(as_role(roles, "anon"), "SELECT count(*) FROM tasks") == [(3,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(as_role(roles, "anon"), "SELECT * FROM task_spans")
    (told, *_) = runner.plan(roles).faults
    assert (told.is_fatal, "may read all rows" in told.message) == (False, True)


def test_what_an_owner_grants_later_stays(roles: str) -> None:
    """A dashboard that may call a function of ours still may when all is run again."""
    runner.apply(roles)
    run(
        roles,
        "GRANT EXECUTE ON FUNCTION otel_steps_facets TO authenticated; "
        "GRANT SELECT ON tasks TO authenticated",
    )
    before = catalog(roles)

    run(roles, runner.sql())

    assert catalog(roles) == before


def test_indexes_are_not_doubled(former: str) -> None:
    """One that the owner has made under another name is as good; a name may be taken."""
    run(
        former,
        "CREATE INDEX idx_shots_task ON step_screenshots (task_id);"
        "CREATE INDEX idx_shots_step ON step_screenshots (step_id);"
        "CREATE INDEX idx_newest ON tasks (created_at DESC NULLS LAST);"
        "CREATE INDEX tasks_model ON tasks (status)",
    )

    runner.apply(former, lets_go=True)

    doubled = rows(
        former,
        "SELECT indrelid::regclass, substring(pg_get_indexdef(indexrelid) FROM 'USING.*') "
        "FROM pg_index WHERE NOT indisunique GROUP BY 1, 2 HAVING count(*) > 1",
    )
    assert doubled == []
    assert rows(former, "SELECT * FROM otel_steps_missing_indexes()") == []


@pytest.mark.parametrize(
    "damage",
    [
        "DROP FUNCTION otel_steps_ingest",
        "DROP FUNCTION otel_steps_state",
        "DROP FUNCTION otel_steps_missing_indexes",
        "DROP INDEX task_steps_order",
        "ALTER TABLE tasks DROP COLUMN notes",
        "DROP TABLE task_spans",
        "REVOKE EXECUTE ON FUNCTION otel_steps_ingest FROM service_role",
        "REVOKE INSERT ON task_steps FROM service_role",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC, service_role",
    ],
)
def test_what_is_broken_is_made_again(roles: str, damage: str) -> None:
    """With all migrations applied there is something to do where something is missing."""
    runner.apply(roles)
    with_rows(roles)
    before = catalog(roles)
    run(roles, damage)

    dry = command("migrate", "--db-url", roles, "--dry-run")
    done = command("migrate", "--db-url", roles, "--json")

    assert "would apply" in dry.out
    assert (done.json["migrations"], done.json["faults"]) == (_NAMES, [])
    assert len(catalog(roles)) == len(before)
    with_rows(as_role(roles, "service_role"))
    assert command("migrate", "--db-url", roles).out.startswith("nothing to do")


def test_what_no_migration_mends_is_told(database: str) -> None:
    """Types and NOT NULLs are the owner's: each with the statement that mends it."""
    runner.apply(database)
    run(
        database,
        "ALTER TABLE tasks ALTER COLUMN result TYPE VARCHAR(20);"
        "ALTER TABLE tasks ALTER COLUMN error_message TYPE VARCHAR;"
        "ALTER TABLE task_steps ADD COLUMN reviewer TEXT NOT NULL",
    )

    done = command("migrate", "--db-url", database)

    assert done.status == 0
    assert "ALTER COLUMN result TYPE text" in done.err
    assert "error_message" not in done.err
    faults = runner.plan(database).faults
    assert len(faults) == 2
    for fault in faults:
        run(database, fault.remedy.split("`")[1])
    assert runner.plan(database).faults == []
