"""
What of a row may be published: the one list, which every way out to the public goes by. Pure.

A public row has all columns of its table, and in each of them what its rule here lets through:
numbers, times, words of a vocabulary, versions, the name of the model. A column without a rule is
empty, so that one that is new is private until somebody has thought about it. No text of a person,
a model, a device or a page has a rule, nor an address, nor the name of a picture; an id is kept
only where it has the shape of one that was drawn by chance, and is told from its hash elsewhere.
"""

import builtins
import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from otel_steps import semconv
from otel_steps.action.kinds import NAMES, UNKNOWN, action_kind
from otel_steps.action.places import PERMILLE, Size, action_places
from otel_steps.action.words import action_name
from otel_steps.pictures.captured import EXTENSIONS
from otel_steps.rows.flags import flags_of
from otel_steps.rows.step_index import COLUMNS as INDEX_COLUMNS
from otel_steps.rows.step_index import INNER, action_of
from otel_steps.rows.tables import COLUMNS
from otel_steps.semconv.attribute import ATTRIBUTES

Row = Mapping[str, Any]
Rule = Callable[[Any], Any]

_TIME: Final = re.compile(r"\d{4,6}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_NO_TIME: Final = "1970-01-01T00:00:00.000000+00:00"
_VERSION: Final = re.compile(r"v?\d{1,6}(\.\d{1,6}){0,3}([.+-]?(a|b|rc|dev|post|alpha|beta)\d*)?")
_PUBLIC_ID: Final = re.compile(r"task-[0-9a-f]{12}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Maker and model, as hubs have them: no path, no address.
_MODEL: Final = re.compile(r"([\w.+-]{1,60}/)?[\w.+-][\w.:+-]{0,80}", re.ASCII)
_ERROR_CLASS: Final = re.compile(r"(?:\w+\.)*(\w+)(?=:|$)", re.ASCII)

# Agents that anybody can have; the class of somebody's own says what it is for.
_AGENTS: Final = frozenset(
    [
        "PhoneAgent",
        "IOSPhoneAgent",
        "AsyncPhoneAgent",
        "CodeAgent",
        "ToolCallingAgent",
        "StepTracker",
        "browser-use",
        "UI-TARS",
        "Midscene",
        "Midscene.js",
        "mobilerun",
    ]
)
_OPERATIONS: Final = frozenset(
    f"{semconv.STEP_SPAN_NAME} {semconv.CHAT} {semconv.INVOKE_AGENT} {semconv.EXECUTE_TOOL} "
    "generate_content text_completion embeddings retrieval create_agent invoke_workflow plan "
    "evaluation".split()
)
_ERRORS: Final = frozenset(
    name
    for name, each in vars(builtins).items()
    if isinstance(each, type) and issubclass(each, BaseException)
) | frozenset(
    [
        "APIConnectionError",
        "APIError",
        "APIStatusError",
        "APITimeoutError",
        "AuthenticationError",
        "BadRequestError",
        "ConnectError",
        "ConnectTimeout",
        "HTTPError",
        "HTTPStatusError",
        "InternalServerError",
        "JSONDecodeError",
        "NotFoundError",
        "PermissionDeniedError",
        "RateLimitError",
        "ReadTimeout",
        "RequestException",
        "TimeoutExpired",
        "CalledProcessError",
        "URLError",
        "ValidationError",
    ]
)
# Numbers and switches of the vocabulary: how a model was asked, what it used, how long it took.
_MEASURES: Final = frozenset(
    each.key for each in ATTRIBUTES if each.type in ("int", "double", "boolean") and not each.part
) - {semconv.SERVER_PORT, semconv.GEN_AI_REQUEST_SEED}
_TIMINGS: Final = frozenset(
    key.removeprefix(semconv.TIMING_PREFIX)
    for key in _MEASURES
    if key.startswith(semconv.TIMING_PREFIX)
)


def _number(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else None


def _one_of(words: Any) -> Rule:
    known = frozenset(words)
    return lambda value: value if isinstance(value, str) and value in known else None


def _shaped(shape: re.Pattern[str]) -> Rule:
    return lambda value: value if isinstance(value, str) and shape.fullmatch(value) else None


def _hashed(value: Any) -> str:
    return hashlib.sha256(str(value).encode(errors="replace")).hexdigest()


def _hex(digits: int) -> Rule:
    shape = re.compile(rf"[0-9a-f]{{{digits}}}")

    def rule(value: Any) -> str | None:
        if value is None or (isinstance(value, str) and shape.fullmatch(value)):
            return value
        return _hashed(value)[:digits]

    return rule


def _uuid(value: Any) -> str:
    text = str(value)
    return text if _UUID.fullmatch(text) else str(uuid.UUID(_hashed(text)[:32]))


def _required_time(value: Any) -> str:
    return _time(value) or _NO_TIME


def _filtered(rules: Mapping[str, Rule]) -> Rule:
    """Return what keeps of an object the members that have a rule and something to say."""

    def rule(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, Mapping):
            return None
        told = {key: each(value[key]) for key, each in rules.items() if key in value}
        return {key: each for key, each in told.items() if each is not None} or None

    return rule


def public_task_id(task_id: str) -> str:
    """Return what a task is called in public; an id may be any text. The same for itself."""
    return task_id if _PUBLIC_ID.fullmatch(task_id) else f"task-{_hashed(task_id)[:12]}"


def _error_class(value: Any) -> str | None:
    found = _ERROR_CLASS.match(value) if isinstance(value, str) else None
    return found[1] if found and found[1] in _ERRORS else None


_time: Final = _shaped(_TIME)
_version: Final = _shaped(_VERSION)
_model: Final = _shaped(_MODEL)
_agent: Final = _one_of(_AGENTS)
_attributes: Final = _filtered(
    {
        **dict.fromkeys(_MEASURES, _number),
        semconv.GEN_AI_OPERATION_NAME: _one_of(_OPERATIONS),
        semconv.GEN_AI_REQUEST_MODEL: _model,
        semconv.GEN_AI_RESPONSE_MODEL: _model,
        "http.response.status_code": _number,
    }
)
_resource: Final = _filtered(
    {
        "telemetry.sdk.language": _one_of(("python", "nodejs", "webjs", "go", "java", "rust")),
        "telemetry.sdk.version": _version,
        "telemetry.distro.version": _version,
        "process.runtime.name": _one_of(("cpython", "pypy", "nodejs")),
        "process.runtime.version": _version,
        "os.type": _one_of(("linux", "darwin", "windows")),
    }
)
_status: Final = _one_of(semconv.TASK_STATUSES)
_error_kind: Final = _one_of(get_args(semconv.ErrorKind))
_kind: Final = _one_of((*NAMES, UNKNOWN))
_step_type: Final = _one_of(get_args(semconv.StepTypeName))
_timings: Final = _filtered(dict.fromkeys(_TIMINGS, _number))

_TASK: Final[Mapping[str, Rule]] = {
    "task_id": public_task_id,
    "status": _status,
    "created_at": _required_time,
    "last_activity": _required_time,
    "end_time": _time,
    "error_message": _error_class,
    "config": _filtered({"agent_version": _version, "max_steps": _number}),
    "agent": _agent,
    "model": _model,
    "trace_id": _hex(32),
    "resource": _resource,
    "started_at": _time,
    "last_step_at": _time,
    **dict.fromkeys(
        ("total_steps", "successful_steps", "failed_steps", "total_duration_ms"), _number
    ),
    "has_detailed_steps": _number,
}
# `action` and `coordinates` are told from more than their own column.
_STEP: Final[Mapping[str, Rule]] = {
    "id": _uuid,
    "task_id": public_task_id,
    "step_number": _number,
    "step_type": lambda value: _step_type(value) or "action",
    "step_data": lambda _: {},
    "duration_ms": _number,
    "success": _number,
    "error_message": _error_class,
    "created_at": _required_time,
    "status": _one_of(("running", "completed", "failed", "interrupted")),
    "error_kind": _error_kind,
    "started_at": _required_time,
    "ended_at": _time,
    "trace_id": _hex(32),
    "span_id": _hex(16),
    "parent_span_id": _hex(16),
    "timings": _timings,
    "attributes": _attributes,
    "resource": _resource,
    "model": _model,
    "input_tokens": _number,
    "output_tokens": _number,
    "cached_tokens": _number,
}
_SCREENSHOT: Final[Mapping[str, Rule]] = {
    "id": _uuid,
    "task_id": public_task_id,
    "step_id": _uuid,
    "screenshot_path": lambda _: "",
    "file_size": _number,
    "compressed": _number,
    "metadata": _filtered({"role": _one_of(get_args(semconv.PictureRole)), "black": _number}),
    "created_at": _required_time,
    "width": _number,
    "height": _number,
    "mime_type": _one_of(EXTENSIONS),
    "sensitive": _number,
}
_SPAN: Final[Mapping[str, Rule]] = {
    "trace_id": _hex(32),
    "span_id": _hex(16),
    "parent_span_id": _hex(16),
    "task_id": lambda value: None if value is None else public_task_id(value),
    "name": lambda value: _one_of(_OPERATIONS)(str(value).partition(" ")[0]) or "span",
    "kind": _number,
    "started_at": _required_time,
    "ended_at": _time,
    "duration_ms": _number,
    "status_code": _number,
    "attributes": _attributes,
}
_RULES: Final = {
    "tasks": _TASK,
    "task_steps": _STEP,
    "step_screenshots": _SCREENSHOT,
    "task_spans": _SPAN,
}
# Of an index, each for a whole column.
_INDEX: Final[Mapping[str, Rule]] = {
    "id": _uuid,
    "number": _number,
    "type": _step_type,
    "duration_ms": _number,
    "success": _number,
    "status": _STEP["status"],
    "error_kind": _error_kind,
    "timings": _timings,
    "width": _number,
    "height": _number,
    "start_ms": _number,
    "kind": _kind,
    "sensitive": _number,
    "black": _number,
    **dict.fromkeys(("x", "y", "x2", "y2"), _number),
}


def public_task(row: Row) -> dict[str, Any]:
    """Return what of a row of `tasks` may be published."""
    return _public("tasks", row)


def public_step(row: Row, size: Size = (None, None)) -> dict[str, Any]:
    """
    Return what of a row of `task_steps` may be published: of its action the kind and the places.

    Args:
        size: Of the picture before its action, in pixels: without one, pixels are no place.
    """
    action, coordinates = _public_action(row, size)
    return _public("task_steps", row) | {"action": action, "coordinates": coordinates}


def public_screenshot(row: Row) -> dict[str, Any]:
    """Return what of a row of `step_screenshots` may be published: nothing that leads to it."""
    return _public("step_screenshots", row)


def public_span(row: Row) -> dict[str, Any]:
    """Return what of a row of `task_spans` may be published."""
    return _public("task_spans", row)


def public_index(index: Row) -> dict[str, Any]:
    """
    Return what of a task's index may be published, with its flags.

    They are told here, from pictures and words that a reader of the public index does not have.
    """
    empty = [None] * index["count"]
    columns = {
        name: list(map(_INDEX[name], index[name])) if name in _INDEX else empty
        for name in INDEX_COLUMNS
        if name not in INNER
    }
    return {
        "task_id": public_task_id(index["task_id"]),
        "count": index["count"],
        "version": "",
        **columns,
        "action": columns["kind"],
        "flags": flags_of(index),
    }


def _public(table: str, row: Row) -> dict[str, Any]:
    rules = _RULES[table]
    return {name: rules[name](row.get(name)) if name in rules else None for name in COLUMNS[table]}


def _public_action(row: Row, size: Size) -> tuple[dict[str, Any] | None, str | None]:
    action = action_of(row["action"], row["step_data"])
    said = (row["attributes"] or {}).get(semconv.STEP_ACTION_NAME)
    kind = action_kind(action_name(action) or said)
    if kind is None:
        return None, None
    places = action_places(action, size, row["coordinates"])
    if None in places.start:
        return {"action": kind}, None
    start = [round(each or 0, 1) for each in places.start]
    if None in places.end:
        return {"action": kind, "element": start}, PERMILLE
    return {"action": kind, "start": start, "end": [round(each or 0, 1) for each in places.end]}, (
        PERMILLE
    )
