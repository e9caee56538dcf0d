"""
`PhoneAgentInstrumentor`: tasks and steps of Open-AutoGLM's `PhoneAgent`, as they are.

It knows the OpenTelemetry API only. Android, HarmonyOS and iOS agents are covered, and forks that
keep the shape: a class with `run` and `_execute_step`, whose objects have a `model_client` and an
`action_handler`.
"""

import threading
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any, ClassVar, Final

import wrapt
from opentelemetry import trace
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from otel_steps.instrumentation.agent_run import AgentRecorder
from otel_steps.instrumentation.border import unharmed
from otel_steps.instrumentation.patches import Patches, Wrapper
from otel_steps.instrumentation.shim import Call
from otel_steps.instrumentation.step_run import current_step
from otel_steps.version import __version__

# Hooked, never imported: `phone_agent` reads its environment when it is imported, and the script's
# own folder, where most users have it, is not on the path yet when a program is instrumented.
_MODULES: Final = ("phone_agent.agent", "phone_agent.agent_ios", "phone_agent.device_factory")

# Functions of an agent's module or methods of its device, by the name of what watches them.
_DEVICE_CALLS: Final[Mapping[str, str]] = {
    "get_screenshot": "screenshot",
    "get_current_app": "current_app",
}
_MODULE_CALLS: Final[Mapping[str, str]] = {**_DEVICE_CALLS, "parse_action": "parse"}


class PhoneAgentInstrumentor(BaseInstrumentor):  # type: ignore[misc] # untyped
    """
    Instruments `phone_agent`, whether it is imported already, later or never.

    `instrument(tracer_provider=None)` and `uninstrument()` may be called at any time and repeated.
    """

    _lock: ClassVar = threading.RLock()
    _patches: ClassVar = Patches()
    _recorder: ClassVar[AgentRecorder | None] = None
    _known: ClassVar[dict[str, ModuleType]] = {}
    _is_hooked: ClassVar = False

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return none: most users run a clone, so that no distribution of it need exist."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        tracer = trace.get_tracer(__name__, __version__, kwargs.get("tracer_provider"))
        cls = PhoneAgentInstrumentor
        with cls._lock:
            cls._recorder = AgentRecorder(tracer, meet=_patch_class)
            for module in cls._known.values():
                _patch_module(module)
            if not cls._is_hooked:
                cls._is_hooked = True
                for name in _MODULES:
                    wrapt.register_post_import_hook(instrument_agent_module, name)

    def _uninstrument(self, **kwargs: Any) -> None:
        cls = PhoneAgentInstrumentor
        with cls._lock:
            cls._patches.undo()
            recorder, cls._recorder = cls._recorder, None
        if recorder is not None:
            recorder.close()


def instrument_agent_module(module: ModuleType) -> None:
    """
    Watch the agents of *module*, which have `PhoneAgent`'s shape but live elsewhere.

    Takes effect while the instrumentor is active, now or later. Repeating a call is harmless.
    """
    with PhoneAgentInstrumentor._lock:
        PhoneAgentInstrumentor._known[module.__name__] = module
        _patch_module(module)


def _patch_module(module: ModuleType) -> None:
    with unharmed(f"instrument {module.__name__}"):
        for name, watch in _MODULE_CALLS.items():
            _patch(module, name, _in_step(watch))
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                _patch_class(value)


def _patch_class(cls: type) -> None:
    """Patch *cls* and its relatives if it is an agent; a device has calls of its own."""
    recorder = PhoneAgentInstrumentor._recorder
    if recorder is None:
        return
    if not callable(getattr(cls, "_execute_step", None)):
        for name, watch in _DEVICE_CALLS.items():
            _patch(cls, name, _in_step(watch))
        return
    for relative in {*cls.__mro__, *_descendants(cls)}:
        # A parent that is no agent, such as a Thread, is not ours to wrap.
        if not hasattr(relative, "_execute_step"):
            continue
        _patch(relative, "__init__", recorder.init)
        _patch(relative, "run", recorder.run)
        _patch(relative, "_execute_step", recorder.execute_step)
        _patch(relative, "reset", recorder.reset)


def _patch(owner: Any, name: str, wrapper: Wrapper) -> None:
    if PhoneAgentInstrumentor._recorder is not None:
        with PhoneAgentInstrumentor._lock:
            PhoneAgentInstrumentor._patches.make(owner, name, wrapper)


def _descendants(cls: type) -> set[type]:
    children: set[type] = set(cls.__subclasses__())
    return children.union(*(_descendants(child) for child in children))


def _in_step(watch: str) -> Wrapper:
    """Return a wrapper that has the current step, if there is one, watch the call."""

    def wrapper(
        wrapped: Call, instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        step = current_step()
        if step is None:
            return wrapped(*args, **kwargs)
        return getattr(step, watch)(wrapped, args, kwargs)

    return wrapper
