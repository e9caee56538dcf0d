"""`doctor` on a shared database: what is missing of tables, functions, rights and the bucket."""

from collections.abc import Iterator

import pytest

from otel_steps.migrations import runner
from tests.commands import command
from tests.supabase.databases import as_role, run, supabase_roles
from tests.supabase.postgres import Postgres
from tests.supabase.stack import SupabaseStack

pytest_plugins = ["tests.supabase.fixtures"]

MIGRATE = "otel-steps migrate"


def complaints() -> list[tuple[str, str, str]]:
    """Return (status, message, remedy) of what `doctor` finds wrong with the database."""
    done = command("doctor", "--json")
    checks = [check for check in done.json["checks"] if check["name"] in ("tables", "store")]
    wrong = [each for each in checks if each["status"] != "ok"]
    assert len(checks) >= 1
    return [(each["status"], each["message"], each["remedy"]) for each in wrong]


@pytest.fixture
def database(postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the URL of a migrated database with Supabase's roles, the store of the settings."""
    with postgres_server.empty_database() as url, supabase_roles(url):
        runner.apply(url)
        monkeypatch.setenv("OTEL_STEPS_STORE", as_role(url, "service_role"))
        yield url


@pytest.mark.parametrize(
    ("damage", "message", "remedy"),
    [
        ("DROP FUNCTION otel_steps_annotate", "otel_steps_annotate(task text, step uuid", MIGRATE),
        ("DROP FUNCTION otel_steps_state", "42883", MIGRATE),
        ("DROP INDEX task_steps_order", "task_steps_order is missing", MIGRATE),
        ("DROP TABLE task_spans CASCADE", "public.task_spans is missing", MIGRATE),
        ("ALTER TABLE tasks DROP COLUMN tags", "public.tasks.tags is missing", MIGRATE),
        ("REVOKE UPDATE ON tasks FROM service_role", "lacks UPDATE on TABLE", MIGRATE),
        (
            "REVOKE EXECUTE ON FUNCTION otel_steps_facets FROM service_role",
            "lacks EXECUTE on FUNCTION public.otel_steps_facets",
            MIGRATE,
        ),
        (
            "ALTER TABLE task_steps ALTER COLUMN thinking TYPE VARCHAR(100)",
            "public.task_steps.thinking is of type character varying(100), not text",
            "ALTER COLUMN thinking TYPE text",
        ),
        (
            "ALTER TABLE step_screenshots ALTER COLUMN phash TYPE INTEGER",
            "phash is of type integer, not bigint",
            "ALTER COLUMN phash TYPE bigint",
        ),
        (
            "ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL",
            "public.tasks.owner is NOT NULL",
            "ALTER COLUMN owner DROP NOT NULL",
        ),
        ("ALTER ROLE service_role NOBYPASSRLS", "row level security hides", "BYPASSRLS"),
        (
            "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY; GRANT SELECT ON tasks TO anon",
            "anon may read all rows of public.tasks",
            "REVOKE ALL ON public.tasks FROM anon",
        ),
    ],
)
def test_each_fault_has_its_remedy(database: str, damage: str, message: str, remedy: str) -> None:
    """Nothing is wrong, then one thing is, and what mends it is told."""
    assert complaints() == []
    run(database, damage)

    found = complaints()

    assert any(message in told and remedy in cure for _, told, cure in found), found


def test_a_role_of_ones_own_hears_what_it_lacks(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights that no migration gives come with the statement that gives them."""
    run(database, "CREATE ROLE agent; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO agent")
    monkeypatch.setenv("OTEL_STEPS_STORE", as_role(database, "agent"))
    try:
        remedies = [remedy for *_, remedy in complaints()]
    finally:
        run(database, "DROP OWNED BY agent; DROP ROLE agent")

    assert any("GRANT INSERT ON TABLE public.task_steps TO agent" in each for each in remedies)


@pytest.mark.parametrize(
    ("damage", "message", "remedy"),
    [
        ("DELETE FROM storage.buckets WHERE id = 'otel-steps'", "is missing", MIGRATE),
        ("UPDATE storage.buckets SET public = true", "is public", MIGRATE),
        (
            "UPDATE storage.buckets SET allowed_mime_types = '{image/png}'",
            "does not accept application/json, image/jpeg, image/webp",
            "Edit bucket",
        ),
        ("UPDATE storage.buckets SET file_size_limit = 1000", "up to 1000 bytes", "Edit bucket"),
    ],
)
def test_the_bucket_is_looked_at(
    supabase_stack: SupabaseStack,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
    message: str,
    remedy: str,
) -> None:
    """Through the API, as the store sees it; what may be mended by `migrate` is."""
    monkeypatch.setenv("SUPABASE_URL", supabase_stack.url)
    monkeypatch.setenv("SUPABASE_SECRET_KEY", supabase_stack.secret_key)
    assert complaints() == []
    keep = "CREATE TABLE storage.kept AS SELECT * FROM storage.buckets"
    run(supabase_stack.dsn, keep)
    run(supabase_stack.dsn, damage)
    try:
        assert any(message in told and remedy in cure for _, told, cure in complaints())
        if remedy == MIGRATE:
            runner.apply(supabase_stack.dsn)
            assert complaints() == []
    finally:
        run(
            supabase_stack.dsn,
            "DELETE FROM storage.buckets; INSERT INTO storage.buckets SELECT * FROM storage.kept;"
            "DROP TABLE storage.kept",
        )
