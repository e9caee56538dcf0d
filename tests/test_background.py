"""Work beside the agent: done by whoever needs it, whatever becomes of the thread."""

import _thread
import os
import subprocess
import sys
import threading

import pytest

from otel_steps.process import background
from tests.patience import PATIENCE_S


def _wait(gate: threading.Event) -> None:
    gate.wait(PATIENCE_S)


def test_a_call_is_made_beside_its_caller() -> None:
    """The agent's thread does not do the work itself."""
    ran_on: list[str] = []
    reached = threading.Event()

    background.begin(lambda: ran_on.append(threading.current_thread().name))
    background.begin(reached.set)

    assert reached.wait(PATIENCE_S)
    assert ran_on == ["otel-steps-background"]


def test_who_needs_the_result_does_what_nobody_has_begun() -> None:
    """A busy thread is no reason to wait: the call is made here, and not again there."""
    ran_on: list[str] = []
    gate, reached = threading.Event(), threading.Event()
    background.begin(lambda: _wait(gate))
    second = background.begin(lambda: ran_on.append(threading.current_thread().name))

    second.finish()
    gate.set()
    background.begin(reached.set)

    assert reached.wait(PATIENCE_S)
    assert ran_on == [threading.current_thread().name]


def test_nobody_waits_for_a_thread_that_has_begun() -> None:
    """It may want what the one who waits has: who needs the result makes the call as well."""
    gate, begun = threading.Event(), threading.Event()
    ran_on: list[str] = []

    def call() -> None:
        name = threading.current_thread().name
        if name == "otel-steps-background":
            begun.set()
            gate.wait(PATIENCE_S)
        ran_on.append(name)

    hanging = background.begin(call)
    assert begun.wait(PATIENCE_S)

    hanging.finish()
    assert ran_on == [threading.current_thread().name]
    assert hanging.is_done
    gate.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_what_its_parent_had_begun() -> None:
    """The thread that had begun is not there in the child; neither is its successor."""
    code = """
import os, threading
from otel_steps.process import background
gate, begun = threading.Event(), threading.Event()
parent = os.getpid()
def call():
    begun.set()
    if os.getpid() == parent:
        gate.wait(600)
half_way = background.begin(call)
begun.wait(600)
if os.fork() == 0:
    done = threading.Event()
    background.begin(done.set)
    half_way.finish()
    os._exit(0 if done.wait(600) else 1)
_, status = os.wait()
gate.set()
print(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "0"


def test_the_end_of_the_interpreter_has_no_thread_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is begun when no thread can be started any more is done at once."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    monkeypatch.setattr(background, "_runner", None)

    assert background.begin(lambda: None).is_done
