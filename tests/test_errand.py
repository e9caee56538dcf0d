"""Work beside the agent: done once, by whoever comes first, whatever becomes of the thread."""

import os
import subprocess
import sys
import threading

import pytest

from otel_steps import errand
from otel_steps.errand import Errand


def _wait(gate: threading.Event) -> None:
    gate.wait(30)


def _raise() -> None:
    raise LookupError("broken")


def test_an_errand_is_run_beside_its_caller() -> None:
    """The agent's thread does not do the work itself."""
    ran_on: list[str] = []
    reached = threading.Event()

    errand.begin(lambda: ran_on.append(threading.current_thread().name))
    errand.begin(reached.set)

    assert reached.wait(30)
    assert ran_on == ["otel-steps-errands"]


def test_who_needs_the_result_does_what_nobody_has_begun() -> None:
    """A busy thread is no reason to wait: the call is made here, and not again there."""
    ran_on: list[str] = []
    gate, reached = threading.Event(), threading.Event()
    errand.begin(lambda: _wait(gate))
    second = errand.begin(lambda: ran_on.append(threading.current_thread().name))

    assert second.finish()
    gate.set()
    errand.begin(reached.set)

    assert reached.wait(30)
    assert ran_on == [threading.current_thread().name]


def test_waiting_has_an_end() -> None:
    """A call that hangs holds its caller up for the time given and no longer."""
    gate, begun = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        gate.wait(30)

    hanging = errand.begin(hang)
    assert begun.wait(30)

    assert not hanging.finish(timeout_s=0.01)
    gate.set()
    assert hanging.finish()


def test_a_call_that_raises_is_over() -> None:
    """A broken promise keeps nobody waiting, and is not kept from whoever made the call."""
    broken = Errand(_raise)

    with pytest.raises(LookupError):
        broken.run()

    assert broken.finish(timeout_s=30)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_what_its_parent_had_begun() -> None:
    """The thread that had begun is not there in the child; neither is its successor."""
    code = """
import os, threading
from otel_steps import errand
gate, begun = threading.Event(), threading.Event()
parent = os.getpid()
def call():
    begun.set()
    if os.getpid() == parent:
        gate.wait(30)
half_way = errand.begin(call)
begun.wait(30)
if os.fork() == 0:
    done = threading.Event()
    errand.begin(done.set)
    os._exit(0 if half_way.finish(0.01) and done.wait(30) else 1)
_, status = os.wait()
gate.set()
print(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "0"


def test_the_end_of_the_interpreter_has_no_thread_to_give() -> None:
    """What is begun when no thread can be started any more is done at once."""
    code = """
import atexit
from otel_steps import errand
ran = []
def late():
    begun = errand.begin(lambda: ran.append(1))
    print(begun.finish(30), ran)
atexit.register(late)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "True [1]"
