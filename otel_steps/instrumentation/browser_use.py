"""
`BrowserUseInstrumentor`: tasks and steps of browser-use's `Agent`, as they are.

It knows the OpenTelemetry API only. What the agent clicks on it knows as an element of the page,
and where that stood: an action has both, in pixels of the picture.
"""

import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import Tracer

from otel_steps.instrumentation.agent_instrumentor import AgentInstrumentor
from otel_steps.instrumentation.awaited import (
    Decision,
    Done,
    Ending,
    LastScreen,
    LastStep,
    Screen,
    Size,
)
from otel_steps.instrumentation.watched_modules import WatchedModules, classes_of

if TYPE_CHECKING:
    from otel_steps import semconv
    from otel_steps.instrumentation.agent_facts import AgentFacts
    from otel_steps.instrumentation.awaited_recorder import AwaitedRecorder

_MODULES: Final = ("browser_use.agent.service",)

# What the agent puts in place of a reply that asks for nothing, twice.
_NO_ACTION: Final = "No next action returned by LLM!"
# How actions that could not be done tell of it as their result.
_FAILED: Final = re.compile(
    r"Element index \d+ not (?:available|found)|Failed to switch to tab|"
    r"Text '.*' not found or not visible on page",
    re.DOTALL,
)
# Errors that are about what the model wrote, not about the way to it.
_PARSE_ERRORS: Final = ("ValidationError", "JSONDecodeError", "ModelOutputTruncatedError")
_RESULT: Final = ("error", "extracted_content", "long_term_memory", "attachments", "metadata")
_BRAIN: Final = ("evaluation_previous_goal", "memory", "next_goal")
_PLAN: Final = ("plan_update", "current_plan_item")
_MAX_TEXT_CHARS: Final = 200


class BrowserUseInstrumentor(AgentInstrumentor["AwaitedRecorder"]):
    """
    Instruments `browser_use`, whether it is imported already, later or never.

    `instrument(tracer_provider=None, meter_provider=None)` and `uninstrument()` may be called at
    any time and repeated.
    """

    @classmethod
    def _modules(cls) -> WatchedModules:
        return _modules

    @classmethod
    def _make_recorder(cls, tracer: Tracer) -> "AwaitedRecorder":
        from otel_steps.instrumentation.awaited_recorder import AwaitedRecorder

        return AwaitedRecorder(tracer, meet=_patch_class, reader=_Reader())


def _patch_module(module: ModuleType) -> None:
    for cls in classes_of(module):
        _patch_class(cls)


_modules: Final = WatchedModules(_MODULES, _patch_module)


def _patch_class(cls: type) -> None:
    """Patch *cls* and its parents, as far as they are agents."""
    recorder = BrowserUseInstrumentor.recorder()
    if recorder is None:
        return
    for relative in cls.__mro__:
        if not callable(getattr(relative, "multi_act", None)):
            continue
        _modules.patch(relative, "__init__", recorder.init)
        _modules.patch(relative, "run", recorder.run)
        _modules.patch(relative, "step", recorder.execute_step)
        _modules.patch(relative, "_prepare_context", recorder.look)
        _modules.patch(relative, "_get_next_action", recorder.ask)
        _modules.patch(relative, "multi_act", recorder.act)
        _modules.patch(relative, "close", recorder.let_go)


