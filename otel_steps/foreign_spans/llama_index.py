"""
LlamaIndex's workflows, as OpenInference tells of them: agents as that of mobilerun are. Pure.

All of a workflow is CHAIN there: the run of an agent, which is named after its class, and the steps
of the workflow, most of which only hand an event on. What was asked stands among the arguments of
the run, what came of it in the text of the object that it returned.
"""

import ast
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from otel_steps import semconv
from otel_steps.foreign_spans.kind import Kind
from otel_steps.foreign_spans.messages import parsed, said_by

SCOPE: Final = "openinference.instrumentation.llama_index"
_RUN: Final = re.compile(r"(\w*Agent)\.run")
_STEP: Final = re.compile(r"\w+\.\w+")
# Of mobilerun's events, what the device is to do, and what the task is. Events come as objects or,
# without mobilerun's own encoder, as Python writes them.
_CALLS: Final = "tool_calls_repr"
_INSTRUCTION: Final = "instruction"
_FIELD: Final = r"\b%s=('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALL: Final = re.compile(r'<invoke name="([^"]+)">(.*?)</invoke>', re.DOTALL)
_ARGUMENT: Final = re.compile(r'<parameter name="([^"]+)">(.*?)</parameter>', re.DOTALL)
# Where the run was told what to do: as mobilerun tells Langfuse, as the arguments of the method.
_INPUTS: Final = ("langfuse.observation.input", semconv.OI_INPUT_VALUE)
_QUESTIONS: Final = ("goal", "user_msg", _INSTRUCTION)
_RESULT: Final = re.compile(
    r"ResultEvent\(success=(True|False), reason=(['\"])(.*?)\2, \w+=", re.DOTALL
)


def is_run(name: str) -> bool:
    """Tell whether a span of *name* is the run of an agent; its kind is said only at its end."""
    return _RUN.fullmatch(name) is not None


def kind(attributes: Mapping[str, Any], name: str) -> Kind:
    """Return what the CHAIN of *name* is."""
    if is_run(name):
        return "agent"
    arguments = _mapping(attributes.get(semconv.OI_INPUT_VALUE))
    if not _STEP.fullmatch(name) or not arguments.keys() & {"ctx", "ev"}:
        return "group"
    return "tool" if _calls(arguments) else "part"


def facts(attributes: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what a run or a step of a workflow says, by its `gen_ai.*` key; else nothing."""
    if run := _RUN.fullmatch(name):
        return {semconv.GEN_AI_AGENT_NAME: run[1], **_conversation(attributes)}
    arguments = _mapping(attributes.get(semconv.OI_INPUT_VALUE))
    if kind(attributes, name) == "part":
        asked = said_by("user", _field(arguments, _INSTRUCTION))
        return {semconv.GEN_AI_INPUT_MESSAGES: asked, semconv.GEN_AI_OUTPUT_MESSAGES: []}
    calls = _calls(arguments)
    if not calls:
        return {}
    tool, given = calls[0]
    further = {"further": [{"action": each, **what} for each, what in calls[1:]]}
    return {
        semconv.GEN_AI_TOOL_NAME: tool,
        semconv.GEN_AI_TOOL_CALL_ARGUMENTS: given | (further if calls[1:] else {}),
    }


def _conversation(attributes: Mapping[str, Any]) -> dict[str, Any]:
    inputs = [_mapping(attributes.get(each)) for each in _INPUTS]
    questions = [each.get(key) for each in inputs for key in _QUESTIONS]
    question = next((each for each in questions if isinstance(each, str) and each), None)
    result = _RESULT.match(str(attributes.get(semconv.OI_OUTPUT_VALUE)))
    said: dict[str, Any] = {
        # Never the arguments as they are: they hold the state of the whole workflow.
        semconv.GEN_AI_INPUT_MESSAGES: said_by("user", question),
        semconv.GEN_AI_OUTPUT_MESSAGES: said_by("assistant", result[3] if result else None),
    }
    if result and result[1] == "False":
        said |= {semconv.ERROR_TYPE: "agent_failed", "error.message": result[3]}
    return said


def _calls(arguments: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (tool, {key: parsed(value) for key, value in _ARGUMENT.findall(inner)})
        for tool, inner in _CALL.findall(_field(arguments, _CALLS) or "")
    ]


def _field(arguments: Mapping[str, Any], name: str) -> str | None:
    """Return the text that the event among *arguments* has under *name*."""
    event = arguments.get("ev")
    if isinstance(event, Mapping):
        value = event.get(name)
        return value if isinstance(value, str) else None
    found = re.search(_FIELD % name, event) if isinstance(event, str) else None
    if found is None:
        return None
    with suppress(ValueError, SyntaxError):
        return str(ast.literal_eval(found[1]))
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    found = parsed(value)
    return found if isinstance(found, Mapping) else {}
