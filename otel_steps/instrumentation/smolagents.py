"""
`SmolagentsInstrumentor`: tasks and steps of smolagents' agents, as they are.

It knows the OpenTelemetry API only. `CodeAgent`, `ToolCallingAgent` and other `MultiStepAgent`s of
smolagents 1.20 and later are covered, those that work for other agents among them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from functools import wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import Tracer

from otel_steps.instrumentation.agent_instrumentor import AgentInstrumentor
from otel_steps.instrumentation.told import Event, ToldStep, ToldTask
from otel_steps.instrumentation.watched_modules import WatchedModules, classes_of

if TYPE_CHECKING:
    from otel_steps import semconv
    from otel_steps.instrumentation.told_recorder import ToldRecorder

_AGENTS: Final = "smolagents.agents"
_EXECUTOR: Final = "smolagents.local_python_executor"
# Method of an agent -> what of the recorder wraps it.
_METHODS: Final[Mapping[str, str]] = {
    "__init__": "init",
    "__call__": "ask",
    "run": "run",
    "_step_stream": "take_step",
    "_generate_planning_step": "make_step",
    # Pictures are added by callbacks that run inside it.
    "_finalize_step": "tell_step",
}
# What smolagents raises -> what kind of error it tells of; all others are those of actions.
_ERROR_KINDS: Final[Mapping[str, "semconv.ErrorKind"]] = {
    "AgentGenerationError": "model_error",
    "AgentParsingError": "parse_error",
}
_LIMIT: Final = "AgentMaxStepsError"
# What it answers at its limit where the model cannot.
_NO_ANSWER: Final = "Error in generating final LLM output"
_CODE_TAG: Final = "<code>"


class SmolagentsInstrumentor(AgentInstrumentor["ToldRecorder"]):
    """
    Instruments `smolagents`, whether it is imported already, later or never.

    `instrument(tracer_provider=None, meter_provider=None)` and `uninstrument()` may be called at
    any time and repeated.
    """

    @classmethod
    def _modules(cls) -> WatchedModules:
        return _modules

    @classmethod
    def _make_recorder(cls, tracer: Tracer) -> "ToldRecorder":
        from otel_steps.instrumentation.told_recorder import ToldRecorder

        return ToldRecorder(tracer, _patch_class, _Teller())


def _patch_module(module: ModuleType) -> None:
    if module.__name__ == _EXECUTOR:
        _modules.patch(module, "timeout", _carry_context)
        return
    for cls in classes_of(module):
        _patch_class(cls)


_modules: Final = WatchedModules((_AGENTS, _EXECUTOR), _patch_module)


def _patch_class(cls: type) -> None:
    """Patch *cls* and its parents, as far as they are agents."""
    recorder = SmolagentsInstrumentor.recorder()
    if recorder is None:
        return
    for relative in cls.__mro__:
        if callable(getattr(relative, "_finalize_step", None)):
            for name, wrapper in _METHODS.items():
                _modules.patch(relative, name, getattr(recorder, wrapper))


def _carry_context(
    wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """
    Wrap `timeout`, which has a model's code run in a thread of its own.

    Contexts do not go there by themselves: what that code calls, other agents among it, would
    belong to nothing.
    """
    limited = wrapped(*args, **kwargs)

    def decorate(function: Callable[..., Any]) -> Any:
        context = copy_context()

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            return context.copy().run(function, *args, **kwargs)

        return limited(run)

    return decorate


class _Teller:
    """Reads agents, events and memory steps of smolagents."""

    def task(self, agent: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> ToldTask:
        model = getattr(agent, "model", None)
        client = getattr(model, "client_kwargs", None) or {}
        description = args[0] if args else kwargs.get("task")
        keys = (client.get("api_key"), getattr(model, "api_key", None))
        return ToldTask(
            description=_text(description),
            agent=getattr(agent, "name", None) or type(agent).__name__,
            model=_text(getattr(model, "model_id", None)),
            config=_config(agent, model, client, kwargs),
            secrets=[key for key in keys if isinstance(key, str)],
        )

    def is_generator(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
        return bool(args[1] if len(args) > 1 else kwargs.get("stream"))

    def event(self, event: Any) -> Event | None:
        match type(event).__name__:
            case "ToolCall":
                return Event("call", event.id, event.name, _arguments(event))
            case "ToolOutput":
                return Event("end", event.id)
            case "ChatMessageStreamDelta":
                return Event("piece")
        return None

    def so_far(self, agent: Any, step: Any) -> ToldStep:
        return ToldStep(thinking=_thinking(agent, step), **_tokens(step))

    def over(self, agent: Any, step: Any, error: BaseException | None) -> ToldStep | None:
        timing = getattr(step, "timing", None)
        if timing is None:
            return None  # the final answer, which is no step
        times: ToldStep = {"started_s": timing.start_time, "ended_s": timing.end_time}
        if hasattr(step, "plan"):
            plan: ToldStep = {"step_type": "thinking", "thinking": step.plan}
            return {**plan, **_tokens(step), **times}
        has_left = step.error is None and error is not None  # what it has not caught ends the task
        error = step.error or error
        if type(error).__name__ == _LIMIT:
            return _last_answer(step, times)
        kind = _error_kind(error) if error is not None else None
        is_final = bool(step.is_final_answer) and error is None
        return ToldStep(
            step_type="completion" if is_final else "action" if _has_acted(step) else "error",
            thinking=_thinking(agent, step),
            action=_action(step),
            action_result=_result(step, error),
            data={"reply": step.model_output} if kind == "parse_error" else None,
            picture=step.observations_images[-1] if step.observations_images else None,
            **_tokens(step),
            error_kind=kind,
            error=error,
            error_message=_text(getattr(error, "message", None)),
            is_finished=is_final or has_left,
            **times,
        )

    def answer(self, result: Any) -> Any:
        is_wrapped = type(result).__name__ in ("RunResult", "FinalAnswerStep")
        answer = result.output if is_wrapped else result
        return "".join(_texts(answer)) or answer

    def is_stopped(self, agent: Any, error: BaseException) -> bool:
        return type(error).__name__ == "AgentError" and bool(agent.interrupt_switch)


def _config(
    agent: Any, model: Any, client: Mapping[str, Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    from otel_steps.config import redacted_url

    kind = type(agent)
    base_url = _text(client.get("base_url")) or _text(getattr(model, "api_base", None))
    return {
        "agent": f"{kind.__module__}.{kind.__qualname__}",
        "max_steps": kwargs.get("max_steps") or getattr(agent, "max_steps", None),
        "planning_interval": getattr(agent, "planning_interval", None),
        "tools": list(getattr(agent, "tools", ())),
        "managed_agents": list(getattr(agent, "managed_agents", ())),
        "base_url": redacted_url(base_url) if base_url else None,
    }


def _error_kind(error: BaseException) -> "semconv.ErrorKind":
    return _ERROR_KINDS.get(type(error).__name__, "action_error")


def _last_answer(step: Any, times: ToldStep) -> ToldStep:
    """Return the step in which the model sums up, when the agent may take no more of them."""
    answer = step.action_output
    text = answer if isinstance(answer, str) else "".join(_texts(answer))
    is_lost = text.startswith(_NO_ANSWER)
    return ToldStep(
        step_type="error" if is_lost else "completion",
        action_result=None if is_lost else {"output": answer},
        **_tokens(step),
        error_kind="model_error" if is_lost else None,
        error_message=text if is_lost else None,
        is_finished=True,
        is_limit=True,
        **times,
    )


def _has_acted(step: Any) -> bool:
    return bool(step.tool_calls) or step.code_action is not None


def _thinking(agent: Any, step: Any) -> str | None:
    """Return what the model said before the code that it wrote; all of it without code."""
    said = getattr(step, "model_output", None)
    text = said if isinstance(said, str) else "\n".join(_texts(said))
    if step.code_action is None:
        return text or None
    if text.lstrip().startswith("{"):
        return _structured(text)
    tag = next(iter(getattr(agent, "code_block_tags", ())), _CODE_TAG)
    before, found, _ = text.partition(tag)
    return (before.strip() if found else text) or None


def _structured(text: str) -> str | None:
    """Return the thought of a reply in JSON, which has it beside the code."""
    try:
        reply = json.loads(text)
    except ValueError:
        return text
    return _text(reply.get("thought")) if isinstance(reply, dict) else text


def _action(step: Any) -> Any:
    calls = step.tool_calls or ()
    return next(({"name": each.name, "arguments": _arguments(each)} for each in calls), None)


def _arguments(call: Any) -> Any:
    """Return the arguments of *call*; the code that an agent has written has no name there."""
    is_code = call.name == "python_interpreter" and isinstance(call.arguments, str)
    return {"code": call.arguments} if is_code else call.arguments


def _result(step: Any, error: BaseException | None) -> dict[str, Any] | None:
    told = {"observations": step.observations, "output": step.action_output}
    known = {key: value for key, value in told.items() if value is not None}
    return {"success": error is None, **known} if known else None


def _tokens(step: Any) -> ToldStep:
    usage: Any = getattr(step, "token_usage", None)
    if not getattr(usage, "total_tokens", 0):
        return {}  # a model that tells no tokens is said to have used none
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}


def _texts(content: Any) -> Iterator[str]:
    """Yield the texts in the parts of a message."""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping) and isinstance(text := part.get("text"), str):
            yield text


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
