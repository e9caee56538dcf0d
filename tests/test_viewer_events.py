"""A page that is open sees what is recorded, misses nothing, and holds up nobody."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from otel_steps import semconv
from otel_steps.health.problems import Problems
from otel_steps.otlp.span import Span
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import StoreUnavailable, open_store
from otel_steps.stores.json_object import Json
from otel_steps.viewer import channels as channels_module
from otel_steps.viewer import events as events_module
from otel_steps.viewer.channels import MAX_LISTENERS, Channel, Channels, Moment
from otel_steps.viewer.library import Library
from tests.commands import task_spans
from tests.patience import PATIENCE_S
from tests.viewing import BEARER, client_of, opened_library, served

TASK = "aaaaaaaa-1"
EVENTS = f"/api/tasks/{TASK}/events"


@dataclass(frozen=True)
class Event:
    """A block of a stream; `name` is empty where it is no event."""

    id: str
    name: str
    data: Any


class Stream:
    """Reads the events of an open answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def next(self) -> Event:
        """Wait for the next block that is no heartbeat."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line and fields:
                return Event(
                    fields.get("id", ""),
                    fields.get("event", ""),
                    json.loads(fields.get("data", "null")),
                )
        raise EOFError

    def rest(self) -> list[str]:
        """Return the names of all events until the server ends the stream."""
        names = []
        try:
            while True:
                names.append(self.next().name)
        except EOFError:
            return names


def store(*spans: Span) -> None:
    with closing(open_store()) as opened:
        opened.write(batch_of(list(spans), {}))


def running(number: int = 1, task_id: str = TASK) -> Span:
    """Return the span of a task that is under way."""
    root = task_spans(task_id, number=number, **{semconv.TASK_STATUS: "running"})[0]
    return replace(root, end_time_unix_nano=0)


def steps() -> list[Span]:
    return task_spans(TASK)[1:]


@pytest.fixture(name="library")
def _library() -> Iterator[Library]:
    store(running(), steps()[0])
    with opened_library() as library:
        yield library


@pytest.fixture(name="url")
def _url(library: Library) -> Iterator[str]:
    with served(library) as url:
        yield url


@pytest.fixture(name="client")
def _client(url: str) -> Iterator[httpx.Client]:
    # No proxy of the machine; every wait has a limit.
    with httpx.Client(base_url=url, headers=BEARER, timeout=PATIENCE_S, trust_env=False) as client:
        yield client


def version_of(client: httpx.Client) -> str:
    version: str = client.get(f"/api/tasks/{TASK}/index").json()["data"]["version"]
    return version


def test_running_task_is_told_until_it_ends(client: httpx.Client) -> None:
    """A page gets all steps, then each new one as it comes, and learns that the task has ended."""
    with client.stream("GET", EVENTS) as answer:
        stream = Stream(answer)
        first, task = stream.next(), stream.next()
        store(steps()[1])
        second, changed = stream.next(), stream.next()
        store(task_spans(TASK)[0])
        names = stream.rest()

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (first.name, first.data["from"], first.data["number"]) == ("index", 0, [1])
    assert (task.name, task.data["task"]["status"]) == ("task", "running")
    assert (second.name, second.data["from"], second.data["count"]) == ("index", 1, 2)
    assert (second.data["number"], second.data["action"]) == ([2], ["Launch"])
    assert len(second.data["flags"]) == 2
    assert second.id == second.data["version"] != first.id
    assert changed.data["task"]["total_steps"] == 2
    assert names[-2:] == ["task", "end"]


def test_interrupted_task_says_so(client: httpx.Client) -> None:
    """A task whose process died ends as what it is."""
    with client.stream("GET", EVENTS) as answer:
        stream = Stream(answer)
        stream.next()
        store(task_spans(TASK, status="interrupted")[0])
        while (event := stream.next()).name != "end":
            if event.name == "task":
                status = event.data["task"]["status"]

    assert status == "interrupted"


def test_page_that_knows_the_version_gets_nothing_twice(client: httpx.Client) -> None:
    """A page that has just read the index is sent only what is new since."""
    with client.stream("GET", EVENTS, params={"since": version_of(client)}) as answer:
        stream = Stream(answer)
        first = stream.next()
        store(steps()[1])
        second = stream.next()

    assert (first.name, second.name, second.data["from"]) == ("task", "index", 1)


def test_page_that_comes_back_gets_what_it_missed(client: httpx.Client) -> None:
    """After a lost connection the steps since the last event are sent, not all of them."""
    with client.stream("GET", EVENTS) as answer:
        seen = Stream(answer).next()
    store(steps()[1])
    with client.stream("GET", EVENTS, headers={"Last-Event-ID": seen.id}) as answer:
        missed = Stream(answer).next()

    assert (missed.name, missed.data["from"], missed.data["number"]) == ("index", 1, [2])


def test_page_that_nobody_remembers_asks_anew(client: httpx.Client) -> None:
    """A version from before a restart of the viewer leads to `reset`."""
    with client.stream("GET", EVENTS, headers={"Last-Event-ID": "long ago"}) as answer:
        event = Stream(answer).next()

    assert (event.name, event.data) == ("reset", {"version": event.id})


def test_page_goes_on_where_its_steps_cannot_be_told(
    library: Library, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written as JSON makes the page ask anew; it hears of what comes next."""
    index = library.channels._index

    def torn(task_id: str) -> Json:
        told = index(task_id)
        return told | {"x": [float("nan")] * 2} if told["count"] == 2 else told

    monkeypatch.setattr(library.channels, "_index", torn)
    with client.stream("GET", EVENTS) as answer:
        stream = Stream(answer)
        first = stream.next()
        stream.next()
        store(steps()[1])
        second = stream.next()
        store(task_spans(TASK)[0])
        names = stream.rest()

    assert (first.name, second.name) == ("index", "reset")
    assert names[-2:] == ["task", "end"]
    assert "telling of steps failed" in library.health()["problems"][0]["message"]


