"""
Texts that must not be found: one in every place where a caller or an instrumentation may put some.

    canaries.py FOLDER REDACT

A process that says all of them in tasks, steps, spans of others, events, links and a resource, in
all shapes that it can, to a store that is out of reach, and dies with a step in flight. REDACT is
`off`, `none` (the callable returns None), `raise` (it raises what it has seen), `refuse` (it
returns it, as no mapping) or `remove` (it takes them away).
"""

import base64
import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, SpanContext, Status, StatusCode

import otel_steps
from tests.pictures import png, wait_for_pictures

# In two pieces, so that no stack trace shows one by showing this file.
MARK = "CANA" + "RY-"

_TEXT = frozenset({"thinking", "action", "result"})

# Words of conventions that hold content, on spans of others.
_WORDS = (
    "gen_ai.input.messages gen_ai.output.messages gen_ai.system_instructions gen_ai.prompt "
    "gen_ai.tool.definitions gen_ai.tool.description gen_ai.agent.description gen_ai.completion "
    "gen_ai.prompt.0.content gen_ai.request.stop_sequences llm.input_messages.0.message.content "
    "llm.prompts llm.invocation_parameters llm.tools.0.tool.json_schema input.value output.value "
    "traceloop.entity.input traceloop.association.properties.user ai.prompt ai.prompt.messages "
    "ai.response.text ai.response.toolCalls ai.toolCall.args lmnr.span.input logfire.msg user.id "
    "langfuse.observation.input gcp.vertex.agent.llm_request db.statement db.query.text "
    "http.request.body http.request.header.x-note url.full http.url http.target exception.message "
    "tool.parameters retrieval.documents.0.document.content otel_steps.of.tomorrow"
)
KEYS = tuple(_WORDS.split())
# Parts of the content -> where canaries are put that are recorded where all of these are.
_BY_PARTS = {
    frozenset({"thinking"}): "thinking in-flight-thinking tracker-thinking",
    frozenset(
        {"action"}
    ): "description config action action-text step-data app own-attribute own-nested "
    "own-json own-key metadata tracker-data",
    frozenset({"result"}): "action-result task-result tracker-result gen_ai.tool.call.result",
    frozenset({"screenshot"}): "screenshot-error screenshot-path",
    _TEXT: "failure exception task-failure tracker-error own-event own-event-attribute "
    "own-exception own-exception-trace own-message name key value nested list json status event "
    "event-attribute event-key other-exception other-exception-trace link resource command",
}
PLACES = dict.fromkeys(KEYS, _TEXT) | {
    place: parts for parts, places in _BY_PARTS.items() for place in places.split()
}

# What a message has as GenAI's blob, OpenInference's data URL, Bedrock's base64 and in the middle
# of a text; and a screenshot of ours.
PICTURES = tuple(png(8, 16, (number, 90, 7)) for number in range(5))
IN_MESSAGES, SCREENSHOT = {0, 1, 2, 3}, 4


def canary(place: str) -> str:
    """Return the text that is put into *place*."""
    assert place in PLACES, place
    return f"{MARK}{place}~"


def found_in(data: bytes) -> set[str]:
    """Return the places whose text is in *data*."""
    return {place for place in PLACES if canary(place).encode() in data}


def pictures_in(data: bytes) -> set[int]:
    """Return which pictures are in *data* as they are."""
    return {number for number, picture in enumerate(PICTURES) if picture in data}


def shown_in(data: bytes) -> set[int]:
    """Return which pictures are in *data* in base64, or a part of them."""
    return {number for number in range(len(PICTURES)) if shown(number)[60:].encode() in data}


def bytes_below(folder: Path) -> bytes:
    """Return the names and the content of all files below *folder*."""
    found = []
    for path in folder.rglob("*"):
        # What is shipped meanwhile is gone from where it was.
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            found.append(str(path).encode() + b"\n" + path.read_bytes())
    return b"\n".join(found)


def messages(*parts: Any) -> str:
    """Return a message as GenAI's conventions have it, in JSON."""
    return json.dumps([{"role": "user", "parts": list(parts)}])


def shown(number: int) -> str:
    """Return a picture in base64."""
    return base64.b64encode(PICTURES[number]).decode()


