"""PostgreSQL behind a pool in transaction mode: it works, and strangers in the pool see nothing."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest

from otel_steps.importing.former_database import FormerDatabase
from otel_steps.migrations import runner
from otel_steps.rows.model import Batch
from otel_steps.rows.tables import COLUMNS
from otel_steps.stores import RowRejected, Store, StoreOnHold, StoreUnavailable, open_store
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.postgres import transactions
from tests.removal_contract import RemovalContract
from tests.store_contract import StoreContract, a_screenshot, a_span, a_step, a_task
from tests.supabase.pgbouncer import Pgbouncer
from tests.supabase.postgres import Postgres
from tests.view_contract import ViewContract

pytest_plugins = ["tests.supabase.fixtures"]

Stranger = psycopg.Connection[tuple[Any, ...]]

# Whatever a session can be left with.
_LEAVINGS = {
    "settings": "SELECT name, setting FROM pg_settings ORDER BY 1",
    "prepared": "SELECT name FROM pg_prepared_statements",
    "cursors": "SELECT name FROM pg_cursors",
    "channels": "SELECT * FROM pg_listening_channels()",
    "locks": "SELECT objid FROM pg_locks WHERE locktype = 'advisory'",
    "temporary": "SELECT relname FROM pg_class WHERE relpersistence = 't'",
    "role": "SELECT current_user, session_user",
}


@pytest.fixture(scope="module")
def migrated(postgres_server: Postgres) -> Iterator[str]:
    """Give the direct URL of a database with our tables, whose transactions are serializable."""
    with postgres_server.empty_database() as url:
        runner.apply(url)
        name = url.rpartition("/")[2]
        run(url, f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
        yield url


@pytest.fixture
def database(migrated: str, pool: Pgbouncer) -> str:
    """Return the URL of a database behind the pool; its tables are empty."""
    run(migrated, f"TRUNCATE {', '.join(COLUMNS)}")
    return pool.url_of(migrated)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """Open an empty store."""
    store = open_store(database)
    yield store
    store.close()


@pytest.fixture
def stranger(database: str) -> Iterator[Stranger]:
    """Give another client of the pool, on the same connection to the server."""
    with psycopg.connect(database, autocommit=True, prepare_threshold=None) as stranger:
        # A language brings settings of its own, once it is used.
        stranger.execute("DO 'BEGIN END'")
        yield stranger


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


class TestPooledStore(StoreContract):
    """Behind a pool the store keeps what every store promises."""


@pytest.mark.full
class TestPooledViews(ViewContract):
    """Behind a pool the store answers a viewer as every store does."""


@pytest.mark.full
class TestPooledRemoval(RemovalContract):
    """Behind a pool tasks are removed as from every store: no lock outlives its transaction."""

    @pytest.fixture(autouse=True)
    def _database(self, migrated: str) -> None:
        self.url = migrated

    def spoil_totals(self, store: Store, task_ids: Sequence[str]) -> None:
        """Make the totals of tasks wrong."""
        names = ", ".join(f"'{task_id}'" for task_id in task_ids)
        run(self.url, f"UPDATE tasks SET total_steps = 7 WHERE task_id IN ({names})")


def _use_a_store(url: str) -> None:
    step = a_step()
    batch = Batch(
        tasks=[a_task()], steps=[step], screenshots=[a_screenshot(step)], spans=[a_span(2, 1)]
    )
    store = open_store(url)
    store.write(batch)
    store.attach(batch.steps, batch.screenshots)
    with pytest.raises(RowRejected):
        store.write(Batch(steps=[a_step(thinking="\0")]))
    assert store.report("t1")
    assert store.tasks()
    assert store.annotate("t1", Annotation(tags=["红"], notes="mine"))
    store.close()


def _migrate(url: str) -> None:
    run(url, "DELETE FROM supabase_migrations.schema_migrations")
    assert runner.apply(url)


def _import(url: str) -> None:
    former = FormerDatabase(url)
    assert former.count() == len(list(former.read()))


@pytest.mark.parametrize("visit", [_use_a_store, _migrate, _import])
def test_a_stranger_finds_its_session_as_it_was(
    database: str, stranger: Stranger, visit: Callable[[str], None]
) -> None:
    """Nothing that a session can hold differs afterwards, whichever part of ours has been there."""
    before = {name: stranger.execute(sql.encode()).fetchall() for name, sql in _LEAVINGS.items()}
    server = stranger.execute("SELECT pg_backend_pid()").fetchone()

    visit(database)

    assert stranger.execute("SELECT pg_backend_pid()").fetchone() == server
    for name, sql in _LEAVINGS.items():
        assert stranger.execute(sql.encode()).fetchall() == before[name]
    assert stranger.execute("SHOW transaction_isolation").fetchone() == ("serializable",)


def test_only_our_own_statements_are_cut_short(
    database: str, migrated: str, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time limit holds for each of ours, and for nobody else's."""
    store = open_store(database)
    with psycopg.connect(migrated) as in_the_way, monkeypatch.context() as patch:
        in_the_way.execute("LOCK TABLE tasks, task_steps")
        patch.setattr(transactions, "STATEMENT_TIMEOUT_S", 0.2)
        for work in (
            lambda: store.write(Batch(steps=[a_step()])),
            lambda: store.task("t1"),
            lambda: store.report("t1"),
            store.facets,
        ):
            with pytest.raises(StoreUnavailable, match="57014"):
                work()

    assert stranger.execute("SELECT pg_sleep(0.5), 'done'").fetchall() == [("", "done")]
    assert store.write(Batch(steps=[a_step()])).stored == 1
    store.close()


def test_a_cut_connection_of_the_pool_is_replaced_at_once(store: Store, migrated: str) -> None:
    """After a restart of the server behind the pool neither a write nor a read fails."""
    for number in (1, 2):
        assert store.write(Batch(steps=[a_step(number)])).stored == 1
        run(
            migrated,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        assert store.count_steps("t1") == number


# --- Opening


@pytest.mark.parametrize(
    ("host", "parameters", "words", "remedy"),
    [
        ("localhost", "sslmode=verify-full&sslrootcert=/nowhere/ca", "/nowhere/ca", "sslrootcert"),
        ("localhost", "sslmode=verify-full&sslrootcert=system", "verify failed", "sslrootcert"),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", "does not match", "check host"),
        ("127.0.0.1", "options=-c%20geqo%3Doff", "unsupported startup", "pooler takes no settings"),
    ],
)
def test_what_a_person_has_to_settle_is_on_hold(
    database: str, pool: Pgbouncer, host: str, parameters: str, words: str, remedy: str
) -> None:
    """A certificate that is not trusted, and settings that a pooler does not take."""
    url = f"{database.replace('127.0.0.1', host)}?{parameters.format(ca=pool.ca_file)}"
    with pytest.raises(StoreOnHold, match=words) as held:
        open_store(url)

    assert remedy in held.value.remedy


def test_a_trusted_pool_opens(database: str, pool: Pgbouncer) -> None:
    """The CA that the URL names is trusted, for the name that it has signed."""
    url = database.replace("127.0.0.1", "localhost")
    open_store(f"{url}?sslmode=verify-full&sslrootcert={pool.ca_file}").close()
