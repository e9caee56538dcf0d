"""One task of an agent whose `run` is awaited, and how it ended."""

import asyncio
from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Tracer

from otel_steps.emit.content_switch import captures
from otel_steps.emit.screen_step import show_screen
from otel_steps.emit.step_attributes import said
from otel_steps.emit.step_span import StepSpan
from otel_steps.instrumentation.agent_run import AgentRun
from otel_steps.instrumentation.awaited import AgentReader
from otel_steps.instrumentation.awaited_step import AwaitedStep
from otel_steps.instrumentation.step_run import StepRun

# A picture takes a tenth of that; a browser that does not answer must not keep its agent.
MAX_LOOK_S = 2.0


class AwaitedRun(AgentRun):
    """
    One task, of which the agent itself knows how it ended.

    Args:
        tracer: Makes the spans.
        reader: Reads what the agent says.
        agent: Whose task it is.
        kwargs: Of its `run` or `step`.
        is_implicit: True for a loop of bare steps.
    """

    def __init__(
        self,
        tracer: Tracer,
        reader: AgentReader,
        agent: Any,
        kwargs: Mapping[str, Any],
        *,
        is_implicit: bool,
    ) -> None:
        facts = reader.facts(agent, kwargs)
        super().__init__(tracer, facts, reader.task(agent), is_implicit=is_implicit, agent=agent)
        self._reader = reader
        self._is_unseen = False  # what the last step has led to

    def end_step(self, step: StepRun) -> None:
        """Remember how *step* ended, and whether anybody has seen what it has led to."""
        super().end_step(step)
        if isinstance(step, AwaitedStep):
            self._is_unseen = step.has_changed or (self._is_unseen and not step.has_seen)

    async def see_last_screen(self) -> None:
        """
        Show what the last step has led to, if no step has; what keeps that from it is raised.

        A step in flight sees for itself, and a screen that is gone is not waited for.
        """
        is_gone = self._last is not None and self._last.kind == "device_error"
        if not self._is_unseen or is_gone or self.step is not None or not captures("screenshot"):
            return
        self._is_unseen = False
        taking = self._reader.last_screen(self._agent())
        screen = await asyncio.wait_for(taking, MAX_LOOK_S)
        show_screen(self._tracer, self.task, screen.picture, known=said(app=screen.app))

    def returned(self, result: Any) -> None:
        """End the task, whose agent is still there: it has just returned *result*."""
        status, text, reason = self._reader.ending(self._agent(), self._last, self._facts)
        mask = self._facts.mask
        self._finish(
            status,
            result=mask(text) if text is not None else None,
            error_message=mask(reason) if reason is not None else None,
        )

    def _id_of(self, agent: Any) -> str | None:
        return self._facts.task_id

    def _make_step(self, span: StepSpan, agent: Any) -> AwaitedStep:
        return AwaitedStep(span, agent, reader=self._reader, facts=self._facts)
