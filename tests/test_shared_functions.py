"""What is made of the answers of the shared database's functions."""

from collections.abc import Callable
from typing import Any

import pytest

from otel_steps.stores import StoreUnavailable, TaskQuery
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.json_object import Json
from otel_steps.stores.shared.functions import SharedFunctions

STEP = "00000000-0000-4000-8000-000000000001"


class Answering(SharedFunctions):
    """Stands for a database behind something that answers in its place."""

    page_rows = 2

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((function, arguments))
        return self.answer

    def _to_show(self, rows: list[Json], column: str) -> list[Json]:
        return rows


@pytest.mark.parametrize("answer", ["<html>", 7, ["x"], {"tasks": 1, "by_status": {}, "hits": {}}])
def test_a_broken_answer_is_worth_another_try(answer: Any) -> None:
    """What is no answer of ours came from somebody else, and says nothing about the rows."""
    views = Answering(answer)
    with pytest.raises(StoreUnavailable, match="broken answer"):
        views.find_tasks(TaskQuery())
    if isinstance(answer, dict):
        return
    questions: list[Callable[[], object]] = [
        lambda: views.index("t1"),
        views.facets,
        lambda: views.annotate("t1", Annotation(tags=[], notes="")),
        lambda: views.task("t1"),
        lambda: views.report("t1"),
        views.statistics,
        views.usage_by_day,
        lambda: views.task_figures(TaskQuery()),
        lambda: views.action_figures(TaskQuery()),
        lambda: views.usage(["t1"]),
    ]
    for question in questions:
        with pytest.raises(StoreUnavailable, match="broken answer"):
            question()


@pytest.mark.parametrize("answer", ["<html>", 7, {"a": 1}])
def test_a_list_that_is_none_is_worth_another_try(answer: Any) -> None:
    """Ids of steps come in a list, and so do rows."""
    views = Answering(answer)
    with pytest.raises(StoreUnavailable, match="broken answer"):
        views.find_steps("t1", "x")
    for read in (views.steps, views.screenshots, views.spans):
        with pytest.raises(StoreUnavailable, match="broken answer"):
            read("t1")


@pytest.mark.parametrize("answer", ["<html>", ["x"], {"steps": 1}])
def test_a_count_that_is_none_is_worth_another_try(answer: Any) -> None:
    """Not even an answer that has some of what is asked for is a count."""
    for count in (lambda views: views.count_steps("t1"), SharedFunctions.statistics):
        with pytest.raises(StoreUnavailable, match="broken answer"):
            count(Answering(answer))


def test_only_what_narrows_the_list_is_sent() -> None:
    """An empty field is no condition."""
    views = Answering({"tasks": [], "by_status": {}, "hits": {}})

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
