"""Migrations in other hands: pushed by the Supabase CLI, and read by plpgsql_check."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from otel_steps.migrations import runner
from tests.commands import command
from tests.supabase import packages, postgres
from tests.supabase.databases import rows, run
from tests.supabase.postgres import Postgres
from tests.supabase.processes import Processes, UnavailableError
from tests.test_migrations import catalog, content, with_rows

pytestmark = pytest.mark.full

_ROOT = Path(__file__).parent.parent
_STACK = _ROOT / "tests" / "supabase"
_ROLES = (_STACK / "bootstrap.sql").read_text(encoding="utf-8")
_CLI_PROGRAM = Path("@supabase", "cli-linux-x64", "bin", "supabase")
_CLI_TIMEOUT_S = 60

# The wheel's server has no plpgsql_check; Debian's has.
_DEBIAN_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
_DEBIAN_EXTENSION = Path("/usr/share/postgresql/15/extension/plpgsql_check.control")
_DEBIAN_PACKAGES = "postgresql-15 postgresql-15-plpgsql-check"

_FILES = [f"{each}.sql" for each in runner.migrations()]
_VERSIONS = [each.version for each in runner.migrations()]

# Arguments of the CLI to what it answers.
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def cli_program() -> Path:
    """Return the CLI's program, installed as the other programs from npm are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME") or str(_ROOT / ".cache"))
        patch.setattr(packages, "_HERE", _STACK / "cli")
        try:
            program = packages.installed() / _CLI_PROGRAM
        except UnavailableError as reason:
            cannot_be_had("the Supabase CLI", reason)
    if not program.is_file():
        cannot_be_had("the Supabase CLI", f"{program} is missing; delete its folder")
    return program


