"""Fixtures for tests that need Supabase or PostgreSQL, or a pool in front of the latter."""

import os
from collections.abc import Iterator

import pytest

from otel_steps.migrations import runner
from tests.supabase.databases import FORMER, run, supabase_roles
from tests.supabase.pgbouncer import Pgbouncer
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes, UnavailableError
from tests.supabase.stack import SupabaseStack


@pytest.fixture(scope="session")
def supabase_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupabaseStack]:
    """Give the stack of the whole run; tests take `supabase_stack`."""
    processes = Processes()
    try:
        stack = SupabaseStack(tmp_path_factory.mktemp("supabase"), processes, _migrate)
        try:
            stack.start()
        except UnavailableError as reason:
            _cannot_be_had(reason)
        yield stack
        stack.stop()
    finally:
        processes.close()


@pytest.fixture
def supabase_stack(supabase_session: SupabaseStack) -> SupabaseStack:
    """Give a migrated, empty Supabase project in which all goes well."""
    supabase_session.reset()
    return supabase_session


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Give a PostgreSQL server that knows nothing of Supabase, for its `empty_database()`."""
    processes = Processes()
    try:
        server = Postgres(tmp_path_factory.mktemp("postgres"), processes)
        try:
            server.start()
        except UnavailableError as reason:
            _cannot_be_had(reason)
        yield server
    finally:
        processes.close()


@pytest.fixture
def database(postgres_server: Postgres) -> Iterator[str]:
    """Give the URL of an empty database."""
    with postgres_server.empty_database() as url:
        yield url


@pytest.fixture
def former(database: str) -> str:
    """Return the URL of a database with the tables and rows of a hand-written tracker."""
    run(database, FORMER)
    return database


@pytest.fixture
def roles(database: str) -> Iterator[str]:
    """Give the URL of a database with Supabase's roles, which are gone afterwards."""
    with supabase_roles(database):
        yield database


@pytest.fixture(scope="session")
def pool(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pgbouncer]:
    """Give a pgbouncer in front of `postgres_server`."""
    processes = Processes()
    try:
        pool = Pgbouncer(tmp_path_factory.mktemp("pgbouncer"), processes, postgres_server.dsn)
        try:
            pool.start()
        except UnavailableError as reason:
            _cannot_be_had(reason)
        yield pool
    finally:
        processes.close()


def _migrate(url: str) -> None:
    """Make the tables where they are by default, and in a schema of their own."""
    for schema in ("public", "otel_steps"):
        runner.apply(url, schema=schema)


def _cannot_be_had(reason: UnavailableError) -> None:
    """Skip, but fail where somebody relies on these tests."""
    if os.environ.get("CI") or os.environ.get("OTEL_STEPS_REQUIRE_SUPABASE") == "1":
        pytest.fail(f"what the test needs cannot be had: {reason}", pytrace=False)
    pytest.skip(f"what the test needs cannot be had: {reason}")
