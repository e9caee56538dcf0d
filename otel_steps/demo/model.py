"""A model that knows its lines: it thinks for a moment and says what the script has next."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

MODEL_NAME: Final = "scripted-model"
# Of the time a reply takes: to its first token, and to the end of the thinking.
_FIRST_TOKEN: Final = 0.3
_THINKING_END: Final = 0.8


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says at one step: its reasoning, then the call that it asks for."""

    thinking: str
    action: str


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """A reply as an agent gets it; times in seconds."""

    thinking: str
    action: str
    raw_content: str
    time_to_first_token: float
    time_to_thinking_end: float
    total_time: float


class ScriptedModel:
    """
    A model client that needs no server.

    Args:
        replies: One a step; a model that is asked for more repeats the last.
        latency_s: How long a reply takes.
    """

    def __init__(self, replies: Sequence[Reply], *, latency_s: float = 0.0) -> None:
        self._replies = replies
        self._latency_s = latency_s

    def request(self, messages: list[dict[str, Any]]) -> ModelResponse:
        """Return the reply to the conversation so far, whose own turns are counted."""
        time.sleep(self._latency_s)
        turn = sum(1 for message in messages if message["role"] == "assistant")
        reply = self._replies[min(turn, len(self._replies) - 1)]
        return ModelResponse(
            thinking=reply.thinking,
            action=reply.action,
            raw_content=f"{reply.thinking}\n{reply.action}",
            time_to_first_token=self._latency_s * _FIRST_TOKEN,
            time_to_thinking_end=self._latency_s * _THINKING_END,
            total_time=self._latency_s,
        )
