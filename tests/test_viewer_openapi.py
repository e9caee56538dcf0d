"""The API keeps to its OpenAPI document, whatever it is asked, on SQLite and on PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from otel_steps.config import resolve
from otel_steps.migrations import runner
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from tests.commands import task_spans
from tests.patience import PATIENCE_S
from tests.supabase.postgres import Postgres
from tests.viewing import BEARER, opened_library, served

pytest_plugins = ("tests.supabase.fixtures",)

TASKS = ("aaaaaaaa-1", "runs/二/3")
# Asked of each route in each of the two modes; more in the long lane.
EXAMPLES = 100 if os.environ.get("OTEL_STEPS_FULL") == "1" else 5


@pytest.fixture(name="url", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.full)])
def _url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve a store with two tasks."""
    if request.param == "sqlite":
        yield from _served(None)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.empty_database() as database:
        runner.apply(database)
        yield from _served(database)


def _served(store: str | None) -> Iterator[str]:
    configured = resolve(store=store)
    with closing(open_store(settings=configured)) as opened:
        for number, task_id in enumerate(TASKS, start=1):
            opened.write(batch_of(task_spans(task_id, number=number), {}))
    with opened_library(configured) as library, served(library) as url:
        yield url


def test_api_keeps_to_its_document(url: str) -> None:
    """Whatever fits the document is answered as it says; whatever does not is refused clearly."""
    # Whatever else an address says is passed over, as everywhere on the web.
    passed_over = {"generation": {"allow-extra-parameters": False}}
    config = schemathesis.Config.from_dict(passed_over)
    document = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=BEARER, config=config)
    operations = [result.ok() for result in document.get_all_operations()]
    asked = [each for each in operations if not each.path.endswith("/events")]

    assert len(asked) == len(operations) - 2
    for operation in asked:
        for mode in GenerationMode:
            _check(operation, mode)


def _check(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), known=st.sampled_from((None, *TASKS)))
    def check(case: Case, known: str | None) -> None:
        if known is not None and mode is GenerationMode.POSITIVE:
            for place, name in ((case.path_parameters, "task_id"), *_compared(case)):
                if name in place:
                    place[name] = known
        case.call_and_validate(headers=BEARER, timeout=PATIENCE_S)

    check()


def _compared(case: Case) -> list[tuple[Any, str]]:
    return [(case.query, name) for name in ("a", "b")]
