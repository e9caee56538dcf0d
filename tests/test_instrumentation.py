"""The instrumentor with agents of the same shape that live elsewhere, down to odd ones."""

import base64
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_steps
from otel_steps import semconv
from otel_steps.config import CONTENT_PARTS
from otel_steps.emit import content_switch, protection
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor, instrument_agent_module
from tests.pictures import png

PNG = base64.b64encode(png()).decode()

# A module is patched as a whole, so each test has one of its own.
SOURCE = '''
class Agent:
    """A PhoneAgent in all but name; it cannot be hashed, and is equal to any other."""

    def __init__(self, client, handler):
        self.model_client, self.action_handler = client, handler
        self.messages = [{"role": "user", "content": "look"}]

    __hash__ = None

    def __eq__(self, other):
        return True

    def run(self, task):
        result = self._execute_step(task, True)
        while not result.finished:
            result = self._execute_step()
        return result.message

    def reset(self):
        """Forget."""

    def _execute_step(self, user_prompt=None, is_first=False):
        get_screenshot()
        get_current_app()
        response = self.model_client.request(self.messages)
        action = parse_action(response.action)
        result = self.action_handler.execute(action)
        result.finished = action.get("last", False)
        return result


def get_screenshot():
    return shoot()


class Unrelated:
    """Not an agent."""

    def run(self):
        return "untouched"
'''


@dataclass
class Result:
    """What an action, and here a step too, returns."""

    success: bool = True
    message: Any = None
    finished: bool = False


class Client:
    """A model that answers what it was given beforehand, or raises it."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)

    def request(self, messages: Any, attempts: int = 1) -> Any:
        if attempts > 1:
            return self.request(messages, attempts - 1)
        reply = self.replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        return SimpleNamespace(thinking=None if messages is None else "so be it", action=reply)


class Handler:
    """Does what an action says in `do`."""

    def execute(self, action: Any) -> Any:
        return action["do"]() if "do" in action else Result()


def parse_action(response: Any) -> Any:
    """Return the action that the model's reply is."""
    if isinstance(response, str):
        raise ValueError(f"no action: {response}")
    return response


@pytest.fixture
def module() -> ModuleType:
    """Return a module with an agent, as a fork has it."""
    made = ModuleType("a_fork.agent")
    vars(made).update(
        parse_action=parse_action,
        shoot=lambda: SimpleNamespace(base64_data=PNG, is_sensitive=False),
        get_current_app=lambda: "Settings",
    )
    exec(SOURCE, vars(made))
    return made


@pytest.fixture
def exporter(module: ModuleType) -> Iterator[InMemorySpanExporter]:
    """Instrument *module*; return where its spans go."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    PhoneAgentInstrumentor().instrument(tracer_provider=provider)
    instrument_agent_module(module)
    yield exporter
    PhoneAgentInstrumentor().uninstrument()


def named(exporter: InMemorySpanExporter, name: str) -> list[dict[str, Any]]:
    """Return the attributes of the ended spans whose name begins with *name*."""
    ended: tuple[ReadableSpan, ...] = exporter.get_finished_spans()
    return [dict(span.attributes or {}) for span in ended if span.name.startswith(name)]


def test_module_elsewhere_is_watched(module: ModuleType, exporter: InMemorySpanExporter) -> None:
    """An agent of a fork is recorded like the one it comes from, and what is no agent is not."""
    agent = module.Agent(Client({"action": "Tap"}, {"action": "Back", "last": True}), Handler())

    assert agent.run("x") is None
    assert module.Unrelated().run() == "untouched"
    first, _ = named(exporter, "step")
    assert first[semconv.STEP_APP] == "Settings"
    assert first[semconv.SCREENSHOT_MIME_TYPE] == "image/png"
    assert first[semconv.STEP_THINKING] == "so be it"
    assert first[semconv.STEP_ACTION_NAME] == "Tap"
    (task,) = named(exporter, "invoke_agent")
    assert task[semconv.TASK_STATUS] == "completed"
    assert json.loads(task[semconv.TASK_CONFIG])["agent"] == "a_fork.agent.Agent"


def test_module_offered_early_is_watched_later(module: ModuleType) -> None:
    """A module may be named before the instrumentor is active, and again; both are harmless."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    before = dict(vars(module))
    instrument_agent_module(module)
    assert vars(module)["parse_action"] is before["parse_action"]
    PhoneAgentInstrumentor().instrument(tracer_provider=provider)
    instrument_agent_module(module)
    module.Agent(Client({"last": True}), Handler()).run("x")
    PhoneAgentInstrumentor().uninstrument()

    assert len(named(exporter, "step")) == 1
    assert all(vars(module)[name] is value for name, value in before.items())