def foreign_attributes() -> dict[str, Any]:
    """Return what another instrumentation may put into a span."""
    return {
        **{key: canary(key) for key in (*KEYS, "gen_ai.tool.call.result")},
        "gen_ai.input.messages": messages(
            {"type": "text", "content": canary("gen_ai.input.messages")},
            {"type": "blob", "mime_type": "image/png", "content": shown(0)},
        ),
        "llm.input_messages.1.message.contents.0.message_content.image.image.url": (
            f"data:image/png;base64,{shown(1)}"
        ),
        "bedrock": json.dumps({"image": {"format": "png", "source": {"bytes": shown(2)}}}),
        "prose": f"look at data:image/png;base64,{shown(3)} please",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        canary("key"): 1,
        "value": canary("value"),
        "nested": {"a": [{"b": canary("nested")}]},
        "list": ["x", canary("list")],
        "json": json.dumps({"a": {"b": canary("json")}}),
    }


def redact_of(how: str) -> Callable[[str, dict[str, Any]], Any] | None:
    def redact(name: str, attributes: dict[str, Any]) -> Any:
        seen = f"{name} {attributes}"
        if how == "raise":
            raise ValueError(seen)
        if how == "refuse":
            return seen
        if how == "none":
            return None
        return json.loads(json.dumps(attributes, default=str).replace(MARK, "removed-"))

    return None if how == "off" else redact


def _raised(place: str) -> ValueError:
    try:
        raise ValueError(canary(place)) from RuntimeError(canary(f"{place}-trace"))
    except ValueError as error:
        return error


def say_everything(provider: TracerProvider, folder: Path) -> None:
    """Say every canary that can be said in a process; a step stays open."""
    other = provider.get_tracer("instrumentation.of.others")
    with otel_steps.task(
        canary("description"), task_id="t", config={"prompt": [canary("config")]}
    ) as task:
        with (
            contextlib.suppress(ValueError),
            otel_steps.step(action={"action": "Type", "text": canary("action")}) as step,
        ):
            step.set(
                thinking=canary("thinking"),
                action_result={"message": canary("action-result")},
                step_data={"a": [canary("step-data")]},
                app=canary("app"),
                screenshot=str(folder / f"{canary('screenshot-error')}.png"),
                attributes={
                    "mine": canary("own-attribute"),
                    "mine.nested": {"a": [canary("own-nested")]},
                    "mine.json": json.dumps({"a": canary("own-json")}),
                    f"mine.{canary('own-key')}": 1,
                    "gen_ai.prompt": canary("own-message"),
                },
            )
            span = trace.get_current_span()
            span.add_event(canary("own-event"), {"a": canary("own-event-attribute")})
            span.record_exception(_raised("own-exception"))
            _say_as_others(other)
            raise ValueError(canary("exception"))
        with otel_steps.step(action=canary("action-text"), screenshot=PICTURES[SCREENSHOT]) as step:
            step.fail(canary("failure"))
        task.complete(canary("task-result"))
    with otel_steps.task("more", task_id="u") as task:
        task.fail(canary("task-failure"))
    tracker = otel_steps.StepTracker("v", enable_database=False)
    tracker.record_step(
        otel_steps.StepType.ACTION,
        {"a": canary("tracker-data")},
        thinking=canary("tracker-thinking"),
        action_result={"a": canary("tracker-result")},
        screenshot_path=str(folder / f"{canary('screenshot-path')}.png"),
        success=False,
        error_message=canary("tracker-error"),
        metadata={"a": canary("metadata")},
    )
    tracker.cleanup()
    in_flight = otel_steps.step(thinking=canary("in-flight-thinking"))
    in_flight.__enter__()
    wait_for_pictures()


def _say_as_others(tracer: trace.Tracer) -> None:
    link = Link(SpanContext(1, 2, is_remote=True), {"a": canary("link")})
    span = tracer.start_span(canary("name"), attributes=foreign_attributes(), links=[link])
    event = {"a": canary("event-attribute"), canary("event-key"): 1}
    span.add_event(canary("event"), event)
    span.record_exception(_raised("other-exception"))
    span.set_status(Status(StatusCode.ERROR, canary("status")))
    span.end()


def main(folder: Path, how: str) -> None:
    resource = {"text": canary("resource"), "process.command_args": ["x", canary("command")]}
    provider = TracerProvider(resource=Resource.create(resource), shutdown_on_exit=False)
    trace.set_tracer_provider(provider)
    otel_steps.configure(
        "postgresql://127.0.0.1:1/nowhere", dir=folder, redact=redact_of(how), instrument=False
    )
    say_everything(provider, folder)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
