"""What is made of the answers of the shared database's functions."""

from typing import Any

import pytest

from otel_steps.stores import StoreUnavailable, TaskQuery
from otel_steps.stores.contract import Json
from otel_steps.stores.shared_views import SharedViews

STEP = "00000000-0000-4000-8000-000000000001"


class Answering(SharedViews):
    """Stands for a database behind something that answers in its place."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((function, arguments))
        return self.answer

    def _to_show(self, rows: list[Json], column: str) -> list[Json]:
        return rows


@pytest.mark.parametrize("answer", ["<html>", 7, ["x"], {"tasks": 1, "total": 1, "hits": {}}])
def test_a_broken_answer_is_worth_another_try(answer: Any) -> None:
    """What is no answer of ours came from somebody else, and says nothing about the rows."""
    views = Answering(answer)
    with pytest.raises(StoreUnavailable, match="broken answer"):
        views.find_tasks(TaskQuery())
    if isinstance(answer, dict):
        return
    with pytest.raises(StoreUnavailable, match="broken answer"):
        views.index("t1")
    with pytest.raises(StoreUnavailable, match="broken answer"):
        views.facets()
    with pytest.raises(StoreUnavailable, match="broken answer"):
        views.annotate("t1", tags=[], notes="")


@pytest.mark.parametrize("answer", ["<html>", 7, {"a": 1}])
def test_a_list_that_is_none_is_worth_another_try(answer: Any) -> None:
    """Ids of steps come in a list."""
    with pytest.raises(StoreUnavailable, match="broken answer"):
        Answering(answer).find_steps("t1", "x")


def test_only_what_narrows_the_list_is_sent() -> None:
    """An empty field is no condition."""
    views = Answering({"tasks": [], "total": 0, "hits": {}})

    views.find_tasks(TaskQuery(text="", app="", status=["failed"], limit=-1, offset=2**70))

    ((function, arguments),) = views.asked
    assert function == "otel_steps_find_tasks"
    assert arguments["query"] == {
        "status": ["failed"],
        "sort": "created_at",
        "descending": True,
        "limit": 0,
        "offset": 2**63 - 1,
    }


@pytest.mark.parametrize("step_id", ["", "x", STEP.upper() + "A", f"{{{STEP}}}", f"{STEP}\n"])
def test_an_id_that_is_none_is_not_asked_for(step_id: str) -> None:
    """The database would refuse it; a step with such an id is not there."""
    views = Answering(None)

    assert (views.step("t1", step_id), views.asked) == (None, [])
