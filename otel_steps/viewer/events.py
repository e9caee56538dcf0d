"""
Server-sent events: a running task and the list of tasks, as they change.

The id of an event is the version of what it tells. A page that comes back says which it had, and
gets what is new since; where nobody knows any more, it is told to ask anew.
"""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from otel_steps.stores.json_object import Json
from otel_steps.viewer.channels import Channel, Channels, Moment
from otel_steps.viewer.library import LibraryDependency
from otel_steps.viewer.task_path import TASK

router = APIRouter(tags=["live"], default_response_class=StreamingResponse)

# Proxies give up a connection on which nothing comes for a minute.
HEARTBEAT_S: Final = 15.0
_HEARTBEAT: Final = ": still here\n\n"
_RUNNING: Final = frozenset({"running", None})
_STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/event-stream": {}}}}

Since = Annotated[str | None, Query(description="The version that is known already.")]
LastEventId = Annotated[str | None, Header(description="The same, of a page that comes back.")]


@router.get("/api/events", responses=_STREAM)
async def list_events(
    library: LibraryDependency, since: Since = None, last_event_id: LastEventId = None
) -> StreamingResponse:
    """Send `changed` whenever the list of tasks is not what it was."""
    channels = library.channels
    return _Stream(channels, _list_events(channels, last_event_id or since))


@router.get(f"/api/tasks/{TASK}/events", responses=_STREAM)
async def task_events(
    task_id: str,
    library: LibraryDependency,
    since: Since = None,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Send `index` (rows of steps that are new or changed), `task`, `reset`, and at last `end`."""
    await run_in_threadpool(library.task, task_id)
    channels = library.channels
    return _Stream(channels, _task_events(channels, task_id, last_event_id or since))


class _Stream(StreamingResponse):
    """Events, to one who has a seat from the first to the last."""

    def __init__(self, channels: Channels, events: AsyncIterator[str]) -> None:
        # Proxies that collect an answer before they pass it on would hold back every event.
        headers = {"X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._channels = channels

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, or refuse where there is no seat."""
        client = scope["client"][0] if scope.get("client") else ""
        with self._channels.seat(client):
            await super().__call__(scope, receive, send)


async def _list_events(channels: Channels, known: str | None) -> AsyncIterator[str]:
    async with channels.listening(None) as channel:
        async for moment in _moments(channel):
            if moment is None:
                yield _HEARTBEAT
            elif known is None:
                yield f"id: {moment.version}\n\n"  # no event: from here on the page can come back
            elif known != moment.version:
                yield _event("changed", moment, {"version": moment.version})
            known = known if moment is None else moment.version


async def _task_events(channels: Channels, task_id: str, known: str | None) -> AsyncIterator[str]:
    task: Json | None = None
    async with channels.listening(task_id) as channel:
        async for moment in _moments(channel):
            if moment is None:
                yield _HEARTBEAT
                continue
            if moment.version != known:
                yield _index_event(channels, channel, moment, known)
                known = moment.version
            if moment.task != task:
                task = moment.task
                yield _event("task", moment, {"task": task})
            if task is None or task["status"] not in _RUNNING:
                yield _event("end", moment, {})
                return


async def _moments(channel: Channel) -> AsyncIterator[Moment | None]:
    """Yield each moment of *channel*, and None where a heartbeat is due, until it is closed."""
    told: Moment | None = None
    while not channel.is_closed:
        if channel.moment is not told:
            told = channel.moment
            yield told
            continue
        await channel.changed(HEARTBEAT_S)
        if channel.moment is told and not channel.is_closed:
            yield None


def _index_event(channels: Channels, channel: Channel, moment: Moment, known: str | None) -> str:
    try:
        position = 0 if known is None else channel.changed_from(known)
        if position is not None and moment.index is not None:
            return _event("index", moment, _tail(moment.index, position))
    except Exception as error:  # noqa: BLE001 - a page that can ask anew need not be given up
        channels.report(f"telling of steps failed: {type(error).__name__}: {error}")
    return _event("reset", moment, {"version": moment.version})


def _tail(index: Json, position: int) -> Json:
    """Return the rows of *index* from *position* on; flags of all, since a loop is seen late."""
    tail: Json = {"from": position}
    for name, value in index.items():
        is_cut = isinstance(value, list) and name != "flags"
        tail[name] = value[position:] if is_cut else value
    return tail


def _event(name: str, moment: Moment, value: Json) -> str:
    # NaN is no JSON: a browser would understand nothing of the event.
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return f"id: {moment.version}\nevent: {name}\ndata: {text}\n\n"
