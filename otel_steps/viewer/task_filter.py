"""
Which tasks a request is about: the same words narrow down the list and the figures.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Query
from pydantic import WithJsonSchema

from otel_steps.semconv import TASK_STATUSES
from otel_steps.serving.refusal import BadRequest
from otel_steps.stores.annotation import LEAST_SCORE, MOST_SCORE
from otel_steps.stores.task_query import FLAGS, TaskQuery

_STATUSES: Final = (*TASK_STATUSES, "unknown")
_ONE_STATUS: Final = f"({'|'.join(_STATUSES)})?"
_PATTERN: Final = f"^{_ONE_STATUS}(,{_ONE_STATUS})*$"

Statuses = Annotated[str, WithJsonSchema({"type": "string", "pattern": _PATTERN})]
Flag = Annotated[str, Query(json_schema_extra={"enum": list(FLAGS)})]
Text = Annotated[str, Query(max_length=1000)]
Name = Annotated[str | None, Query(max_length=1000)]


async def _filter(
    q: Text = "",
    status: Annotated[list[Statuses] | None, Query(description="Repeated, or with commas.")] = None,
    app: Name = None,
    model: Name = None,
    device: Name = None,
    project: Name = None,
    session: Name = None,
    tag: Name = None,
    agent: Name = None,
    version: Name = None,
    description: Annotated[str | None, Query(max_length=10_000)] = None,
    step_tag: Name = None,
    flag: Flag | None = None,
    judged: bool | None = None,
    min_score: Annotated[
        float | None, Query(ge=LEAST_SCORE, le=MOST_SCORE, allow_inf_nan=False)
    ] = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Mapping[str, Any]:
    return {
        "text": q,
        "status": _statuses(status or []),
        "app": app,
        "model": model,
        "device": device,
        "project": project,
        "session": session,
        "tag": tag,
        "agent": agent,
        "version": version,
        "description": description,
        "step_tag": step_tag,
        "flag": flag,
        "judged": judged,
        "min_score": min_score,
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
    }


FilterDependency = Annotated[Mapping[str, Any], Depends(_filter)]


def query_of(chosen: Mapping[str, Any], **order: Any) -> TaskQuery:
    """
    Return the query of a filter, and of an order and a page where there is one.

    Raises:
        BadRequest: It cannot be asked.
    """
    try:
        return TaskQuery(**chosen, **order)
    except ValueError as error:
        raise BadRequest(str(error)) from error


def _statuses(given: list[str]) -> list[str]:
    words = (word for each in given for word in each.split(","))
    names = list(dict.fromkeys(filter(None, words)))
    for name in names:
        if name not in _STATUSES:
            raise BadRequest(f"status is {name[:80]!r}; use {', '.join(_STATUSES)}")
    return names
