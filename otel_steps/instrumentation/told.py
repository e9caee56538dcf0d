"""
What agents tell of their tasks and steps, each of them in words of its own, made one.

An instrumentor of such an agent is a `Teller`. It is loaded in every program, so that this costs
next to nothing: no module of ours is imported, and no class is made with care.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypedDict

if TYPE_CHECKING:
    from otel_steps import semconv


class ToldTask(TypedDict, total=False):
    """
    What is known of a task when it begins.

    Attributes:
        description: What the agent is asked to do.
        agent: Its name.
        model: The name of its model.
        config: Settings worth knowing later; no secrets.
        secrets: To hide in messages, nothing else.
    """

    description: str | None
    agent: str
    model: str | None
    config: Mapping[str, Any]
    secrets: Sequence[str]


class ToldStep(TypedDict, total=False):
    """
    What is known of a step once it is over, or of one that goes on.

    Attributes:
        step_type: "action" unless it is said.
        thinking: The model's reasoning.
        action: What the model asked for, if no `Event` has said it.
        action_result: What came of it.
        data: Whatever else is worth keeping.
        picture: Of the screen after the action, in any shape that `pictures.sources` reads.
        input_tokens, output_tokens: Those of the model.
        started_s, ended_s: Unix time in seconds.
        error_kind: Why it failed; none for a success.
        error_message: In the agent's words; by default what the error says of itself.
        error: The exception, where there is one.
        is_finished: Whether the step ends its task.
        is_limit: Whether it was the last because of a limit.
    """

    step_type: "semconv.StepTypeName"
    thinking: str | None
    action: Any
    action_result: Any
    data: Any
    picture: Any
    input_tokens: int | None
    output_tokens: int | None
    started_s: float | None
    ended_s: float | None
    error_kind: "semconv.ErrorKind | None"
    error_message: str | None
    error: BaseException | None
    is_finished: bool
    is_limit: bool


class Event(NamedTuple):
    """
    What a step says while it is taken.

    Attributes:
        kind: `call` for what the model wants done, `end` for the end of such a call, `piece` for a
            piece of the model's reply.
        id: Of the call.
        name: Of the tool that is called.
        arguments: Of the call, in any shape.
    """

    kind: Literal["call", "end", "piece"]
    id: str = ""
    name: str = ""
    arguments: Any = None


class Teller(Protocol):
    """Reads what one kind of agent says of itself; what it raises harms nothing."""

    def task(self, agent: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> ToldTask:
        """Return what is known of the task that *agent* is called with."""

    def is_generator(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
        """Tell whether the agent, called like this, returns a generator that does the work."""

    def event(self, event: Any) -> Event | None:
        """Return what *event*, which a step has yielded, says; None for nothing of interest."""

    def so_far(self, agent: Any, step: Any) -> ToldStep:
        """Return what is known of *step* when the model has answered; it goes on."""

    def over(self, agent: Any, step: Any, error: BaseException | None) -> ToldStep | None:
        """
        Return what is known of *step* now that it is over, or None for what is no step.

        Args:
            agent: Whose step it is.
            step: What the agent keeps of it.
            error: What has left it, caught by the agent or not.
        """

    def answer(self, result: Any) -> Any:
        """Return the answer in *result*, what the task has returned or, last, yielded."""

    def is_stopped(self, agent: Any, error: BaseException) -> bool:
        """Tell whether *error* says that somebody has asked *agent* to stop."""
