"""
What UI-TARS has said and seen in a session: JSON of its desktop program and of its SDK.

`conversations` are in turn a person's word, a picture, and the model's answer with what was read of
it. Looked at in the `GUIAgentData` of the SDK, version 1 of its own count.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from otel_steps.action.calls import call_of
from otel_steps.importing.item import Found, PictureHeld, Refused
from otel_steps.importing.opened import READ_ERRORS, document, reason_of
from otel_steps.importing.run import Run, RunStep, mapping, nanoseconds, sequence, text

_SOURCE: Final = "ui-tars"
_AGENT: Final = "UI-TARS"
_STATUSES: Final = {
    "end": "completed",
    "finished": "completed",
    "call_user": "completed",
    "max_loop": "max_steps",
    "user_stopped": "cancelled",
    "error": "failed",
}
_FINISHED: Final = "finished"
# How an answer stands in files that have nothing else, as data sets do.
_THOUGHT, _ACTION = "Thought:", "Action:"


def read(path: Path) -> Iterator[Found]:
    """Return the steps of each session in the file at *path*, and its task."""
    try:
        said = document(path)
    except (*READ_ERRORS, ValueError) as error:
        yield Refused(str(path), reason_of(error))
        return
    sessions = said if isinstance(said, list) else [said]
    for number, session in enumerate(sessions, start=1):
        conversations = sequence(mapping(session).get("conversations"))
        turns = [each for each in conversations if isinstance(each, dict)]
        if turns:
            yield from _run(session, turns).items()
        else:
            where = str(path) if len(sessions) == 1 else f"{path}, entry {number}"
            yield Refused(where, "not a session of UI-TARS: it has no conversations")


def _run(session: Mapping[str, Any], turns: Sequence[Mapping[str, Any]]) -> Run:
    steps = _steps(turns)
    asked = text(session.get("instruction")) or _asked(turns)
    begun = nanoseconds(session.get("logTime"))
    first = next((step.start for step in steps if step.start), None)
    error = session.get("error")
    message = mapping(error).get("error") or mapping(error).get("message") or text(error)
    is_finished = bool(steps) and steps[-1].is_final
    usual = "completed" if is_finished else "interrupted"
    final = mapping(steps[-1].actions[0]) if is_finished and steps[-1].actions else {}
    return Run(
        key=(begun or first, asked),
        source=_SOURCE,
        agent=_AGENT,
        description=asked,
        model=text(session.get("modelName")),
        status=_STATUSES.get(str(session.get("status")), usual),
        result=text(final.get("content")),
        error=None if message is None else str(message),
        start=begun,
        steps=steps,
    )


def _asked(turns: Sequence[Mapping[str, Any]]) -> str | None:
    """Return what a person has asked first; `<image>` stands in place of a picture."""
    said = (text(each.get("value")) for each in turns if each.get("from") == "human")
    return next((each for each in said if each and each != "<image>"), None)


def _steps(turns: Sequence[Mapping[str, Any]]) -> list[RunStep]:
    steps: list[RunStep] = []
    seen: Mapping[str, Any] = {}
    for turn in turns:
        if turn.get("from") != "gpt":
            seen = turn if turn.get("screenshotBase64") else seen
            continue
        steps.append(_step(turn, seen))
        seen = {}
    return steps


def _step(turn: Mapping[str, Any], seen: Mapping[str, Any]) -> RunStep:
    parsed = [each for each in sequence(turn.get("predictionParsed")) if isinstance(each, dict)]
    parsed = parsed or _read(text(turn.get("value")))
    timing = mapping(turn.get("timing"))
    thoughts = [each for part in parsed if (each := text(part.get("thought")))]
    reflections = [each for part in parsed if (each := text(part.get("reflection")))]
    held = text(seen.get("screenshotBase64")) or text(turn.get("screenshotBase64"))
    return RunStep(
        start=nanoseconds(timing.get("start")),
        end=nanoseconds(timing.get("end")),
        # Where nothing could be read of it, the answer itself.
        thinking="\n".join(thoughts) or (None if parsed else text(turn.get("value"))),
        actions=[_action(each) for each in parsed],
        is_final=any(each.get("action_type") == _FINISHED for each in parsed),
        data={"reflection": reflections} if reflections else {},
        picture=PictureHeld(held) if held else None,
    )


def _read(answer: str | None) -> list[dict[str, Any]]:
    """Return what *answer* says, as UI-TARS itself reads it; nothing where that is not known."""
    before, marker, after = (answer or "").rpartition(_ACTION)
    call = call_of(after.strip()) if marker else None
    if call is None:
        return []
    name, inputs = call
    thought = before.strip().removeprefix(_THOUGHT).strip()
    return [{"thought": thought, "action_type": name, "action_inputs": inputs}]


def _action(parsed: Mapping[str, Any]) -> dict[str, Any]:
    inputs = mapping(parsed.get("action_inputs"))
    kept = {
        key: value for key, value in inputs.items() if key != "action" and value not in (None, [])
    }
    return {"action": str(parsed.get("action_type")), **kept}
