"""
What agents say of themselves whose `run` and `step` are awaited, each in its own words, made one.

The instrumentor of such an agent reads it: it has an `AgentReader`. That is loaded in every
program, so that nothing is imported here.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from otel_steps import semconv
    from otel_steps.instrumentation.agent_facts import AgentFacts

# Width and height of a picture in pixels.
Size = tuple[int, int]


class Screen(NamedTuple):
    """
    What a step begins with.

    Attributes:
        picture: In base64; None without one.
        app: What is in front: an app, the URL of a page.
    """

    picture: str | None
    app: str | None


class LastScreen(NamedTuple):
    """
    What the last step of a task has led to.

    Attributes:
        picture: A file, as captured.
        app: What is in front: an app, the URL of a page.
    """

    picture: bytes
    app: str | None


class Decision(NamedTuple):
    """
    What the model has answered.

    Attributes:
        thinking: Its reasoning.
        actions: What it wants done, in this order.
        data: Whatever else is worth keeping.
        no_action: Why the reply holds no action, where it does not.
    """

    thinking: str | None
    actions: Sequence[Mapping[str, Any]]
    data: Mapping[str, Any]
    no_action: str | None = None


class Done(NamedTuple):
    """
    What came of the actions.

    Attributes:
        results: One for each action that was tried, with `success`.
        error: Why the first that failed did so; None for a success.
        is_finished: Whether the last of them ended the task.
    """

    results: Sequence[Mapping[str, Any]]
    error: str | None
    is_finished: bool


class LastStep(NamedTuple):
    """How a step ended. An exception is no part of it: its traceback would keep the agent alive."""

    kind: "semconv.ErrorKind | None"
    message: str | None
    is_finished: bool


class Ending(NamedTuple):
    """How a task ended: with what answer and, where that was not as it was meant, why."""

    status: "semconv.TaskStatus"
    result: str | None = None
    reason: str | None = None


class AgentReader(Protocol):
    """
    Reads what one kind of agent says of itself; what it raises harms nothing.

    A step of such an agent looks, asks its model, and acts, by a method for each.
    """

    def facts(self, agent: Any, kwargs: Mapping[str, Any]) -> "AgentFacts":
        """Return what is known of *agent*, whose `run` or `step` is called with *kwargs*."""

    def task(self, agent: Any) -> str | None:
        """Return what it is asked to do."""

    def provider(self, agent: Any) -> str | None:
        """Return who its model is asked through, as `gen_ai.provider.name` has it."""

    def tokens(self, agent: Any) -> tuple[int, int]:
        """Return how many tokens went to its models so far, and how many came back."""

    def screen(self, state: Any) -> Screen:
        """Return what *state*, the result of looking, shows."""

    def decision(self, agent: Any, state: Any, size: Size | None) -> Decision:
        """
        Return what the model has answered, now that it was asked.

        Args:
            agent: Who has asked.
            state: What it has looked at.
            size: Of the picture; None without one.
        """

    def done(self, results: Any) -> Done:
        """Return what *results*, those of acting, say."""

    def last_results(self, agent: Any) -> Any:
        """Return the results of a step that is over, as *agent* itself sees them."""

    def error_kind(self, error: Exception) -> "semconv.ErrorKind | None":
        """Return what *error* says by itself, whatever the step was at; None for nothing."""

    def step_limit_s(self, agent: Any) -> float | None:
        """Return after how many seconds *agent* cancels a step of its own."""

    async def last_screen(self, agent: Any) -> LastScreen:
        """Take a picture of what *agent* still has open; it raises what that may raise."""

    def ending(self, agent: Any, last: LastStep | None, facts: "AgentFacts") -> Ending:
        """Return how a task ended whose `run` has returned, or whose last step says that it has."""