class _Reader:
    """Reads what an `Agent` says; see `AgentReader`."""

    def facts(self, agent: Any, kwargs: Mapping[str, Any]) -> "AgentFacts":
        from otel_steps.config import redacted_url
        from otel_steps.instrumentation.agent_facts import AgentFacts, secrets_in, version_of

        kind, llm, settings = type(agent), agent.llm, agent.settings
        max_steps = kwargs.get("max_steps", 500)
        base_url = getattr(llm, "base_url", None)
        return AgentFacts(
            name=kind.__name__ if kind.__name__ != "Agent" else "browser-use",
            version=version_of(kind),
            task_id=agent.task_id,
            model=str(llm.model),
            device_id=None,
            os_name=None,
            config={
                "agent": f"{kind.__module__}.{kind.__qualname__}",
                "max_steps": max_steps,
                "base_url": redacted_url(str(base_url)) if base_url else None,
                "use_vision": settings.use_vision,
                "max_actions_per_step": settings.max_actions_per_step,
            },
            max_steps=max_steps,
            secrets=secrets_in([getattr(llm, "api_key", None), *_values(agent.sensitive_data)]),
        )

    def task(self, agent: Any) -> str | None:
        return str(agent.task)

    def provider(self, agent: Any) -> str | None:
        return str(agent.llm.provider)

    def tokens(self, agent: Any) -> tuple[int, int]:
        usages = [entry.usage for entry in agent.token_cost_service.usage_history]
        return sum(each.prompt_tokens for each in usages), sum(
            each.completion_tokens for each in usages
        )

    def screen(self, state: Any) -> Screen:
        return Screen(state.screenshot or None, state.url)

    def decision(self, agent: Any, state: Any, size: Size | None) -> Decision:
        output = agent.state.last_model_output
        brain = {name: getattr(output, name, None) for name in (*_BRAIN, *_PLAN)}
        actions = [_action(each, agent, state, size) for each in output.action]
        is_none = len(actions) == 1 and actions[0].get("done", {}).get("text") == _NO_ACTION
        said = [str(brain[name]) for name in _BRAIN if brain[name]]
        return Decision(
            thinking=getattr(output, "thinking", None) or "\n".join(said) or None,
            actions=actions,
            data={
                "title": state.title,
                **{name: value for name, value in brain.items() if value is not None},
            },
            no_action="the model's reply has no action" if is_none else None,
        )

    def done(self, results: Any) -> Done:
        results = results or []
        errors = [error for each in results if (error := _error_of(each))]
        return Done(
            [_result(each) for each in results],
            errors[0] if errors else None,
            is_finished=bool(results and results[-1].is_done),
        )

    def last_results(self, agent: Any) -> Any:
        return agent.state.last_result

    def error_kind(self, error: Exception) -> "semconv.ErrorKind | None":
        if isinstance(error, InterruptedError):
            return "interrupted"
        each: BaseException | None = error
        while each is not None:
            if type(each).__name__ in _PARSE_ERRORS or "parse structured output" in str(each):
                return "parse_error"
            each = each.__cause__
        return "device_error" if isinstance(error, ConnectionError) else None

    def step_limit_s(self, agent: Any) -> float | None:
        limit_s: float | None = agent.settings.step_timeout
        return limit_s

    async def last_screen(self, agent: Any) -> LastScreen:
        session = agent.browser_session
        picture = await session.take_screenshot()
        return LastScreen(picture, await session.get_current_page_url())

    def ending(self, agent: Any, last: LastStep | None, facts: "AgentFacts") -> Ending:
        kind, reason = (last.kind, last.message) if last is not None else (None, None)
        is_spent = facts.max_steps is not None and agent.state.n_steps > facts.max_steps
        if kind == "interrupted":
            return Ending("cancelled", reason=reason)
        if last is not None and last.is_finished:
            answer = agent.history.final_result()
            if kind is not None:
                return Ending("failed", answer, reason)
            if agent.history.is_successful() is not False:
                return Ending("completed", answer)
            # In its last step the agent may do nothing but say how far it came.
            return Ending("max_steps", answer) if is_spent else Ending("failed", answer, answer)
        if agent.state.stopped:
            # It stops itself where the browser is gone.
            is_told = kind != "device_error"
            return Ending("cancelled" if is_told else "failed", reason=None if is_told else reason)
        if agent.state.consecutive_failures >= agent.settings.max_failures:
            return Ending("failed", reason=reason)
        # Else it has caught a Ctrl-C.
        return Ending("max_steps" if is_spent else "cancelled")


