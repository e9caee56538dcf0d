"""
A task as a trajectory of ATIF, the Agent Trajectory Interchange Format, version 1.8.

A person's word comes first, with the first screen; each step is a turn of the agent: what it
thought, what it called, what came of that, and the screen after it. What ATIF has no place for
stands in its `extra`, under the names of our columns. Written from the format's description.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from otel_steps import semconv
from otel_steps.action.words import action_name
from otel_steps.exporting.task_gone import TaskGone
from otel_steps.pictures.captured import PictureError, describe
from otel_steps.pictures.names import path_of
from otel_steps.pictures.step_pictures import step_pictures
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import of_step, priced, rows_of
from otel_steps.stores.contract import TaskReader

Row = Mapping[str, Any]
# Keeps a picture under a name, and returns where the trajectory finds it: a path or a URL.
Keep = Callable[[str, bytes], str]

VERSION: Final = "ATIF-v1.8"
_UNKNOWN: Final = "unknown"
_USD: Final = "USD"
_TASK_EXTRA: Final = (
    *("status", "result", "error_message", "device_id", "trace_id", "created_at", "end_time"),
    *("tags", "scores", "config"),
)
_STEP_EXTRA: Final = (
    *("step_number", "step_type", "step_data", "app", "coordinates", "duration_ms", "timings"),
    *("success", "status", "error_kind", "error_message"),
    *("tags", "notes", "scores"),
)
# What may name an action among its arguments.
_NAMES: Final = ("action", "name")
# Of AutoGLM's actions: whether one is done or ends the task, which its name says as well.
_NO_ARGUMENT: Final = "_metadata"


def in_itself(name: str, data: bytes) -> str:
    """Return the picture *data* as a data URL, for a trajectory that is a single file."""
    return f"data:{describe(data).mime_type};base64,{base64.b64encode(data).decode('ascii')}"


def render(
    task: Row,
    store: TaskReader,
    pictures: ScreenshotStore,
    prices: PriceTable,
    progress: Callable[[int, int], None],
    keep: Keep = in_itself,
) -> Iterator[str]:
    """Yield the trajectory of a task, step by step."""
    task_id = task["task_id"]
    index = store.index(task_id)
    if index is None:
        raise TaskGone(task_id)
    names = dict(zip(index["id"], index["picture"], strict=True))
    steps = store.steps(task_id)
    screens = [names.get(step["id"]) for step in steps]
    shown = _Shown(pictures, keep, len({each for each in screens if each}), progress)
    head = _head(task)
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "steps": ['
    number = 0
    for number, turn in enumerate(_turns(task, steps, screens, shown, prices), start=1):
        comma = "," if number > 1 else ""
        yield f"{comma}\n" + json.dumps({"step_id": number, **turn}, ensure_ascii=False)
    tail = {"final_metrics": _final_metrics(task, steps, prices, number)}
    yield "\n], " + json.dumps(tail, ensure_ascii=False)[1:] + "\n"


class _Shown:
    """The parts of messages that show a picture."""

    def __init__(
        self,
        pictures: ScreenshotStore,
        keep: Keep,
        count: int,
        progress: Callable[[int, int], None],
    ) -> None:
        self._pictures, self._keep = pictures, keep
        self._progress, self._count, self._done = progress, count, 0

    def part(self, name: str | None) -> list[dict[str, Any]]:
        """Return the part of the picture called *name*; none where it is not kept."""
        data = self._pictures.read(name) if name else None
        if name is None or data is None:
            return []
        self._done = min(self._done + 1, self._count)
        self._progress(self._done, self._count)
        try:
            media_type = describe(data).mime_type
        except PictureError:
            return []
        path = self._keep(path_of(name, media_type).rpartition("/")[2], data)
        return [{"type": "image", "source": {"media_type": media_type, "path": path}}]


def _head(task: Row) -> dict[str, Any]:
    config = task["config"] or {}
    agent = {
        "name": task["agent"] or _UNKNOWN,
        "version": str(config.get("agent_version") or _UNKNOWN),
        "model_name": task["model"],
    }
    head = {
        "schema_version": VERSION,
        "session_id": task["session"],
        "trajectory_id": task["task_id"],
        "agent": _known(agent),
        "notes": task.get("notes"),
        "extra": _known({name: task.get(name) for name in _TASK_EXTRA}),
    }
    return _known(head)


def _turns(
    task: Row,
    steps: Sequence[Row],
    screens: Sequence[str | None],
    shown: _Shown,
    prices: PriceTable,
) -> Iterator[dict[str, Any]]:
    description = task["task_description"]
    asked = [{"type": "text", "text": description}] if description else []
    first = shown.part(screens[0]) if screens else []
    if asked or first:
        yield {
            "timestamp": task["created_at"],
            "source": "user",
            "message": [*asked, *first] if first else description,
        }
    for step, after in zip_longest(steps, screens[1:]):
        yield _turn(step, task, after, shown, prices) | (
            {"message": task["result"] or ""} if step is steps[-1] else {}
        )
    if task["result"] and not steps:
        yield {"timestamp": task["end_time"], "source": "agent", "message": task["result"]}


def _turn(
    step: Row, task: Row, after: str | None, shown: _Shown, prices: PriceTable
) -> dict[str, Any]:
    calls = _calls(step)
    seen = [shown.part(name) for name in dict.fromkeys([*_afters(step), after])]
    observed = [*_texts(step), *(part for parts in seen for part in parts)]
    call_id = calls[0]["tool_call_id"] if calls else None
    result = _known({"source_call_id": call_id, "content": observed, "extra": _result(step)})
    turn = {
        "timestamp": step["started_at"] or step["created_at"],
        "source": "agent",
        "model_name": step["model"],
        "message": "",
        "reasoning_content": step["thinking"] or None,
        "tool_calls": calls or None,
        "observation": {"results": [result]} if observed else None,
        "metrics": _metrics(step, task, prices),
        "extra": _known({name: step.get(name) for name in _STEP_EXTRA}),
    }
    return _known(turn)


def _calls(step: Row) -> list[dict[str, Any]]:
    action = step["action"]
    if action is None:
        return []
    said = (step["attributes"] or {}).get(semconv.STEP_ACTION_NAME)
    name = said if isinstance(said, str) and said else action_name(action)
    return [
        {
            "tool_call_id": f"call-{step['step_number']}",
            "function_name": name or _UNKNOWN,
            "arguments": _arguments(action, name),
        }
    ]


def _arguments(action: Any, name: str | None) -> dict[str, Any]:
    if not isinstance(action, Mapping):
        return {"action": action}
    kept = {key: each for key, each in action.items() if key not in _NAMES or each != name}
    kept.pop(_NO_ARGUMENT, None)
    inner = kept.get("arguments")
    if isinstance(inner, Mapping) and "name" in action:  # as models call their tools
        kept = {**inner, **{key: each for key, each in kept.items() if key != "arguments"}}
    return kept


def _texts(step: Row) -> list[dict[str, Any]]:
    """Return what came of an action, and why it failed, as a person would be told."""
    result = step["action_result"]
    said = result.get("message") if isinstance(result, Mapping) else result
    if said is not None and not isinstance(said, str):
        said = json.dumps(said, ensure_ascii=False)
    texts = dict.fromkeys(text for text in (said, step["error_message"]) if text)
    return [{"type": "text", "text": text} for text in texts]


def _result(step: Row) -> dict[str, Any] | None:
    result = step["action_result"]
    return None if result is None else {"action_result": result}


def _afters(step: Row) -> list[str | None]:
    further = step_pictures((step["attributes"] or {}).get(semconv.PICTURES))
    return [each.sha256 for each in further if each.role == "after"]


def _metrics(step: Row, task: Row, prices: PriceTable) -> dict[str, Any] | None:
    metrics = {
        "prompt_tokens": step["input_tokens"],
        "completion_tokens": step["output_tokens"],
        "cached_tokens": step["cached_tokens"],
        "cost_usd": _cost(of_step(step, task, prices)),
    }
    return _known(metrics) or None


def _final_metrics(
    task: Row, steps: Sequence[Row], prices: PriceTable, turns: int
) -> dict[str, Any]:
    used = priced(rows_of(steps, task), prices)
    return _known(
        {
            **{
                f"total_{name}": used[ours] if used else None
                for name, ours in (
                    ("prompt_tokens", "input_tokens"),
                    ("completion_tokens", "output_tokens"),
                    ("cached_tokens", "cached_tokens"),
                )
            },
            "total_cost_usd": _cost(used),
            "total_steps": turns,
        }
    )


def _cost(used: Row | None) -> float | None:
    """Return what was *used* in dollars; None where not all of it has a price in them."""
    if used is None or used["unpriced"]:
        return None
    amounts: dict[str, float] = {each["currency"]: each["amount"] for each in used["cost"] or ()}
    return amounts[_USD] if amounts.keys() == {_USD} else None


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if value is not None}
