"""Rows removed by the database itself (`migrate --with nightly-prune`)."""

from contextlib import closing

import pytest

from otel_steps.config import resolve
from otel_steps.errors import StoreOnHold
from otel_steps.migrations import runner
from otel_steps.rows.model import Batch
from otel_steps.stores import open_store
from otel_steps.stores.annotation import Annotation
from tests.store_contract import a_step
from tests.supabase.databases import rows, run
from tests.test_prune import days_ago, write

pytest_plugins = ["tests.supabase.fixtures"]

# What pg_cron has of it; the server of the tests comes without the extension.
CRON = """
    CREATE SCHEMA cron;
    CREATE TABLE cron.job (jobname TEXT PRIMARY KEY, schedule TEXT, command TEXT);
    CREATE FUNCTION cron.schedule(TEXT, TEXT, TEXT) RETURNS VOID LANGUAGE sql AS $$
        INSERT INTO cron.job VALUES ($1, $2, $3) ON CONFLICT (jobname) DO UPDATE SET command = $3
    $$;
"""


def nightly(url: str, schema: str) -> None:
    """Do as `otel-steps migrate --with nightly-prune`."""
    runner.apply(url, schema=schema, extras=[runner.optional()["nightly-prune"]])


def test_without_pg_cron_it_says_so(database: str) -> None:
    """And nothing at all is applied."""
    with pytest.raises(StoreOnHold, match="there is no pg_cron in this database"):
        nightly(database, "public")
    assert rows(database, "SELECT to_regclass('tasks')") == [(None,)]


@pytest.mark.parametrize("schema", ["public", "otel_steps"])
def test_what_is_due_goes(database: str, schema: str) -> None:
    """By the rule that stands there, as its job does it; without one nothing goes."""
    run(database, CRON)
    for _ in range(2):
        nightly(database, schema)
    ((command,),) = rows(database, "SELECT command FROM cron.job")
    settings = resolve({}, store=database, schema=schema)
    with closing(open_store(settings=settings)) as store:
        write(store, "young", 1)
        write(store, "old", 40)
        write(store, "failed", 40, status="failed")
        write(store, "running", 40, status="running")
        write(store, "tagged", 40)
        store.annotate("tagged", Annotation(tags=["keep"]))
        when = dict.fromkeys(("created_at", "started_at", "ended_at"), days_ago(40))
        noted = a_step(2, "noted", **when)
        write(store, "noted", 40)
        store.write(Batch(steps=[noted]))
        store.annotate("noted", Annotation(notes="look"), step_id=noted.id)

        run(database, command)
        assert len(store.holdings()) == 6

        run(database, f"INSERT INTO {schema}.otel_steps_nightly VALUES ('30 days')")
        assert rows(database, command) == [(1,)]
        assert {held.task_id for held in store.holdings()} == {
            *("young", "failed", "running", "tagged", "noted")
        }
        assert len(store.unneeded_pictures()) == 1

        run(database, f"UPDATE {schema}.otel_steps_nightly SET keep_failed = false")
        run(database, f"UPDATE {schema}.otel_steps_nightly SET keep_tagged = false")
        nightly(database, schema)
        assert rows(database, command) == [(3,)]
        assert {held.task_id for held in store.holdings()} == {"young", "running"}