def _values(sensitive_data: Any) -> list[Any]:
    """Return the values in *sensitive_data*: by name, or by site and name."""
    values: list[Any] = []
    for value in (sensitive_data or {}).values():
        values += value.values() if isinstance(value, Mapping) else [value]
    return values


def _error_of(result: Any) -> str | None:
    said = result.error or result.extracted_content or ""
    return said if result.error or (said and _FAILED.match(said)) else None


def _result(result: Any) -> dict[str, Any]:
    told = {name: getattr(result, name, None) for name in _RESULT}
    told = {name: value for name, value in told.items() if value}
    if told.get("long_term_memory") == told.get("extracted_content"):
        told.pop("long_term_memory", None)
    return {"success": _error_of(result) is None, **told}


# --- What an action acts on


def _action(action: Any, agent: Any, state: Any, size: Size | None) -> dict[str, Any]:
    """Return *action* with what it is about and where that is: {"click": {"index": 3, ...}}."""
    told: dict[str, Any] = action.model_dump(exclude_none=True, mode="json")
    name, arguments = next(iter(told.items()), ("", None))
    if not isinstance(arguments, dict):
        return told
    node = state.dom_state.selector_map.get(action.get_index())
    if node is not None:
        arguments = {**arguments, "element": _element(node)}
    scale = _pixels_per_css_pixel(state, size)
    if scale is not None and size is not None:
        if node is not None and (box := _box(node, scale, size)) is not None:
            arguments["bbox"] = box
        elif (point := _point(arguments, agent, scale, size)) is not None:
            arguments["coordinate"] = point
    return {name: arguments}


def _element(node: Any) -> dict[str, Any]:
    text = (node.ax_node.name if node.ax_node else None) or node.get_all_children_text()
    element = {"tag": node.tag_name, "text": (text or "")[:_MAX_TEXT_CHARS], "xpath": node.xpath}
    return {key: value for key, value in element.items() if value}


def _pixels_per_css_pixel(state: Any, size: Size | None) -> float | None:
    page = state.page_info
    if size is None or page is None or page.viewport_width <= 0 or page.viewport_height <= 0:
        return None
    # A scroll bar is in the picture but not in the viewport, along one side as a rule.
    return float(min(size[0] / page.viewport_width, size[1] / page.viewport_height))


def _box(node: Any, scale: float, size: Size) -> dict[str, int] | None:
    """Return where *node* is on the picture; None where it has to be scrolled to first."""
    rect = node.absolute_position
    if rect is None:
        return None
    borders = list(_borders_of_frames(node))
    x, y = rect.x + sum(each.x for each in borders), rect.y + sum(each.y for each in borders)
    left, top = max(x * scale, 0), max(y * scale, 0)
    right, bottom = (
        min((x + rect.width) * scale, size[0]),
        min((y + rect.height) * scale, size[1]),
    )
    if left >= right or top >= bottom:
        return None
    return {
        "left": round(left),
        "top": round(top),
        "width": round(right - left),
        "height": round(bottom - top),
    }


def _borders_of_frames(node: Any) -> Iterator[Any]:
    """Yield how far within each frame around *node* its page begins: browser-use leaves it out."""
    while (node := node.parent_node) is not None:
        rects = getattr(node.snapshot_node, "clientRects", None)
        if node.tag_name in ("iframe", "frame") and rects is not None:
            yield rects


def _point(arguments: Mapping[str, Any], agent: Any, scale: float, size: Size) -> list[int] | None:
    x, y = arguments.get("coordinate_x"), arguments.get("coordinate_y")
    if x is None or y is None:
        return None
    # What the model saw may have been a smaller picture.
    shown = getattr(agent.browser_session, "llm_screenshot_size", None)
    if shown:
        return [round(x / shown[0] * size[0]), round(y / shown[1] * size[1])]
    return [round(x * scale), round(y * scale)]
