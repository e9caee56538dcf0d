"""
One step of an agent that has a device, a client of the model and a parser of its own.

What a step is and what is told of it is `StepRun`'s; here is where such an agent's calls go.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from otel_steps import semconv
from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.model_exchange import completions_of
from otel_steps.instrumentation.model_reply import Reply, reply_of
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import Args, Kwargs, StepRun

# What an agent of another package returns in place of a prediction that it could not make.
_NO_PREDICTION: Final = "llm client error"
_TAGS: Final = re.compile(r"</?think(?:ing)?>")


class DeviceStepRun(StepRun):
    """Watches a step of an agent of AutoGLM-GUI's own, which asks and acts through `device`."""

    _raw = ""  # what the model has said last

    def _place_shims(self) -> None:
        super()._place_shims()
        agent = self._agent
        device, parser = getattr(agent, "device", None), getattr(agent, "parser", None)
        predictor = getattr(agent, "mai_agent", None)
        chat = getattr(getattr(predictor, "llm", None), "chat", None)
        for owner, name, watch in (
            (completions_of(getattr(agent, "openai_client", None)), "create", self.complete),
            (device, "get_screenshot", self.screenshot),
            (device, "get_current_app", self.current_app),
            (agent, "_stream_request", self.stream_request),
            (parser, "parse", self.parse),
            (parser, "parse_with_thinking", self.parse),
            (predictor, "predict", self.predict),
            (getattr(chat, "completions", None), "create", self.create),
        ):
            if owner is not None:
                self._shims.place(owner, name, watch)

    def stream_request(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `_stream_request`, which tells of thinking as it comes and returns the reply."""
        messages = args[0] if args else kwargs.get("messages")
        pieces = _Pieces(args[1] if len(args) > 1 else kwargs.get("on_thinking_chunk"))
        call = partial(wrapped, messages, on_thinking_chunk=pieces)
        return self._watch(semconv.TIMING_MODEL_MS, call, self._asking(messages, pieces.reply_of))

    def create(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `chat.completions.create` of what predicts for the agent."""
        call = partial(self.complete, wrapped, args, kwargs)
        asking = self._asking(kwargs.get("messages"), self._predicted)
        return self._watch(semconv.TIMING_MODEL_MS, call, asking)

    def predict(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `mai_agent.predict`, which asks the model and reads its reply."""
        predicted = wrapped(*args, **kwargs)
        with unharmed("record a reply that is no action"):
            if predicted[0] == _NO_PREDICTION:
                self._outcome.gave_up()
                if self._outcome.has_reply:
                    self._see_no_action(self._raw, ValueError("it calls no tool"))
        return predicted

    def parse(self, wrapped: Call, args: Args, kwargs: Kwargs) -> Any:
        """Watch `parser.parse` and `parser.parse_with_thinking`."""
        parsed = super().parse(wrapped, args, kwargs)
        with unharmed("record what the model thought"):
            if isinstance(parsed, Mapping) and isinstance(parsed.get("thinking"), str):
                self._span.tell(thinking=parsed["thinking"])
        return parsed

    def _predicted(self, completion: Any) -> Reply:
        reply = reply_of(completion)
        self._raw = reply.thinking
        return _parted(self._raw)._replace(
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            cached_tokens=reply.cached_tokens,
        )


class _Pieces:
    """Hears the thinking of a reply as it comes, before *heard*, who asked for it, if anybody."""

    def __init__(self, heard: Callable[[str], None] | None) -> None:
        self._heard = heard
        self._started = time.perf_counter()
        self._first_s: float | None = None
        self._last_s: float | None = None

    def __call__(self, piece: str) -> None:
        self._last_s = time.perf_counter() - self._started
        self._first_s = self._last_s if self._first_s is None else self._first_s
        if self._heard is not None:
            self._heard(piece)

    def reply_of(self, returned: Any) -> Reply:
        """Return the reply in what has been *returned*: its parts, or all of it as one text."""
        if isinstance(returned, tuple):
            reply = Reply(thinking=returned[0], action=returned[1])
        else:
            reply = _parted(str(returned))
        return reply._replace(time_to_first_token=self._first_s, time_to_thinking_end=self._last_s)


def _parted(raw: str) -> Reply:
    """Return a reply in XML, `<thinking>...</thinking><tool_call>...</tool_call>`, in its parts."""
    before, tag, after = raw.partition("<tool_call>")
    return Reply(thinking=_TAGS.sub("", before).strip(), action=f"{tag}{after}".strip())
