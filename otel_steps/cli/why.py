"""`otel-steps why`: why a run did not end well, in a few lines or in less than 2 kB of JSON."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typer
from rich.text import Text

from otel_steps.cli.asking import asking, place_of
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, TaskArgument
from otel_steps.cli.tasks_table import status_text
from otel_steps.cli.terminal import fact_line, out, print_json, typed_name
from otel_steps.cli.wording import one_line, plain
from otel_steps.why import Why

# Exit statuses beside 0, which says that the run went well; 1 and 2 are those of errors.
CAUSE_FOUND: Final = 3
NOT_CLEAR: Final = 4
NOT_ENDED: Final = 5

# For a program that reads the answer into its context.
_MAX_JSON_BYTES: Final = 2_000
_FACT_WORDS: Final[Mapping[str, str]] = {
    "error": "error",
    "said": "said",
    "no_effect": "no effect",
    "elsewhere": "changed the screen far from the field",
    "repeated": "repeated",
    "app": "app in front",
    "black": "black picture",
    "sensitive": "protected window",
    "last_change": "last change of the screen",
}


def why(
    task: TaskArgument,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Say why a run did not end well: the cause, the first bad step, and what shows it.

    The exit status is 0 if it went well, 3 if the cause was found, 4 if it is not clear from the
    recording, 5 if the run has not ended.
    """
    with asking(store, folder) as (opened, recording):
        found = recording.why(find_task(opened, task))
    answer = _answer(found, _next_command(found, store, folder))
    if as_json:
        print_json(_shortened(answer))
    else:
        _print(answer)
    raise typer.Exit(_exit_status(found))


def _exit_status(found: Mapping[str, Any]) -> int:
    if found["why"] is not None:
        return NOT_CLEAR if found["why"]["kind"] == "not_clear" else CAUSE_FOUND
    return 0 if found["status"] == "completed" else NOT_ENDED


def _next_command(found: Mapping[str, Any], store: str | None, folder: Path | None) -> str:
    """Return the command that shows more, with the options that lead it to the same place."""
    steps = found["why"]["steps"] if found["why"] else []
    words = ["step", found["task_id"], str(steps[0])] if steps else ["report", found["task_id"]]
    words += [] if store is None else ["--store", store]
    words += [] if folder is None else ["--dir", str(folder)]
    return f"{typed_name()} {shlex.join(words)}"


def _answer(found: Mapping[str, Any], next_command: str) -> dict[str, Any]:
    return {
        "task_id": found["task_id"],
        "status": found["status"],
        "why": found["why"],
        "before": place_of(found["before"]),
        "after": place_of(found["after"]),
        "next": next_command,
    }


def _shortened(answer: dict[str, Any]) -> dict[str, Any]:
    """Return *answer* without the facts for which there is no room: what says least goes first."""
    while (why := answer["why"]) and why["evidence"] and _size(answer) > _MAX_JSON_BYTES:
        answer = {**answer, "why": {**why, "evidence": why["evidence"][:-1]}}
    return answer


def _size(answer: Mapping[str, Any]) -> int:
    return len(json.dumps(answer, ensure_ascii=False, indent=2).encode(errors="replace"))


def _print(answer: Mapping[str, Any]) -> None:
    lines: list[tuple[str, Text | str | None]] = [
        ("task", answer["task_id"]),
        ("status", status_text(answer["status"])),
    ]
    if answer["why"] is not None:
        lines += _lines(answer["why"])
    else:
        lines.append(("why", "it went well" if answer["status"] == "completed" else "not ended"))
    lines += [(name, answer[name]) for name in ("before", "after", "next")]
    for name, value in lines:
        if value:
            text = value if isinstance(value, Text) else Text(one_line(value))
            # Never wrapped, so that a path can be copied.
            out.print(fact_line(name, text), soft_wrap=True)


def _lines(why: Why) -> list[tuple[str, Text | str | None]]:
    cause = " ".join(filter(None, (why["kind"], why["detail"]))).replace("_", " ")
    return [
        ("why", Text(plain(why["sentence"]["en"]), "bold")),
        ("cause", f"{cause} ({why['confidence']})"),
        ("bad from", None if why["step"] is None else f"step {why['step']}"),
        *(("evidence", _proof_text(each)) for each in why["evidence"]),
        ("alike", why["fingerprint"]),
    ]


def _proof_text(proof: Mapping[str, Any]) -> str:
    where = "the task" if proof["step"] is None else f"step {proof['step']}"
    said = f": {proof['value']}" if proof["value"] else ""
    return f"{where}, {_FACT_WORDS[proof['fact']]}{said}"
