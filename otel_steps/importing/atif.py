"""
Trajectories of ATIF, the Agent Trajectory Interchange Format, versions 1.0 to 1.8.

Each turn of the agent is a step; the picture that was seen last before it is its own. What a
trajectory of ours has in `extra` goes back to where it was. A turn that was copied from another
trajectory is left out: it is a step of that one.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from otel_steps import semconv
from otel_steps.importing.former import picture_file
from otel_steps.importing.item import Found, PictureFile, PictureHeld, Refused, milliseconds
from otel_steps.importing.opened import READ_ERRORS, document, reason_of
from otel_steps.importing.run import Run, RunStep, mapping, nanoseconds, sequence, text
from otel_steps.rows.judgement import score_in

_SOURCE: Final = "atif"
_DATA_URL: Final = "data:"
# A trajectory within another one is that of a subagent.
_MAX_DEPTH: Final = 16


def read(path: Path) -> Iterator[Found]:
    """Return the steps of each trajectory in the file at *path*, and its task."""
    try:
        said = document(path)
    except (*READ_ERRORS, ValueError) as error:
        yield Refused(str(path), reason_of(error))
        return
    trajectories = said if isinstance(said, list) else [said]
    for number, trajectory in enumerate(trajectories, start=1):
        where = str(path) if len(trajectories) == 1 else f"{path}, entry {number}"
        yield from _read(path, where, mapping(trajectory), (), 0)


def _read(
    path: Path, where: str, trajectory: Mapping[str, Any], above: tuple[object, ...], depth: int
) -> Iterator[Found]:
    turns = [each for each in sequence(trajectory.get("steps")) if isinstance(each, dict)]
    if not turns:
        yield Refused(where, "not a trajectory of ATIF: it has no steps")
        return
    key = (*above, trajectory.get("trajectory_id") or trajectory.get("session_id"))
    yield from _run(path, trajectory, turns, key).items()
    for number, inner in enumerate(sequence(trajectory.get("subagent_trajectories")), start=1):
        if depth < _MAX_DEPTH:
            yield from _read(
                path, f"{where}, subagent {number}", mapping(inner), (*key, number), depth + 1
            )


def _run(
    path: Path,
    trajectory: Mapping[str, Any],
    turns: Sequence[Mapping[str, Any]],
    key: tuple[object, ...],
) -> Run:
    agent, extra = mapping(trajectory.get("agent")), mapping(trajectory.get("extra"))
    times = [time for each in turns if (time := _time(each))]
    answer = text(extra.get("result"))
    steps = list(_steps(path, turns, answer))
    status = extra.get("status")
    last = turns[-1] if turns[-1].get("source") == "agent" else {}
    asked = [_said(each) for each in turns if each.get("source") == "user"]
    first_start = times[0] if times else None
    return Run(
        # The same run in another copy of its file is the same task.
        key=(*key, first_start, agent.get("name"), asked[0] if asked else None),
        source=_SOURCE,
        agent=text(agent.get("name")) or "agent",
        agent_version=text(agent.get("version")),
        session=text(trajectory.get("session_id")),
        description=next((each for each in asked if each), None),
        model=text(agent.get("model_name")),
        device=text(extra.get("device_id")),
        status=str(status) if status in _STATUSES else "completed",
        result=answer or _said(last),
        error=text(extra.get("error_message")),
        start=nanoseconds(extra.get("created_at")) or first_start,
        end=nanoseconds(extra.get("end_time")) or (times[-1] if times else None),
        config=mapping(extra.get("config")),
        steps=steps,
        said=_judged(extra, trajectory.get("notes")),
    )


# A task that its file says is running will never end.
_STATUSES: Final = frozenset(semconv.TASK_STATUSES) - {"running"}


def _steps(path: Path, turns: Sequence[Mapping[str, Any]], answer: str | None) -> Iterator[RunStep]:
    seen: str | None = None
    has_begun = False
    heard: list[str] = []
    for number, turn in enumerate(turns):
        if turn.get("source") == "agent":
            has_begun = True
            if turn.get("is_copied_context") is not True:
                said = _said(turn)
                # Ours says the answer of the task in the last turn, which was no word of its own.
                said = None if said == answer else said
                yield _step(path, turn, turns[number + 1 :], seen, said, heard)
            seen, heard = None, []
        elif has_begun and (said := _said(turn)):
            heard.append(said)  # the first word of a person is what the task is about
        seen = _last_picture(turn) or seen


def _step(
    path: Path,
    turn: Mapping[str, Any],
    following: Sequence[Mapping[str, Any]],
    seen: str | None,
    said: str | None,
    heard: Sequence[str],
) -> RunStep:
    extra, metrics = mapping(turn.get("extra")), mapping(turn.get("metrics"))
    calls = [each for each in sequence(turn.get("tool_calls")) if isinstance(each, dict)]
    results = [mapping(each) for each in _results(turn)]
    start = _time(turn)
    took_ms = milliseconds(extra.get("duration_ms"))
    end = None if start is None or took_ms is None else start + round(took_ms * 1e6)
    thought = text(turn.get("reasoning_content"))
    told = {"message": said if thought else None, "heard": "\n".join(heard) or None}
    data = {**mapping(extra.get("step_data")), **{k: v for k, v in told.items() if v}}
    return RunStep(
        key=str(turn.get("step_id")),
        start=start,
        end=end or next((at for each in following if (at := _time(each))), None),
        thinking=thought or said,
        actions=[_action(each) for each in calls],
        coordinates=text(extra.get("coordinates")),
        result=_result(results),
        error=text(extra.get("error_message")),
        is_final=extra.get("step_type") == "completion" or (not calls and not following),
        app=text(extra.get("app")),
        data=data,
        model=text(turn.get("model_name")),
        tokens=(metrics.get("prompt_tokens"), metrics.get("completion_tokens")),
        cached_tokens=metrics.get("cached_tokens"),
        picture=_picture(path, seen),
        said=_judged(extra, extra.get("notes")),
    )


def _action(call: Mapping[str, Any]) -> dict[str, Any]:
    arguments = call.get("arguments")
    kept = arguments if isinstance(arguments, Mapping) else {"arguments": arguments}
    return {"action": str(call.get("function_name")), **{k: kept[k] for k in kept if k != "action"}}


def _result(results: Sequence[Mapping[str, Any]]) -> Any:
    kept = [mapping(each.get("extra")).get("action_result") for each in results]
    if any(each is not None for each in kept):
        return kept[0] if len(kept) == 1 else kept
    texts = [said for each in results if (said := _text_of(each.get("content")))]
    return texts[0] if len(texts) == 1 else texts or None


def _results(turn: Mapping[str, Any]) -> Sequence[Any]:
    return sequence(mapping(turn.get("observation")).get("results"))


def _judged(extra: Mapping[str, Any], notes: object) -> dict[str, Any]:
    """Return what people have said of a task or a step, as far as it has the shape of ours."""
    tags = [tag for tag in sequence(extra.get("tags")) if isinstance(tag, str)]
    scores = [score for each in sequence(extra.get("scores")) if (score := score_in(mapping(each)))]
    said = {"tags": tags, "notes": text(notes), "scores": scores}
    return {name: value for name, value in said.items() if value}


def _time(turn: Mapping[str, Any]) -> int | None:
    return nanoseconds(turn.get("timestamp"))


def _said(turn: Mapping[str, Any]) -> str | None:
    return _text_of(turn.get("message"))


def _text_of(content: object) -> str | None:
    if isinstance(content, str):
        return text(content)
    texts = [text(mapping(each).get("text")) for each in sequence(content)]
    return "\n".join(each for each in texts if each) or None


def _last_picture(turn: Mapping[str, Any]) -> str | None:
    """Return where the picture is that a turn shows last: in its message, or after it was done."""
    contents = [turn.get("message"), *(mapping(each).get("content") for each in _results(turn))]
    parts = [mapping(part) for content in contents for part in sequence(content)]
    sources = [mapping(part.get("source")) for part in parts if part.get("type") == "image"]
    paths = [place for each in sources if (place := text(each.get("path")))]
    return paths[-1] if paths else None


def _picture(path: Path, place: str | None) -> PictureFile | PictureHeld | None:
    """Return a picture in the trajectory or in a file; an address on the web is never fetched."""
    if place is None or "://" in place:
        return None
    if place.startswith(_DATA_URL):
        return PictureHeld(place)
    return picture_file([place], [path.absolute().parent])
