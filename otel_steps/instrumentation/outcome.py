"""
How a step ended, from what was seen of it. Pure.

The agent reports four kinds of failure as a success (a reply that cannot be parsed, an empty one,
an action that raised, a call that was refused) so its own result counts only where nothing else
was seen.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from otel_steps import semconv
from otel_steps.action.kinds import action_kind
from otel_steps.action.words import action_name
from otel_steps.emit.content_switch import captures_errors, error_text
from otel_steps.emit.span_values import describe_error

Mask = Callable[[str], str]

# Why an agent that tells of its work in events was stopped by the end of its reader.
UNREAD: Final = "nobody has read its events to the end"
_UNSAID: Final = "the agent did not say why"


class Failure(NamedTuple):
    """Why a step failed; *message* is fit to be shown."""

    kind: semconv.ErrorKind
    message: str
    error: BaseException | None = None


def is_stop(error: BaseException) -> bool:
    """Tell a request to stop (Ctrl-C, `sys.exit`, a fork's StopException) from a failure."""
    return not isinstance(error, Exception) or type(error).__name__ == "StopException"


def failure_of(kind: semconv.ErrorKind, error: BaseException, mask: Mask) -> Failure:
    """Return what *error* makes of a step: a failure of *kind*, unless it is a request to stop."""
    message = mask(describe_error(error))
    if isinstance(error, GeneratorExit):
        return Failure("interrupted", UNREAD, error)
    if is_stop(error):
        return Failure("interrupted", f"stopped by {message}", error)
    return Failure(kind, message, error)


class Outcome:
    """
    What has been seen of a step that tells how it ended.

    Args:
        mask: Hides the agent's own secrets in a message.

    Attributes:
        action: What the model asked for, once it is known.
        has_reply: Whether the model has answered.
        is_refused: Whether a person has refused the action.
        failure: Why the step failed; settled by `returned` or `raised`.
        is_finished: Whether the step ended its task; settled likewise.
    """

    def __init__(self, mask: Mask) -> None:
        self.action: Any = None
        self.has_reply = False
        self.is_refused = False
        self.failure: Failure | None = None
        self.is_finished = False
        self._mask = mask
        self._result: Any = None
        self._model_failure: Failure | None = None
        self._parse_failure: Failure | None = None
        self._action_failure: Failure | None = None
        self._told_failure: Failure | None = None
        self._has_given_up = False

    @property
    def is_lost(self) -> bool:
        """True once the step has failed in a way that the agent itself tells as a finish."""
        is_failed = self._parse_failure is not None or self._action_failure is not None
        return is_failed or self._has_given_up

    def replied(self) -> None:
        """Note that the model has answered, whatever became of earlier attempts."""
        self.has_reply, self._model_failure = True, None

    def model_failed(self, error: BaseException) -> None:
        """Note that the model's call raised."""
        self._model_failure = failure_of("model_error", error, self._mask)

    def gave_up(self) -> None:
        """Note that the agent asks no more: what it does now is not what a model wanted."""
        self._has_given_up = True

    def parsed(self) -> None:
        """Note that the reply is an action, whatever became of earlier attempts."""
        self._parse_failure = None

    def not_parsed(self, reply: Any, error: Exception, *, is_cut: bool = False) -> None:
        """Note that *reply*, which the limit of tokens may have cut, is no action."""
        message = "the model's reply is not an action"
        if isinstance(reply, str) and not reply.strip():
            message = "the model's reply is empty"
        elif captures_errors():
            message += f": {error}"
        if is_cut:
            message = f"the model's reply was cut at its limit of tokens: {message}"
        self._parse_failure = Failure("parse_error", self._mask(message), error)

    def acted(self, result: Any) -> None:
        """Note what the action returned; of several the last counts."""
        self._result = result

    def action_failed(self, error: BaseException) -> Failure:
        """Note that the action raised; this stays, whatever follows."""
        self._action_failure = failure_of("action_error", error, self._mask)
        return self._action_failure

    def told_failure(self, message: str | None) -> None:
        """Note that the agent itself calls the step a failure, whatever its result says."""
        said = error_text(message) if message else _UNSAID
        self._told_failure = Failure("action_error", self._mask(said))

    def returned(self, result: Any) -> None:
        """Settle for a step that returned a StepResult."""
        self.is_finished = bool(getattr(result, "finished", False))
        self.failure = self._seen() or self._reported(result) or self._told_failure

    def raised(self, error: BaseException) -> None:
        """Settle for a step that *error* has left."""
        self.is_finished = True
        if is_stop(error):
            self.failure = failure_of("interrupted", error, self._mask)
            return
        # Before the reply the agent asks nothing but the device.
        kind: semconv.ErrorKind = "action_error" if self.has_reply else "device_error"
        self.failure = self._seen() or failure_of(kind, error, self._mask)

    def step_type(self) -> semconv.StepTypeName:
        """Return which type of step this was."""
        if self.action is not None:
            is_end = action_kind(action_name(self.action)) == "finish"
            return "completion" if is_end else "action"
        is_error = self.failure is not None and self.failure.kind != "interrupted"
        return "error" if is_error else "action"

    def _seen(self) -> Failure | None:
        return self._action_failure or self._parse_failure or self._model_failure

    def _reported(self, result: Any) -> Failure | None:
        told = next((each for each in (self._result, result) if _is_failure(each)), None)
        if told is None and not self.is_refused:
            return None
        kind: semconv.ErrorKind = "action_error" if self.action is not None else "model_error"
        said = getattr(told, "message", None)
        message = error_text(str(said)) if said else _UNSAID
        return Failure("refused" if self.is_refused else kind, self._mask(message))


def _is_failure(result: Any) -> bool:
    return getattr(result, "success", None) is False
