"""What is heard in a trace of the task that it is for, in whatever order it is heard."""

from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.operation import Operation
from otel_steps.foreign_spans.told import conversation, ending

# It waits in memory for the end of its task, among that of others.
_MAX_CHARS: Final = 8_000


class Overheard:
    """
    What was asked first and answered last, by which model and which agent, and how that ended.

    The first call of a model is asked what the agent is, and the last one's answer is the agent's.
    A root without a name, as a workflow may be, has that of the first agent below it.
    """

    def __init__(self) -> None:
        # By its key, when it was said and what.
        self._known: dict[str, tuple[int, str]] = {}

    def hear(self, operation: Operation) -> None:
        """Take in what *operation* says of the task, whatever it is."""
        said, span = operation.said, operation.span
        begun, ended = span.start_time_unix_nano, -span.end_time_unix_nano
        if operation.kind in ("agent", "model") and span.parent_span_id is not None:
            # Whoever asks a model afterwards has got over what its agent could not do.
            is_over = operation.kind == "agent"
            how = ending(operation) if is_over else {semconv.TASK_STATUS: "completed"}
            for key in (semconv.TASK_STATUS, semconv.TASK_ERROR_MESSAGE):
                self._keep(key, how.get(key) or "", ended)
        if operation.kind == "agent":
            self._keep(semconv.GEN_AI_AGENT_NAME, said.get(semconv.GEN_AI_AGENT_NAME), begun)
            self._keep_talk(operation)
        elif operation.kind == "model":
            self._keep(semconv.GEN_AI_REQUEST_MODEL, said.get(semconv.GEN_AI_REQUEST_MODEL), begun)
            self._keep_talk(operation)
        elif operation.kind == "part":
            asked = conversation(operation)[semconv.TASK_DESCRIPTION]
            self._keep(semconv.TASK_DESCRIPTION, asked, begun)
        elif operation.kind == "group" and span.parent_span_id is None:
            # What all of a trace is done in knows what for, if it says so in words.
            asked = conversation(operation)[semconv.TASK_DESCRIPTION]
            if asked and not asked.startswith(("{", "[")):
                self._keep(semconv.TASK_DESCRIPTION, asked, begun)

    def facts(self) -> dict[str, str]:
        """Return what is known, by the key of the task's attribute."""
        return {key: text for key, (_, text) in self._known.items() if text}

    def _keep_talk(self, operation: Operation) -> None:
        """Keep what was asked first and answered last, by whomever."""
        told, span = conversation(operation), operation.span
        asked, answered = told[semconv.TASK_DESCRIPTION], told[semconv.TASK_RESULT]
        self._keep(semconv.TASK_DESCRIPTION, asked, span.start_time_unix_nano)
        self._keep(semconv.TASK_RESULT, answered, -span.end_time_unix_nano)

    def _keep(self, key: str, value: Any, rank: int) -> None:
        """Keep *value* unless one of a lower rank is known; any order ends with the same."""
        if isinstance(value, str):
            said = (rank, value if len(value) <= _MAX_CHARS else value[:_MAX_CHARS] + "…")
            self._known[key] = min(self._known.get(key, said), said)
