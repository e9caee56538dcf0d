"""
Instruments and uninstruments the real agent in this process; prints what it found as JSON.

    life_cycle.py import_before|import_after|restores|again|unwrapped|reloaded|...
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wrapt
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_steps
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor

EXPORTER = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(EXPORTER))


def instrument() -> None:
    """Instrument with the provider of this program."""
    PhoneAgentInstrumentor().instrument(tracer_provider=PROVIDER)


def patched() -> dict[str, Any]:
    """Return what an instrumentor may have touched."""
    import phone_agent.agent as module

    found = {
        f"{owner.__name__}.{name}": vars(owner)[name]
        for owner in (module.PhoneAgent, *module.PhoneAgent.__subclasses__())
        for name in ("__init__", "run", "_execute_step", "reset")
        if name in vars(owner)
    }
    names = ("parse_action", "get_screenshot", "get_current_app")
    found |= {name: vars(module)[name] for name in names if name in vars(module)}
    if "phone_agent.device_factory" in sys.modules:
        factory = sys.modules["phone_agent.device_factory"].DeviceFactory
        found |= {f"DeviceFactory.{name}": vars(factory)[name] for name in names[1:]}
        ios = sys.modules["phone_agent.agent_ios"]
        found |= {f"ios.{name}": vars(ios)[name] for name in names}
        found |= {f"ios.{name}": vars(ios.IOSPhoneAgent)[name] for name in ("run", "reset")}
    return found


def wrapped_names() -> list[str]:
    """Return which of it is wrapped."""
    return [name for name, value in patched().items() if isinstance(value, wrapt.FunctionWrapper)]


def run(make: Callable[[], Any] | None = None) -> list[str]:
    """Run a task on a phone that is not there; return the names of the spans."""
    from phone_agent.agent import PhoneAgent

    EXPORTER.clear()
    try:
        (make or PhoneAgent)().run("x")
    except (FileNotFoundError, ValueError) as error:
        print(type(error).__name__, file=sys.stderr)
    return [span.name for span in EXPORTER.get_finished_spans()]


def import_before() -> Any:
    """Import the agent, then instrument."""
    import phone_agent

    instrument()
    return {"is_early": phone_agent.__name__ in sys.modules, "spans": run()}


def import_after() -> Any:
    """Instrument, then import the agent."""
    instrument()
    return {"is_early": "phone_agent" in sys.modules, "spans": run()}


def restores() -> Any:
    """Compare everything before and after, a subclass included."""
    from phone_agent.agent import PhoneAgent

    class Child(PhoneAgent):
        def run(self, task: str) -> str:
            return super().run(task)

    before = patched()
    instrument()
    wrapped = wrapped_names()
    PhoneAgentInstrumentor().uninstrument()
    after = patched()
    return {
        "names": sorted(before),
        "wrapped": sorted(wrapped),
        "changed": [name for name in before if before[name] is not after.get(name)],
        "spans": run(),
    }


def again() -> Any:
    """Instrument twice, uninstrument twice, instrument again."""
    instrument()
    instrument()
    twice = run()
    PhoneAgentInstrumentor().uninstrument()
    PhoneAgentInstrumentor().uninstrument()
    without = run()
    instrument()
    return {"twice": twice, "without": without, "again": run()}


def unwrapped() -> Any:
    """Uninstrument while somebody else has wrapped on top, and a bound method is kept."""
    from phone_agent.agent import PhoneAgent

    instrument()
    agent = PhoneAgent()
    kept = agent.run
    inner = vars(PhoneAgent)["run"]
    outer = PhoneAgent.run = lambda self, task: inner.__get__(self)(task)
    PhoneAgentInstrumentor().uninstrument()
    EXPORTER.clear()
    for call in (kept, agent.run):
        try:
            call("x")
        except (FileNotFoundError, ValueError) as error:
            print(type(error).__name__, file=sys.stderr)
    return {
        "is_kept": vars(PhoneAgent)["run"] is outer,
        "spans": [span.name for span in EXPORTER.get_finished_spans()],
    }


def reloaded() -> Any:
    """Instrument, then reload the agent's module; what was made of its old class goes on."""
    import phone_agent.agent as module

    instrument()
    old = module.PhoneAgent
    importlib.reload(module)
    return {"is_new": module.PhoneAgent is not old, "new": run(), "old": run(old)}


def imported_anew() -> Any:
    """Throw the agent's modules away and import them again."""
    import phone_agent.agent as old

    instrument()
    for name in [name for name in sys.modules if name.split(".")[0] == "phone_agent"]:
        del sys.modules[name]
    import phone_agent.agent as new

    return {"is_new": new is not old, "new": run(), "loader": type(new.__spec__.loader).__name__}


def autoreloaded() -> Any:
    """Do as `%autoreload 2` does in a notebook once the agent's file has been written again."""
    import phone_agent.agent as module
    from IPython.extensions.autoreload import ModuleReloader

    instrument()
    agent = module.PhoneAgent()
    reloader = ModuleReloader()
    reloader.check(check_all=True, do_reload=False)
    file = Path(module.__file__ or "")
    later = time.time() + 10
    os.utime(file, (later, later))
    reloader.check(check_all=True)
    return {"new": run(), "old": run(lambda: agent)}


def came_past() -> Any:
    """Put an agent in place in a way that no import tells of; look again."""
    import phone_agent.agent as module

    instrument()
    exec(compile(Path(module.__file__ or "").read_text(), "agent.py", "exec"), vars(module))
    before = run()
    otel_steps.configure(tracer_provider=PROVIDER)
    return {"before": before, "after": run()}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
