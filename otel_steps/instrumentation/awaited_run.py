"""One task of an agent whose `run` is awaited, and how it ended."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Tracer

from otel_steps.emit.step_span import StepSpan
from otel_steps.instrumentation.agent_run import AgentRun
from otel_steps.instrumentation.awaited import AgentReader
from otel_steps.instrumentation.awaited_step import AwaitedStep


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