def test_client_may_be_called_in_a_thread_of_its_own(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A model call that the agent makes in another thread belongs to the step all the same."""
    agent = module.Agent(Client({"action": "Tap", "last": True}), Handler())
    with ThreadPoolExecutor(1) as pool:
        agent.model_client = Threaded(agent.model_client, pool)
        agent.run("x")

    assert named(exporter, "step")[0][semconv.STEP_THINKING] == "so be it"


class Threaded(Client):
    """A model whose `request` the agent reaches through a thread."""

    def __init__(self, client: Client, pool: ThreadPoolExecutor) -> None:
        super().__init__(*client.replies)
        self.pool = pool

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        is_outside = threading.current_thread() is threading.main_thread()
        if name == "request" and is_outside and "request" in vars(self):
            return lambda messages: self.pool.submit(value, messages).result()
        return value


def test_call_that_calls_itself_is_one_call(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A client that tries again by calling itself gives one span of a model call."""

    class Persistent(Client):
        def request(self, messages: Any, attempts: int = 3) -> Any:
            return super().request(messages, attempts)

    module.Agent(Persistent({"last": True}), Handler()).run("x")

    assert len(named(exporter, "chat")) == 1


def test_retry_that_succeeds_is_a_success(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A model call and a reply that failed at first leave a step that succeeds no failure."""
    agent = module.Agent(Client(OSError("down"), "no action", {"last": True}), Handler())
    client, parse = agent.model_client, module.parse_action

    class Patient(type(agent)):  # type: ignore[misc]
        def _execute_step(self, *args: Any) -> Any:
            for attempt in (client.request, lambda _: parse("no action")):
                with pytest.raises((OSError, ValueError)):
                    attempt([])
            client.replies.pop(0)
            return super()._execute_step(*args)

    patient = Patient(client, Handler())
    patient.run("x")

    (step,) = named(exporter, "step")
    assert step[semconv.STEP_SUCCESS] is True
    assert semconv.STEP_ERROR_KIND not in step


def test_error_after_the_reply_is_about_the_action(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """What raises between reply and action is no fault of the phone."""
    agent = module.Agent(Client(["a list has no get"]), Handler())
    with pytest.raises(AttributeError):
        agent.run("x")
    agent = module.Agent(Client(OSError("down")), Handler())
    with pytest.raises(OSError, match="down"):
        agent.run("x")

    assert [step[semconv.STEP_ERROR_KIND] for step in named(exporter, "step")] == [
        *("action_error", "model_error")
    ]


def test_steps_outside_any_loop_are_ended_by_uninstrument(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A loop of steps that is under way when the instrumentor goes is cancelled."""
    agent = module.Agent(Client({"action": "Tap"}, {"action": "Tap"}), Handler())
    agent._execute_step("x", is_first=True)
    PhoneAgentInstrumentor().uninstrument()
    agent._execute_step()

    (task,) = named(exporter, "invoke_agent")
    assert task[semconv.TASK_STATUS] == "cancelled"
    assert len(named(exporter, "step")) == 1


def test_uninstrument_in_the_middle_of_a_step_ends_it(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """Steps and tasks that are under way when the instrumentor goes still end, once."""
    stop = PhoneAgentInstrumentor().uninstrument
    action = {"action": "Tap", "do": lambda: stop() or Result(), "last": True}
    agent = module.Agent(Client(action), Handler())
    agent.run("x")

    assert len(named(exporter, "step")) == 1
    assert named(exporter, "invoke_agent")[0][semconv.TASK_STATUS] == "completed"


def test_uninstrument_in_the_middle_of_a_bare_step_ends_it(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """So do a bare step and the task that it belongs to."""
    stop = PhoneAgentInstrumentor().uninstrument
    kept = module.Agent.__init__
    action = {"action": "Tap", "do": lambda: stop() or Result()}
    agent = module.Agent(Client(action), Handler())
    agent._execute_step("x", is_first=True)
    kept(agent, Client(), Handler())

    assert named(exporter, "step")[0][semconv.STEP_SUCCESS] is True
    assert named(exporter, "invoke_agent")[0][semconv.TASK_STATUS] == "cancelled"


def test_screenshot_that_raises_is_a_device_error(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A screenshot that the device refuses ends the step, which says why."""

    def fail() -> Any:
        raise OSError("no device")

    module.shoot = fail
    with pytest.raises(OSError, match="no device"):
        module.Agent(Client(), Handler()).run("x")

    step = named(exporter, "step")[0]
    assert step[semconv.STEP_ERROR_KIND] == "device_error"
    assert step[semconv.ERROR_TYPE] == "OSError"


def test_call_that_belongs_to_no_step_passes(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A shared client that a third party calls while two agents are at work just answers."""
    client = Client({"action": "Tap", "last": True}, {"action": "Tap", "last": True}, "free")
    answers: list[Any] = []

    def call_from_outside() -> Any:
        with ThreadPoolExecutor(1) as pool:
            answers.append(pool.submit(client.request, []).result().action)
        return Result()

    def run_another() -> Any:
        client.replies[0]["do"] = call_from_outside
        module.Agent(client, Handler()).run("inner")
        return Result()

    client.replies[0]["do"] = run_another
    module.Agent(client, Handler()).run("outer")

    assert answers == ["free"]
    assert len(named(exporter, "step")) == 2
    assert len(named(exporter, "chat")) == 2


def test_content_that_is_switched_off_is_not_recorded(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """With no content captured neither picture, thinking, action, result nor reply is set."""
    content_switch.set_capture(frozenset())
    try:
        module.Agent(Client({"action": "Type", "text": "secret", "last": True}), Handler()).run("x")
        with pytest.raises(ValueError, match="secret"):
            module.Agent(Client("secret"), Handler()).run("x")
    finally:
        content_switch.set_capture(CONTENT_PARTS)

    first, second = named(exporter, "step")
    assert first[semconv.STEP_ACTION_NAME] == "Type"
    assert second[semconv.STEP_ERROR_MESSAGE] == "the model's reply is not an action"
    assert not semconv.CONTENT_ATTRIBUTES & {*first, *second}
    assert semconv.SCREENSHOT_SHA256 not in first
    assert "secret" not in json.dumps([first, second])


@pytest.mark.parametrize(
    ("content", "app", "error"),
    [
        ([{"type": "text", "text": 'go\n\n{"current_app": "微信"}'}], "微信", None),
        ([{"type": "text", "text": '{"current_app": '}], None, None),
        ([{"type": "text", "text": '{"current_app": 3}'}], None, None),
        ([{"type": "image_url", "image_url": f"data:image/png;base64,{PNG}"}], None, None),
        (
            [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
            None,
            "not a P",
        ),
        ([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}], None, None),
        ([{"type": "image_url", "image_url": None}, "text"], None, None),
        ("text", None, None),
    ],
)
def test_odd_messages_are_read_with_care(
    module: ModuleType,
    exporter: InMemorySpanExporter,
    content: Any,
    app: str | None,
    error: str | None,
) -> None:
    """Whatever the message to the model looks like, what is in it is found and nothing else."""
    module.get_screenshot = module.get_current_app = lambda: None
    agent = module.Agent(Client({"last": True}), Handler())
    agent.messages = [{"role": "user", "content": content}]
    agent.run("x")

    (step,) = named(exporter, "step")
    assert step.get(semconv.STEP_APP) == app
    assert (semconv.SCREENSHOT_SHA256 in step) is (PNG in str(content))
    assert (error or "") in step.get(semconv.SCREENSHOT_ERROR, "")
    assert (semconv.SCREENSHOT_ERROR in step) is (error is not None)


def test_messages_that_are_none_are_no_problem(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """An agent that sends something else than messages is recorded without a picture from there."""
    module.get_screenshot = lambda: None
    agent = module.Agent(Client({"last": True}), Handler())
    agent.messages = None
    agent.run("x")

    assert named(exporter, "step")[0][semconv.STEP_SUCCESS] is True


def test_failed_result_without_a_word_says_so(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A failure that the agent does not explain is a failure."""
    action = {"action": "Tap", "do": lambda: Result(success=False), "last": True}
    module.Agent(Client(action), Handler()).run("x")

    (step,) = named(exporter, "step")
    assert step[semconv.STEP_ERROR_MESSAGE] == "the agent did not say why"
    assert named(exporter, "invoke_agent")[0][semconv.TASK_STATUS] == "failed"


def test_refusal_counts_even_if_the_agent_goes_on(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A step that a person refused is refused, whatever its result says; the task may go on."""

    class Asking(Handler):
        def confirmation_callback(self, message: str) -> bool:
            return False

        def execute(self, action: Any) -> Any:
            self.confirmation_callback(message="pay?")
            return Result()

    module.Agent(Client({"action": "Tap", "last": True}), Asking()).run("x")

    (step,) = named(exporter, "step")
    assert step[semconv.STEP_ERROR_KIND] == "refused"
    assert json.loads(step[semconv.STEP_DATA])["confirmation"]["message"] == "pay?"
    assert named(exporter, "invoke_agent")[0][semconv.TASK_STATUS] == "cancelled"


def test_shim_that_somebody_replaced_is_left_alone(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A method that is replaced in the middle of a step keeps its replacement."""
    client = Client({"action": "Tap", "last": True})
    replacement = client.request
    action = client.replies[0]
    action["do"] = lambda: setattr(client, "request", replacement) or Result()
    module.Agent(client, Handler()).run("x")

    assert vars(client)["request"] is replacement


def test_run_that_makes_no_step_is_a_task(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A `run` that returns at once is a completed task, one that raises a failed one."""

    class Idle(module.Agent):  # type: ignore[misc,name-defined]
        def run(self, task: Any) -> Any:
            if task is None:
                raise LookupError("nothing to do")
            return {"answer": 42}

    Idle(Client(), Handler()).run(task="x")
    with pytest.raises(LookupError):
        Idle(Client(), Handler()).run(None)

    done, failed = named(exporter, "invoke_agent")
    assert done[semconv.TASK_RESULT] == '{"answer":42}'
    assert failed[semconv.TASK_STATUS] == "failed"
    assert failed[semconv.TASK_ERROR_MESSAGE] == "LookupError: nothing to do"
    assert failed[semconv.ERROR_TYPE] == "LookupError"


def test_run_that_takes_no_step_and_says_why_is_no_success(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """A text that no step has brought is what stood in the way; what was done inside counts."""

    class Refusing(module.Agent):  # type: ignore[misc,name-defined]
        def run(self, task: Any) -> Any:
            return "no device is connected"

    class Boss(module.Agent):  # type: ignore[misc,name-defined]
        def run(self, task: Any) -> Any:
            module.Agent(Client({"last": True}), Handler()).run("inner")
            return "done"

    Refusing(Client(), Handler()).run("x")
    Boss(Client(), Handler()).run("x")

    refused, inner, boss = named(exporter, "invoke_agent")
    assert refused[semconv.TASK_STATUS] == "failed"
    assert "no device is connected" in refused[semconv.TASK_ERROR_MESSAGE]
    assert (inner[semconv.TASK_STATUS], boss[semconv.TASK_STATUS]) == ("completed", "completed")
    inner_span, boss_span = exporter.get_finished_spans()[-2:]
    assert inner_span.parent is not None
    assert inner_span.parent.span_id == boss_span.context.span_id


def test_loop_that_reaches_the_limit_has_ended(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """At once; who goes on all the same goes on with the same task, and may complete it."""
    taps = [{"action": "Tap"}] * 3
    agent = module.Agent(Client(*taps, {"action": "Back", "last": True}), Handler())
    agent.agent_config = SimpleNamespace(max_steps=2)
    agent._execute_step("x", is_first=True)
    agent._execute_step()
    (at_limit,) = named(exporter, "invoke_agent")
    agent._execute_step()
    agent._execute_step()

    assert at_limit[semconv.TASK_STATUS] == "max_steps"
    _, beyond = named(exporter, "invoke_agent")
    assert beyond[semconv.TASK_STATUS] == "completed"
    assert [each[semconv.TASK_DESCRIPTION] for each in (at_limit, beyond)] == ["x", "x"]
    steps = named(exporter, "step")
    assert [step[semconv.STEP_NUMBER] for step in steps] == [1, 2, 3, 4]
    assert {step[semconv.TASK_ID] for step in steps} == {at_limit[semconv.TASK_ID]}


@pytest.mark.parametrize("taken", [2, 3])
def test_loop_that_is_left_beyond_the_limit_has_reached_it(
    module: ModuleType, exporter: InMemorySpanExporter, taken: int
) -> None:
    """By a reset, after as many steps as the agent may take or more."""
    agent = module.Agent(Client(*[{"action": "Tap"}] * taken), Handler())
    agent.agent_config = SimpleNamespace(max_steps=2)
    for number in range(taken):
        agent._execute_step("x", is_first=number == 0)
    agent.reset()

    assert {task[semconv.TASK_STATUS] for task in named(exporter, "invoke_agent")} == {"max_steps"}


def test_second_run_under_a_fixed_id_is_a_task_of_its_own(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """The id that an agent keeps names its first task; later ones are counted."""
    agent = module.Agent(Client(*[{"last": True}] * 3), Handler())
    agent._task_id = "kept by the agent"
    for task in ("first", "second", "third"):
        agent.run(task)

    assert [
        (task[semconv.TASK_ID].removeprefix("kept by the agent"), task[semconv.TASK_DESCRIPTION])
        for task in named(exporter, "invoke_agent")
    ] == [("", "first"), ("-2", "second"), ("-3", "third")]


def test_agent_may_name_its_task_after_its_run_has_begun(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """By its own id or by the tracker that it holds; what is done before belongs to the task."""

    class Naming(module.Agent):  # type: ignore[misc,name-defined]
        def run(self, task: Any) -> Any:
            self.name()
            with otel_steps.step(step_type="validation", task=None):
                pass
            return super().run(task)

    for given in ("_task_id", "tracker"):
        agent = Naming(Client({"last": True}), Handler())
        named_so = f"named by {given}"
        tracker = otel_steps.StepTracker(named_so, enable_database=False)
        value = tracker if given == "tracker" else named_so
        agent.name = lambda agent=agent, given=given, value=value: setattr(agent, given, value)
        agent.run("x")

    ids = ["named by _task_id", "named by tracker"]
    assert [task[semconv.TASK_ID] for task in named(exporter, "invoke_agent")] == ids


SCREEN = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]


@pytest.mark.parametrize("asides", [["never mind"], [OSError("down")], [OSError("down"), "so"]])
def test_call_of_the_model_beside_the_point_changes_nothing(
    module: ModuleType, exporter: InMemorySpanExporter, asides: list[Any]
) -> None:
    """Once the model has seen the screen, one that shows it none is a repair or a summary."""

    class Talkative(Handler):
        def execute(self, action: Any) -> Any:
            for _ in asides:
                try:
                    agent.model_client.request([{"role": "user", "content": "sum up"}])
                except OSError as error:
                    assert str(error) == "down"  # noqa: PT017 - the agent takes it in its stride
            return super().execute(action)

    class Thinking(Client):
        def request(self, messages: Any, attempts: int = 1) -> Any:
            response = super().request(messages, attempts)
            response.thinking = "aside" if messages[-1]["content"] == "sum up" else "to the point"
            return response

    agent = module.Agent(Thinking({"action": "Tap", "last": True}, *asides), Talkative())
    agent.messages = [{"role": "user", "content": SCREEN}]
    agent.run("x")

    (step,) = named(exporter, "step")
    assert step[semconv.STEP_THINKING] == "to the point"
    assert step[semconv.STEP_SUCCESS] is True
    assert semconv.STEP_ERROR_KIND not in step
    assert len(named(exporter, "chat")) == 1 + len(asides)


def test_tracker_inside_a_step_adds_what_is_missing(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """Two records, one row; what was seen stays, a failure that only the tracker knows counts."""
    tracker = otel_steps.StepTracker("t", enable_database=False)

    def track() -> Result:
        started = tracker.start_step("thinking", {"plan": 1})
        tracker.record_step(
            "validation", {"found": 2}, "another thought", success=False, error_message="wrong page"
        )
        tracker.finish_step(started, metadata={"try": 3})
        return Result()

    module.Agent(Client({"action": "Tap", "do": track, "last": True}), Handler()).run("x")

    (step,) = named(exporter, "step")
    assert json.loads(step[semconv.STEP_DATA]) == {"plan": 1, "found": 2}
    assert json.loads(step[semconv.STEP_METADATA]) == {"try": 3}
    assert step[semconv.STEP_THINKING] == "so be it"
    assert (step[semconv.STEP_TYPE], step[semconv.STEP_NUMBER]) == ("action", 1)
    assert step[semconv.STEP_ERROR_MESSAGE] == "wrong page"
    assert [each.step_number for each in tracker.steps] == [1, 1]
    assert len({each.step_id for each in tracker.steps}) == 1
    assert (tracker.total_steps, tracker.failed_steps) == (2, 1)


def test_failure_of_the_observation_is_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails on our side is told once, without its message, and counted afterwards."""
    monkeypatch.setattr(protection, "_silence", protection._Silence())
    with caplog.at_level(logging.WARNING, logger=protection.__name__):
        for _ in range(3):
            with protection.unharmed("look"):
                raise RuntimeError("a secret")

    (record,) = caplog.records
    assert record.getMessage().startswith("could not look: RuntimeError")
    assert "secret" not in caplog.text


def test_stop_request_is_not_kept_by_the_border() -> None:
    """Ctrl-C in the middle of our own work stops the program as it should."""
    with pytest.raises(KeyboardInterrupt), protection.unharmed("look"):
        raise KeyboardInterrupt


def test_agent_whose_facts_cannot_be_read_still_runs(
    module: ModuleType, exporter: InMemorySpanExporter
) -> None:
    """An agent that raises when it is asked for its configuration runs unrecorded."""

    class Shy(module.Agent):  # type: ignore[misc,name-defined]
        @property
        def agent_config(self) -> Any:
            raise RuntimeError("not now")

    assert Shy(Client({"last": True}), Handler()).run("x") is None
    assert named(exporter, "invoke_agent") == []