def test_list_is_told_that_it_changed(client: httpx.Client) -> None:
    """The list hears of every task, and of nothing that it has already."""
    with client.stream("GET", "/api/events") as answer:
        stream = Stream(answer)
        start = stream.next()
        store(running(2, "bbbbbbbb-2"))
        changed = stream.next()
    with client.stream("GET", "/api/events", headers={"Last-Event-ID": start.id}) as answer:
        missed = Stream(answer).next()
    version = client.get("/api/tasks").json()["data"]["version"]

    assert (start.name, changed.name, missed.name) == ("", "changed", "changed")
    assert changed.data == missed.data == {"version": version}


def test_quiet_stream_gives_signs_of_life(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing happens, a comment keeps the connection open."""
    monkeypatch.setattr(events_module, "HEARTBEAT_S", 0.02)
    with client.stream("GET", "/api/events") as answer:
        comments = (line for line in answer.iter_lines() if line.startswith(":"))

        assert next(comments) == next(comments) == ": still here"


def test_open_streams_end_with_the_server(library: Library) -> None:
    """A viewer that is closed lets every page go; none holds it up."""
    with (
        served(library) as url,
        httpx.Client(headers=BEARER, timeout=PATIENCE_S, trust_env=False) as client,
        client.stream("GET", f"{url}/api/events") as answer,
    ):
        stream = Stream(answer)
        stream.next()
        library.channels.close()

        assert stream.rest() == []


def test_too_many_pages_are_refused(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred pages are kept up to date, and the next one is told to wait."""
    monkeypatch.setattr(channels_module, "MAX_LISTENERS", 0)
    answer = client_of(library).get("/api/events")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert str(MAX_LISTENERS)
    assert answer.json()["error"]["code"] == "busy"


# --- Channels by themselves


def moment(version: str, *numbers: int) -> Moment:
    return Moment(version, {}, {"count": len(numbers), "number": list(numbers), "flags": []})


async def heard(channel: Channel, version: str) -> None:
    while channel.moment is None or channel.moment.version != version:
        await channel.changed(30)


def test_many_listeners_are_one_question() -> None:
    """The store is asked once, whoever listens, and not at all while nobody does."""
    asked: list[str | None] = []
    answered = threading.Event()

    def look(last: Moment | None) -> Moment:
        asked.append(last.version if last else None)
        assert answered.wait(PATIENCE_S)
        return moment(str(len(asked)))

    async def run() -> int:
        channel = Channel(look, interval_s=3600, problems=Problems(None))
        async with AsyncExitStack() as stack:
            for _ in range(10):
                await stack.enter_async_context(channel.listening())
            waiting = [asyncio.create_task(heard(channel, "1")) for _ in range(10)]
            answered.set()
            await asyncio.gather(*waiting)
        first = len(asked)
        async with channel.listening():
            await heard(channel, "2")
        return first

    assert asyncio.run(run()) == 1
    assert asked == [None, "1"]


TORN = Moment("1", {}, {"count": 3, "number": [1]})


@pytest.mark.parametrize(
    ("answers", "reported"),
    [
        ([StoreUnavailable("away"), moment("1")], 0),
        ([ZeroDivisionError("flags"), KeyError("status"), moment("1")], 2),
        # What the store says cannot be compared with what it said before.
        ([TORN, moment("2", 1, 2, 3), moment("3", 1, 2, 3, 4)], 1),
    ],
    ids=["store is away", "a look fails", "a moment is torn"],
)
def test_pages_hear_of_what_comes_after_a_failure(
    answers: list[Moment | Exception], reported: int
) -> None:
    """Whatever a look raises, the next one is taken; what no route tells is reported."""
    coming, problems = iter(answers), Problems(None)
    last = answers[-1]
    assert isinstance(last, Moment)

    def look(_: Moment | None) -> Moment:
        answer = next(coming, last)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run() -> None:
        channel = Channel(look, interval_s=0.001, problems=problems)
        async with asyncio.timeout(PATIENCE_S), channel.listening():
            await heard(channel, last.version)

    asyncio.run(run())

    assert sum(problem.count for problem in problems.all()) == reported


def test_first_change_since_a_version_is_known() -> None:
    """Whoever missed several changes is told the first position that any of them touched."""
    moments = [
        moment("1", 1, 2, 3),
        moment("2", 1, 2, 3, 4),
        moment("3", 1, 9, 3, 4),
        moment("4", 1, 9, 3, 4, 5),
        moment("5", 1, 9),
    ]
    waiting = iter(moments)
    known: dict[str, list[int | None]] = {}

    async def run() -> None:
        channel = Channel(
            lambda last: next(waiting, last or moment("0")),
            interval_s=0.001,
            problems=Problems(None),
        )
        async with channel.listening():
            await heard(channel, "5")
            known["from"] = [channel.changed_from(each) for each in "123450"]

    asyncio.run(run())

    assert known["from"] == [1, 1, 2, 2, 2, None]


def test_quiet_channels_are_forgotten_in_time(library: Library) -> None:
    """A viewer that runs for days does not remember every task that somebody looked at."""

    async def run() -> list[Channel]:
        channels = Channels(library.store, index=library.index, problems=Problems(None))
        seen = []
        for number in range(40):
            async with channels.listening(str(number)) as channel:
                seen.append(channel)
        async with channels.listening("39") as again, channels.listening("0") as other:
            return [seen[39], again, seen[0], other]

    known, again, forgotten, other = asyncio.run(run())

    assert known is again
    assert forgotten is not other
