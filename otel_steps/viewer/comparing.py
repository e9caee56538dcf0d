"""
Routes of the comparison: of two tasks, and of a task with all that were asked the same.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from otel_steps.rows.flags import flags_of
from otel_steps.serving.envelope import data
from otel_steps.serving.refusal import BadRequest
from otel_steps.stores.json_object import Json
from otel_steps.stores.task_query import TaskQuery
from otel_steps.viewer import schemas
from otel_steps.viewer.alignment import Pin, align, divergence, sameness
from otel_steps.viewer.library import Library, LibraryDependency
from otel_steps.viewer.schemas import Data
from otel_steps.viewer.task_path import TASK

router = APIRouter(tags=["comparison"])

MAX_RUNS: Final = 30
# What a search for the text of a task finds besides: tasks that speak of it.
_MAX_FOUND: Final = 500
# Of each run; who wants to see more of it opens it.
_MAX_STEPS: Final = 200
_STRIP: Final = (
    *("number", "type", "status", "success", "action", "kind", "app", "label", "picture", "flags"),
    *("x", "y", "x2", "y2"),
)
_PIN: Final = re.compile(r"(\d{1,9})-(\d{1,9})")

Pins = Annotated[
    list[str] | None,
    Query(description="Numbers of two steps to put side by side, as 6-9; repeated, in order."),
]


@router.get("/api/compare", response_model=Data[schemas.Comparison])
def compare(a: str, b: str, library: LibraryDependency, pin: Pins = None) -> Response:
    """Return two tasks with their indexes, and which step of one answers to which of the other."""
    one, other = (_run(library, each) for each in (a, b))
    pairs = align(one["index"], other["index"], _pinned(pin or [], one["index"], other["index"]))
    same = sameness(one["index"], other["index"], pairs)
    first = same.index(False) if False in same else None
    return data({"a": one, "b": other, "pairs": pairs, "same": same, "divergence": first})


def _run(library: Library, task_id: str) -> Json:
    return {
        "task": library.task(task_id),
        "index": library.index(task_id),
        "usage": library.usage(task_id),
    }


def _pinned(pins: Sequence[str], one: Json, other: Json) -> list[Pin]:
    found: list[Pin] = []
    for text in pins:
        match = _PIN.fullmatch(text)
        if match is None:
            raise BadRequest(f"pin is {text[:80]!r}; expected two numbers of steps, as in 6-9")
        places = [
            _position(index, int(number))
            for index, number in zip((one, other), match.groups(), strict=True)
        ]
        last = found[-1] if found else (-1, -1)
        if places[0] <= last[0] or places[1] <= last[1]:
            raise BadRequest(f"pin {text} crosses the one before it; give them in their order")
        found.append((places[0], places[1]))
    return found


def _position(index: Json, number: int) -> int:
    numbers: list[int] = index["number"]
    if number not in numbers:
        raise BadRequest(f"the task {index['task_id'][:200]!r} has no step {number} to pin")
    return numbers.index(number)


@router.get(f"/api/tasks/{TASK}/runs", response_model=Data[schemas.Runs])
def runs(task_id: str, library: LibraryDependency) -> Response:
    """
    Return a task and others that were asked the same, the newest first.

    Each has what its strip shows of its first steps, and where it parted from the task.
    """
    task = library.task(task_id)
    others, is_whole = _asked_the_same(library, task)
    own = library.index(task_id)
    indexes = library.store.indexes([each["task_id"] for each in others])
    cards = library.cards.of([task, *others], {})
    rows = [_row(cards[0], own, own)]
    for card in cards[1:]:
        if (index := indexes.get(card["task_id"])) is not None:
            rows.append(_row(card, {**index, "flags": flags_of(index)}, own))
    return data({"runs": rows, "is_whole": is_whole})


def _asked_the_same(library: Library, task: Json) -> tuple[list[Json], bool]:
    """Return the tasks with the same text, and whether those are all there are."""
    text = task["task_description"]
    if not text:
        return [], True
    page = library.find_tasks(TaskQuery(text=text, limit=_MAX_FOUND))
    same = [
        each
        for each in page.tasks
        if each["task_description"] == text and each["task_id"] != task["task_id"]
    ]
    return same[:MAX_RUNS], page.total <= _MAX_FOUND and len(same) <= MAX_RUNS


def _row(card: Json, index: Json, own: Json) -> Json:
    parted = None if index is own else divergence(own, index)
    numbers = [
        None if at is None else each["number"][at]
        for at, each in zip(parted or (), (own, index), strict=False)
    ]
    strip = {name: index[name][:_MAX_STEPS] for name in _STRIP}
    count = len(strip["number"])
    return {
        "task": card,
        "strip": {"count": count, **strip},
        "count": index["count"],
        "parted": {"pair": parted, "numbers": numbers} if parted else None,
    }
