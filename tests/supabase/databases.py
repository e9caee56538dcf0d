"""What a database is asked, and what is in it, before `migrate` comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

_HERE: Final = Path(__file__).parent
_ROLES: Final = (_HERE / "bootstrap.sql").read_text(encoding="utf-8")

# The tables and rows of a hand-written tracker.
FORMER: Final = (_HERE / "former_tables.sql").read_text(encoding="utf-8")


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def rows(url: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(question.encode()).fetchall()


def as_role(url: str, role: str) -> str:
    """Return the URL of the same database, where every statement is run as *role*."""
    return f"{url}?options=-c%20role%3D{role}"


@contextmanager
def supabase_roles(url: str) -> Iterator[None]:
    """Have Supabase's roles for the time of a block; the whole server knows them."""
    run(url, _ROLES)
    try:
        yield
    finally:
        names = "anon, authenticated, service_role, authenticator"
        run(url, f"DROP OWNED BY {names}; DROP ROLE {names}")
