"""The way from a journal to a project, and what has come out at its end."""

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from otel_steps import semconv
from otel_steps.config import Settings
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.shipper import Shipper
from otel_steps.stores import open_store
from otel_steps.stores.pictures import open_screenshots
from tests.dict_store import span_id_of, step_line
from tests.supabase.stack import SupabaseStack


def sql(stack: SupabaseStack, statement: str) -> list[tuple[Any, ...]]:
    """Ask the database past the API."""
    with psycopg.connect(stack.dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


class Line:
    """A journal and the shipper that carries it to a project."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.backup_dir
        self.problems = Problems(None)
        self.journal = Journal(self.folder, problems=self.problems)
        self.shipper = Shipper(
            self.journal,
            self.folder,
            open_store=partial(open_store, settings=settings),
            open_screenshots=partial(open_screenshots, settings),
            problems=self.problems,
            jitter=lambda: 0.05,
        )

    def record(
        self,
        *numbers: int,
        picture: bytes | None = None,
        is_shipped: bool = True,
        **attributes: Any,
    ) -> None:
        for number in numbers:
            kept = None
            if picture is not None:
                sha256 = hashlib.sha256(picture).hexdigest()
                attributes[semconv.SCREENSHOT_SHA256] = sha256
                kept = sha256, picture
            line = step_line(number, **attributes)
            assert self.journal.append(
                line, span_id=span_id_of(number), pictures=[kept] if kept else []
            )
            if is_shipped:
                self.shipper.notify()

    @property
    def letters(self) -> list[Path]:
        return sorted(self.folder.glob("dead/*.json*"))

    @property
    def leftovers(self) -> list[Path]:
        return [path for path in self.folder.glob("*/pictures/*") if path.is_file()]


def numbers_in(stack: SupabaseStack) -> list[int]:
    """Return the steps that the database has, past the API."""
    return [row[0] for row in sql(stack, "SELECT step_number FROM task_steps ORDER BY 1")]
