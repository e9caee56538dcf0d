"""`traced_task` and `traced_step`: functions of every kind, recorded."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import otel_steps

Row = dict[str, Any]


class Phone:
    """An agent that asks its functions in four ways."""

    @otel_steps.traced_step
    def tap(self, x: int, *, y: int = 2) -> dict[str, int]:
        """Tap."""
        return {"x": x, "y": y}

    @otel_steps.traced_task(agent="mine", model="m1")
    def run(self, goal: str) -> str:
        """Run."""
        self.tap(1)
        return f"did {goal}"

    @otel_steps.traced_task
    async def run_async(self, goal: str) -> str:
        """Run, awaited."""
        await asyncio.sleep(0)
        self.tap(1)
        return f"did {goal}"

    @otel_steps.traced_task
    def stream(self, goal: str) -> Generator[int, str, str]:
        """Run, and tell of it."""
        got = yield 1
        self.tap(1)
        return f"{got} {goal}"

    @otel_steps.traced_task
    async def stream_async(self, goal: str) -> AsyncGenerator[int, str]:
        """Run, awaited, and tell of it."""
        try:
            got = yield 1
        except LookupError:
            got = "threw"
        self.tap(1)
        yield len(got)


def _streamed(stream: Generator[int, str, str]) -> str:
    next(stream)
    with pytest.raises(StopIteration) as ended:
        stream.send("did")
    return str(ended.value.value)


async def _streamed_async(stream: AsyncGenerator[int, str]) -> tuple[int, int]:
    return await anext(stream), await stream.asend("did") + await _rest(stream)


async def _rest(stream: AsyncGenerator[int, str]) -> int:
    return len([each async for each in stream])


@pytest.fixture(name="rows")
def _rows(tmp_path: Path, own_pipeline: None) -> Callable[[], list[tuple[Row, list[Row]]]]:
    recording = otel_steps.configure(dir=tmp_path, instrument=False)

    def rows() -> list[tuple[Row, list[Row]]]:
        assert recording.flush()
        with closing(otel_steps.open_store(recording.settings.store)) as store:
            return [(task, store.steps(task["task_id"])) for task in store.tasks()]

    return rows


@pytest.mark.parametrize(
    ("run", "returned", "result"),
    [
        (lambda phone: phone.run("it"), "did it", "did it"),
        (lambda phone: asyncio.run(phone.run_async("it")), "did it", "did it"),
        (lambda phone: _streamed(phone.stream("it")), "did it", "did it"),
        (lambda phone: asyncio.run(_streamed_async(phone.stream_async("it"))), (1, 3), None),
    ],
    ids=["function", "coroutine", "generator", "asynchronous generator"],
)
def test_functions_of_every_kind(
    rows: Any, run: Callable[[Phone], Any], returned: Any, result: str | None
) -> None:
    """They give what they gave, and are a task with its step."""
    assert run(Phone()) == returned

    ((task, (step,)),) = rows()
    assert (task["task_description"], task["status"], task["result"]) == ("it", "completed", result)
    assert step["action"] == {"action": "tap", "x": 1}
    assert step["action_result"] == {"x": 1, "y": 2}


def test_a_function_stays_what_it_was() -> None:
    """Frameworks look at kind, name, signature and docstring."""
    assert inspect.iscoroutinefunction(Phone.run_async)
    assert inspect.isgeneratorfunction(Phone.stream)
    assert inspect.isasyncgenfunction(Phone.stream_async)
    assert (Phone.run.__name__, Phone.run.__doc__) == ("run", "Run.")
    assert [*inspect.signature(Phone.tap).parameters] == ["self", "x", "y"]


def test_what_is_thrown_in_arrives(rows: Any) -> None:
    """A reader that throws reaches the generator itself."""

    async def run() -> int:
        stream = Phone().stream_async("it")
        await anext(stream)
        return await stream.athrow(LookupError())

    assert asyncio.run(run()) == len("threw")
    ((_, steps),) = rows()
    assert len(steps) == 1


def test_an_exception_fails_step_and_task_and_goes_on(rows: Any) -> None:
    """The very same object."""
    error = ValueError("no button")

    @otel_steps.traced_step(name="press", step_type="validation")
    def press(*buttons: str, **options: object) -> None:
        raise error

    @otel_steps.traced_task(description="press it")
    def run() -> None:
        press("a", "b", hard=True)

    with pytest.raises(ValueError, match="no button") as raised:
        run()

    assert raised.value is error
    ((task, (step,)),) = rows()
    assert (task["task_description"], task["status"]) == ("press it", "failed")
    assert (step["success"], step["step_type"]) == (False, "validation")
    assert step["action"] == {"action": "press", "buttons": ["a", "b"], "options": {"hard": True}}


def test_a_reader_that_stops_cancels_the_task(rows: Any) -> None:
    """And the generator is closed."""
    stream = Phone().stream("it")
    next(stream)
    stream.close()

    ((task, _),) = rows()
    assert task["status"] == "cancelled"


def test_a_call_that_fits_no_parameters_raises_its_own_error(rows: Any) -> None:
    """What Python says is what the caller reads."""
    with pytest.raises(TypeError, match=r"tap\(\) missing 1 required positional argument: 'x'"):
        Phone().tap()  # type: ignore[call-arg]

    ((_, (step,)),) = rows()
    assert step["success"] is False
