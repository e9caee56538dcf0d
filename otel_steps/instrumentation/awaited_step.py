"""One step of an agent that looks, asks its model and acts, all of it awaited."""

import asyncio
import time
from functools import partial
from typing import Any, Final

from otel_steps import semconv
from otel_steps.emit.content_switch import error_text
from otel_steps.emit.protection import unharmed
from otel_steps.emit.step_span import StepSpan
from otel_steps.instrumentation.agent_facts import AgentFacts
from otel_steps.instrumentation.awaited import AgentReader, Done, Size
from otel_steps.instrumentation.begun_call import BegunCall
from otel_steps.instrumentation.call_content import tool_result
from otel_steps.instrumentation.call_watch import Watching
from otel_steps.instrumentation.outcome import Failure, failure_of
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs, StepRun
from otel_steps.pictures import texts

_STOPPED: Final = "the agent was told to stop or to pause"


class AwaitedStep(StepRun):
    """
    Observes the three calls that make a step; agents of this kind catch what goes wrong in them.

    Args:
        span: The span of the step.
        agent: Whose step it is.
        reader: Reads what the agent says.
        facts: What is known of it.

    Attributes:
        called_s: When it was called, by the clock of the event loop in seconds.
        has_seen: Whether it has seen the screen as it was when it began.
        has_changed: Whether it may have left another one.
    """

    _is_async = True

    def __init__(
        self, span: StepSpan, agent: Any, *, reader: AgentReader, facts: AgentFacts
    ) -> None:
        super().__init__(span, agent, model=facts.model, mask=facts.mask)
        self.called_s = time.monotonic()
        self.has_seen = self.has_changed = False
        self._reader = reader
        self._provider = reader.provider(agent)
        self._tokens_before = reader.tokens(agent)
        self._state: Any = None
        self._size: Size | None = None
        self._failure: Failure | None = None
        self._tool: BegunCall | None = None
        # What it means where the step fails now: it looks, and then it asks, and then it acts.
        self._at: semconv.ErrorKind = "device_error"

    def look(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch what takes the picture."""
        watching = Watching(
            before=lambda: None,
            spent=lambda ms: self._spend(semconv.TIMING_SCREENSHOT_MS, ms),
            returned=self._see_screen,
            raised=self._fail,
        )
        call = partial(wrapped, *args, **kwargs)
        return self._watch_awaited(semconv.TIMING_SCREENSHOT_MS, call, watching)

    def ask(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch what asks the model."""
        watching = Watching(
            before=self._begin_asking,
            spent=lambda ms: self._spend(semconv.TIMING_MODEL_MS, ms),
            content=lambda _: self._see_tokens(),
            returned=lambda _: self._see_decision(),
            raised=self._fail,
        )
        call = partial(wrapped, *args, **kwargs)
        return self._watch_awaited(semconv.TIMING_MODEL_MS, call, watching)

    def act(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch what does the actions."""
        watching = Watching(
            before=self._begin_acting,
            spent=lambda ms: self._spend(semconv.TIMING_ACTION_MS, ms),
            content=self._result_content,
            returned=lambda _: None,  # the agent may make another result of it
            raised=self._fail,
        )
        call = partial(wrapped, *args, **kwargs)
        return self._watch_awaited(semconv.TIMING_ACTION_MS, call, watching)

    def returned(self, result: Any) -> None:
        """End the step, of which the agent itself knows the results by now."""
        with unharmed("record the results of a step"):
            # What is there before it has looked is left from the step before.
            if self._state is not None:
                self._see_results(self._reader.done(self._reader.last_results(self._agent)))
            self._outcome.failure = self._failure
        self._end()

    def raised(self, error: BaseException) -> None:
        """End the step, which *error* has left."""
        with unharmed("record the failure of a step"):
            limit_s = self._reader.step_limit_s(self._agent)
            is_late = (
                isinstance(error, asyncio.CancelledError)
                and limit_s is not None
                and round(time.monotonic() - self.called_s, 3) >= limit_s
            )
            if is_late:
                message = f"the step took longer than its limit of {limit_s:g} s"
                self._failure = Failure(self._at, message, error)
            self._outcome.failure = self._failure or failure_of(self._at, error, self._mask)
            # The agent goes on after a step that it has given up itself.
            self._outcome.is_finished = not is_late
        self._end()

    def _end(self) -> None:
        with unharmed("record the tokens of a step"):
            self._span.set_attributes(self._tokens_spent())
        super()._end()

    def _fail(self, error: BaseException) -> None:
        # A cancellation is told by the step as a whole, which knows whose it was.
        if self._failure is None and isinstance(error, Exception):
            kind = self._reader.error_kind(error) or self._at
            self._failure = (
                Failure(kind, _STOPPED, error)
                if kind == "interrupted"
                else failure_of(kind, error, self._mask)
            )

    def _see_screen(self, state: Any) -> None:
        self._state = state
        picture, app = self._reader.screen(state)
        self._see_app(app)
        if picture is not None:
            self._has_picture = self.has_seen = True
            self._size = texts.size_of(picture)
            self._span.set_screenshot(lambda: texts.from_base64(picture))

    def _begin_asking(self) -> BegunCall | None:
        self._at = "model_error"
        self._span.changed()
        return self._chat()

    def _see_decision(self) -> None:
        self._at = "action_error"
        # Before the agent goes on, the picture that the model has seen is on disk.
        self._span.await_picture()
        decision = self._reader.decision(self._agent, self._state, self._size)
        if decision.no_action is not None:
            self._failure = Failure("parse_error", decision.no_action)
        self._decision = decision
        self._data.update(decision.data)
        if len(decision.actions) > 1:
            self._data["actions"] = decision.actions
        first = decision.actions[0] if decision.actions else None
        self._span.tell(thinking=decision.thinking, action=first, data=self._data or None)

    def _begin_acting(self) -> BegunCall | None:
        self.has_changed = True
        self._tool = self._act(self._decision.actions[0])
        return self._tool

    def _result_content(self, results: Any) -> dict[str, str]:
        done = self._reader.done(results)
        if done.error is not None and self._tool is not None:
            self._tool.fail("action_error")
        return tool_result(self._masked(done.results[0])) if done.results else {}

    def _see_results(self, done: Done) -> None:
        if done.error is not None and self._failure is None:
            self._failure = Failure("action_error", self._mask(error_text(done.error)))
        self._outcome.is_finished = done.is_finished
        if done.is_finished and len(done.results) == 1:
            self.has_changed = False  # it has done nothing but say so
        if len(done.results) > 1:
            self._data["results"] = self._masked(done.results)
            self._span.tell(data=self._data)
        if done.results:
            self._span.tell(action_result=self._masked(done.results[0]))

    def _see_tokens(self) -> dict[str, int]:
        spent = self._tokens_spent()
        self._exchange.tokens |= spent
        return spent

    def _tokens_spent(self) -> dict[str, int]:
        spent = [
            now - before
            for now, before in zip(
                self._reader.tokens(self._agent), self._tokens_before, strict=True
            )
        ]
        keys = (semconv.GEN_AI_USAGE_INPUT_TOKENS, semconv.GEN_AI_USAGE_OUTPUT_TOKENS)
        return dict(zip(keys, spent, strict=True)) if any(spent) else {}

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._mask(value)
        if isinstance(value, dict):
            return {key: self._masked(each) for key, each in value.items()}
        return [self._masked(each) for each in value] if isinstance(value, list | tuple) else value

    def _place_shims(self) -> None:
        """Place none: what is watched is wrapped where the agent's class has it."""