@pytest.fixture
def cli(cli_program: Path, tmp_path: Path) -> Cli:
    """Return a way to run the CLI in a project that has our migrations."""
    project, home = tmp_path / "project", tmp_path / "home"
    shutil.copytree(_ROOT / "migrations", project / "supabase" / "migrations")
    home.mkdir()
    # A home of its own: no login, no profile and no setting of the machine. No telemetry either.
    environ = {**os.environ, "HOME": str(home), "DO_NOT_TRACK": "1"}

    def answer(*arguments: str) -> Any:
        done = subprocess.run(
            [str(cli_program), *arguments, "--output-format=json", "--agent=no"],
            cwd=project,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_CLI_TIMEOUT_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return answer


@pytest.fixture(scope="module")
def supabase_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Give a server whose databases begin as those of a Supabase project do."""
    yield from server(tmp_path_factory.mktemp("postgres"))


@pytest.fixture
def database(supabase_server: Postgres) -> Iterator[str]:
    """Give the URL of an empty database."""
    with supabase_server.empty_database() as url:
        yield url


@pytest.fixture(scope="module")
def debian_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Give such a server from Debian's packages, which can check functions."""
    if not (_DEBIAN_PROGRAMS / "postgres").is_file() or not _DEBIAN_EXTENSION.is_file():
        cannot_be_had("plpgsql_check", f"`apt-get install {_DEBIAN_PACKAGES}` was not run")
    yield from server(tmp_path_factory.mktemp("debian"), programs=_DEBIAN_PROGRAMS)


@pytest.fixture
def checked_database(debian_server: Postgres) -> Iterator[str]:
    """Give the URL of a migrated database whose functions can be checked."""
    with debian_server.empty_database() as url:
        run(url, "CREATE SCHEMA checks; CREATE EXTENSION plpgsql_check SCHEMA checks")
        runner.apply(url)
        yield url


def server(folder: Path, *, programs: Path = postgres._BIN_FOLDER) -> Iterator[Postgres]:
    processes = Processes()
    try:
        started = Postgres(folder, processes, bootstrap=_ROLES)
        try:
            with pytest.MonkeyPatch.context() as patch:
                # An absolute path is not looked for in the wheel.
                patch.setattr(postgres, "_BIN_FOLDER", programs)
                started.start()
        except UnavailableError as reason:
            cannot_be_had("PostgreSQL", reason)
        yield started
    finally:
        processes.close()


def cannot_be_had(what: str, reason: object) -> NoReturn:
    """Skip, but fail where somebody relies on these tests."""
    message = f"{what} cannot be had: {reason}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def remote(url: str) -> str:
    """Return the option that makes *url* the CLI's database; the server speaks no TLS."""
    return f"--remote={url}?sslmode=disable"


def pending(cli: Cli, url: str) -> list[str]:
    """Return the files that a push would apply."""
    names: list[str] = cli("db", "push", remote(url), "--dry-run")["migrations"]
    return [Path(name).name for name in names]


def push(cli: Cli, url: str) -> Any:
    return cli("db", "push", remote(url), "--yes")


def applied(cli: Cli, url: str) -> list[tuple[str, str]]:
    """Return the versions that are in the project, each beside the one in the database."""
    listed = cli("migration", "list", remote(url))["migrations"]
    return [(each["local"], each["remote"]) for each in listed]


def remarks(url: str) -> dict[str, list[str]]:
    """Return what plpgsql_check has to say of each PL/pgSQL function, most often nothing."""
    found = rows(
        url,
        """
        SELECT proname, ARRAY(SELECT checks.plpgsql_check_function(p.oid, all_warnings => true))
        FROM pg_proc AS p JOIN pg_language AS l ON l.oid = prolang
        WHERE pronamespace = 'public'::regnamespace AND lanname = 'plpgsql'
        """,
    )
    return dict(found)


def test_the_cli_pushes_all_migrations(cli: Cli, database: str) -> None:
    """It would apply each file, does so, and lists each one as applied."""
    assert pending(cli, database) == _FILES

    push(cli, database)

    assert applied(cli, database) == [(version, version) for version in _VERSIONS]
    assert pending(cli, database) == []


def test_a_second_push_changes_nothing(cli: Cli, database: str) -> None:
    """Tables, functions, rights, rows and history stay as they were."""
    push(cli, database)
    with_rows(database)
    before = content(database)

    again = push(cli, database)

    assert again["upToDate"] is True
    assert content(database) == before


def test_after_a_push_our_command_has_nothing_to_do(cli: Cli, database: str) -> None:
    """What the CLI has applied, `migrate` knows of."""
    push(cli, database)

    done = command("migrate", "--db-url", database)

    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("nothing to do")


def test_after_our_command_the_cli_has_nothing_to_push(cli: Cli, database: str) -> None:
    """What `migrate` has applied, the CLI knows of."""
    assert command("migrate", "--db-url", database).status == 0

    assert pending(cli, database) == []
    assert applied(cli, database) == [(version, version) for version in _VERSIONS]


def test_our_command_goes_on_where_the_cli_has_stopped(
    cli: Cli, database: str, tmp_path: Path
) -> None:
    """With the first half pushed, `migrate` brings the database to where a whole push does."""
    for name in _FILES[5:]:
        (tmp_path / "project" / "supabase" / "migrations" / name).unlink()
    push(cli, database)

    runner.apply(database)

    assert runner.plan(database) == runner.Plan([], [], [])
    assert applied(cli, database)[:5] == [(version, version) for version in _VERSIONS[:5]]


def test_the_cli_makes_a_changed_function_anew(cli: Cli, database: str, tmp_path: Path) -> None:
    """Its file comes with a new version, beside the copy that was pushed before."""
    push(cli, database)
    folder = tmp_path / "project" / "supabase" / "migrations"
    (former,) = folder.glob("*_otel_steps_statistics.sql")
    changed = folder / f"{int(_VERSIONS[-1]) + 1}_otel_steps_statistics.sql"
    changed.write_text(former.read_text("utf-8").replace("'unknown'", "'nobody knows'"), "utf-8")
    run(database, "INSERT INTO tasks (task_id) VALUES ('t1')")

    push(cli, database)

    (found,) = rows(database, "SELECT otel_steps_statistics() -> 'tasks_by_status'")
    assert found == ({"nobody knows": 1},)
    assert pending(cli, database) == []
    assert runner.plan(database) == runner.Plan([], [], [])


def test_the_cli_takes_over_no_table_either(cli: Cli, database: str) -> None:
    """The first file that it pushes refuses what is not ours, and nothing else is run."""
    run(database, "CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT)")
    before = catalog(database, "public")

    with pytest.raises(AssertionError, match="a table of somebody else"):
        push(cli, database)

    assert catalog(database, "public") == before


def test_both_make_the_same_tables(cli: Cli, supabase_server: Postgres) -> None:
    """Columns, indexes, rules, functions, rights and history are the same either way."""
    with supabase_server.empty_database() as pushed, supabase_server.empty_database() as migrated:
        push(cli, pushed)
        runner.apply(migrated)

        assert content(pushed) == content(migrated)


def test_functions_are_without_fault(checked_database: str) -> None:
    """No error, and no warning of any kind: other, extra, performance, security, compatibility."""
    found = remarks(checked_database)

    assert "otel_steps_ingest" in found
    assert found == {name: [] for name in found}


@pytest.mark.parametrize(
    ("body", "remark"),
    [
        ("UPDATE public.tasks SET no_such_column = 1", "no_such_column"),
        ("EXECUTE 'SELECT ' || given", "not sanitized"),
    ],
)
def test_a_fault_would_be_seen(checked_database: str, body: str, remark: str) -> None:
    """An error and a warning that only all kinds of warnings include are both told."""
    run(
        checked_database,
        f"CREATE FUNCTION public.wrong(given TEXT) RETURNS VOID LANGUAGE plpgsql AS "
        f"$$ BEGIN {body}; END $$",
    )

    assert remark in "\n".join(remarks(checked_database)["wrong"])
