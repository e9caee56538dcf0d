"""
`PhoneAgentInstrumentor`: tasks and steps of Open-AutoGLM's `PhoneAgent`, as they are.

It knows the OpenTelemetry API only. Android, HarmonyOS and iOS agents are covered, and forks that
keep the shape: a class with `run` and `_execute_step`, whose objects have a `model_client` and an
`action_handler`.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import Tracer

from otel_steps.instrumentation.agent_instrumentor import AgentInstrumentor
from otel_steps.instrumentation.patches import Wrapper
from otel_steps.instrumentation.watched_modules import WatchedModules, classes_of

if TYPE_CHECKING:
    from otel_steps.instrumentation.agent_recorder import AgentRecorder
    from otel_steps.instrumentation.shim import Call

# The script's own folder, where most users have it, is not on the path yet when a program is
# instrumented.
_MODULES: Final = ("phone_agent.agent", "phone_agent.agent_ios", "phone_agent.device_factory")
# What takes the pictures of each kind of phone.
_CAMERAS: Final = tuple(f"phone_agent.{kind}.screenshot" for kind in ("adb", "hdc", "xctest"))

# Functions of an agent's module or methods of its device, by the name of what watches them.
_DEVICE_CALLS: Final[Mapping[str, str]] = {
    "get_screenshot": "screenshot",
    "get_current_app": "current_app",
}
# Where a picture cannot be taken, a camera prints why and makes a black one.
_CAMERA_CALLS: Final[Mapping[str, str]] = {
    "print": "printed",
    "_create_fallback_screenshot": "fallen_back",
}
_MODULE_CALLS: Final[Mapping[str, str]] = {**_DEVICE_CALLS, "parse_action": "parse"}


class PhoneAgentInstrumentor(AgentInstrumentor["AgentRecorder"]):
    """
    Instruments `phone_agent`, whether it is imported already, later or never.

    `instrument(tracer_provider=None, meter_provider=None)` and `uninstrument()` may be called at
    any time and repeated.
    """

    @classmethod
    def _modules(cls) -> WatchedModules:
        return _modules

    @classmethod
    def _make_recorder(cls, tracer: Tracer) -> "AgentRecorder":
        from otel_steps.instrumentation.agent_recorder import AgentRecorder

        return AgentRecorder(tracer, meet=_patch_class)


def instrument_agent_module(module: ModuleType) -> None:
    """
    Watch the agents of *module*, which have `PhoneAgent`'s shape but live elsewhere.

    Takes effect while the instrumentor is active, now or later. Repeating a call is harmless.
    """
    _modules.add(module)


def _patch_module(module: ModuleType) -> None:
    calls = _CAMERA_CALLS if module.__name__ in _CAMERAS else _MODULE_CALLS
    for name, watch in calls.items():
        _modules.patch(module, name, _in_step(watch))
    for cls in classes_of(module):
        _patch_class(cls)


_modules: Final = WatchedModules((*_MODULES, *_CAMERAS), _patch_module)


def _patch_class(cls: type) -> None:
    """Patch *cls* and its relatives if it is an agent; a device has calls of its own."""
    recorder = PhoneAgentInstrumentor.recorder()
    if recorder is None:
        return
    if not callable(getattr(cls, "_execute_step", None)):
        for name, watch in _DEVICE_CALLS.items():
            _modules.patch(cls, name, _in_step(watch))
        return
    for relative in {*cls.__mro__, *_descendants(cls)}:
        # A parent that is no agent, such as a Thread, is not ours to wrap.
        if not hasattr(relative, "_execute_step"):
            continue
        _modules.patch(relative, "__init__", recorder.init)
        _modules.patch(relative, "run", recorder.run)
        _modules.patch(relative, "_execute_step", recorder.execute_step)
        _modules.patch(relative, "reset", recorder.reset)


def _descendants(cls: type) -> set[type]:
    children: set[type] = set(cls.__subclasses__())
    return children.union(*(_descendants(child) for child in children))


def _in_step(watch: str) -> Wrapper:
    """Return a wrapper that has the current step, if there is one, watch the call."""
    from otel_steps.instrumentation.step_run import current_step

    def wrapper(
        wrapped: "Call", instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        step = current_step()
        if step is None:
            return wrapped(*args, **kwargs)
        return getattr(step, watch)(wrapped, args, kwargs)

    return wrapper
