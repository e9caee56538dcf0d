"""
Beside two others who record steps: Arize Phoenix, and the trace writer of AutoGLM-GUI.

Both are installed for it where that can be done; where not, the table says so. Phoenix gets the
same OTLP bodies as our collector. AutoGLM-GUI's agents write spans and a replay event for each
step and wait for every one of them; here the same is written, with the same pauses as in ours.
"""

import base64
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from opentelemetry.sdk.trace import TracerProvider

from otel_steps.processor import StepSpanProcessor
from tests.agents import ASYNC, agent_folder
from tests.benchmarks.bench_agent_thread import ACTION, STEPS, THINKING, Clock, picture, run
from tests.benchmarks.bench_store import BODY_SPANS, bodies_of, measured, post, rows_arrived
from tests.benchmarks.table import Benchmarks, Row
from tests.peers.servers import Phoenix
from tests.supabase.processes import Processes

PHOENIX_BODIES: Final = 40


def phoenix() -> Iterator[Row]:
    """Measure spans that come over OTLP until they are visible."""
    yield Row(
        work=f"OTLP/HTTP protobuf in, {PHOENIX_BODIES} bodies, until they are visible",
        figure=measured("otlp", PHOENIX_BODIES)["rate"],
        unit="spans/s",
        against=f"Arize Phoenix {Phoenix.version}",
        reference=_phoenix_rate() if _is_installed(Phoenix.installed) else None,
        at_least=50,
    )


def _phoenix_rate() -> float:
    processes = Processes()
    with contextlib.closing(processes), tempfile.TemporaryDirectory() as folder:
        server = Phoenix(Path(folder), processes)
        server.start()
        url, database = f"{server.url}{server.traces_path}", Path(folder) / "phoenix.db"
        requests = list(bodies_of(PHOENIX_BODIES))
        post(url, next(bodies_of(1, first=10**6)))
        rows_arrived(database, "spans", BODY_SPANS)
        start = time.perf_counter()
        for body in requests:
            post(url, body)
        rows_arrived(database, "spans", (PHOENIX_BODIES + 1) * BODY_SPANS)
        return PHOENIX_BODIES * BODY_SPANS / (time.perf_counter() - start)


def autoglm_gui() -> Iterator[Row]:
    """Measure what a step takes of the agent's thread, without a picture and with one."""
    is_there = _is_installed(lambda: agent_folder(ASYNC))
    bare = statistics.median(clock.spent_ms for clock in run(TracerProvider(), with_pictures=False))
    for with_pictures, what, at_most in ((False, "no picture", 0.5), (True, "a 1 MB picture", 0.2)):
        with tempfile.TemporaryDirectory() as folder:
            provider = TracerProvider()
            provider.add_span_processor(StepSpanProcessor(dir=Path(folder)))
            spent = [clock.spent_ms for clock in run(provider, with_pictures=with_pictures)]
        yield Row(
            work=f"agent's thread, a step with {what}: time added",
            figure=statistics.median(spent) - bare,
            unit="ms",
            against=f"trace writer of AutoGLM-GUI {ASYNC}",
            reference=_their_steps_ms(with_pictures=with_pictures) if is_there else None,
            at_most=at_most,
        )


def _their_steps_ms(*, with_pictures: bool) -> float:
    sys.path.insert(0, str(agent_folder(ASYNC)))
    from AutoGLM_GUI import trace

    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUTOGLM_TRACE_FILE"] = f"{folder}/trace.jsonl"
        task = {"id": "bench", "trace_id": trace.create_trace_id(), "device_id": "emulator-5554"}
        took = []
        with trace.trace_context(task["trace_id"]):
            for number in range(1, STEPS + 1):
                shot = base64.b64encode(picture(number)).decode() if with_pictures else None
                took.append(_their_step(trace, task, number, shot).spent_ms)
    return statistics.median(took)


def _their_step(trace: Any, task: dict[str, Any], number: int, shot: str | None) -> Clock:
    """Write a step as AutoGLM-GUI's agents and its task manager do, and return what that took."""
    facts = {"step": number, "agent_type": "AsyncGLMAgent"}

    def span(name: str, **more: Any) -> Any:
        return trace.trace_span(name, attrs={**facts, **more})

    clock = Clock()
    with span("agent.step", device_id=task["device_id"]) as step:
        with span("step.capture_screenshot"):
            clock.pause(0.05)
        for name in ("step.get_current_app", "step.build_message"):
            with span(name):
                pass
        with span("step.llm", model_name="autoglm-phone-9b", message_count=2 * number):
            clock.pause(0.2)
        with span("step.parse_action"):
            pass
        with span("step.execute_action", action_name="Tap", action_type="do"):
            clock.pause(0.05)
        with span("step.update_context"):
            pass
        step.set_attributes({"success": True, "finished": False})
    trace.write_replay_event(
        task_id=task["id"],
        trace_id=task["trace_id"],
        source="bench",
        task=task,
        event_record={
            "event_type": "step",
            "seq": number,
            "created_at": "2026-01-01T00:00:00+00:00",
            "payload": {
                **facts,
                "model_name": "autoglm-phone-9b",
                "thinking": THINKING,
                "action": ACTION,
                "success": True,
                "finished": False,
                "screenshot": shot,
                "timings": trace.get_step_timing_summary(number, trace_id=task["trace_id"]),
            },
        },
    )
    clock.pause(0.05)
    return clock


def _is_installed(install: Callable[[], Path]) -> bool:
    """Return whether a peer is here after *install*."""
    try:
        install()
    except (subprocess.CalledProcessError, AssertionError) as failure:
        print(failure, file=sys.stderr)
        return False
    return True


BENCHMARKS: Benchmarks = {"phoenix": phoenix, "autoglm_gui": autoglm_gui}
