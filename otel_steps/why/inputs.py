"""Rules about taps and texts that went where they were not to go."""

from typing import Final

from otel_steps.rows.effects import Box
from otel_steps.why import apps, patterns
from otel_steps.why.finding import Evidence, Finding
from otel_steps.why.loops import action_of
from otel_steps.why.run import ACTS, TAPS, Run

# Steps before the end in which what an agent says is of how things stood at the end.
_NEAR_END: Final = 3
# A text that did not arrive ends a run that took no more than so many steps after it.
_STEPS_AFTER: Final = 6
# Of 1000: taps as near to one another are one tap again, as far they look for something.
_SAME_POINT: Final = 25
_LEAST_LOOP: Final = 3
# Of 1000 of the height: two fields are farther apart than a field is high. And of the whole screen:
# what changes more of it moves fields, too.
_OTHER_FIELD: Final = 60
_SHIFTED: Final = 0.15


def keyboard_closed(run: Run) -> Finding | None:
    """Find that a text was typed while no field had the focus: it arrived nowhere."""
    lost = [at for at in _typed(run) if run.changed(at) is False or _lacks_keyboard(run, at)]
    if not lost or run.last - lost[-1] > _STEPS_AFTER:
        return None
    if any(at > lost[-1] and not _is_again(run, at, lost[-1]) for at in _typed(run)):
        return None
    if not _is_at_end(run, lost[-1]):
        return None
    first = lost[-1]
    for at in reversed([each for each in _typed(run) if each <= lost[-1]]):
        if at not in lost:
            break
        first = at
    spoken = [at for at in lost if _lacks_keyboard(run, at)]
    evidence = [Evidence(at, "no_effect") for at in lost if run.changed(at) is False][:1]
    if spoken:
        evidence.append(Evidence(spoken[0], "said", _said_of(run, spoken[0])))
    return Finding(
        "keyboard_closed",
        first,
        "strong" if run.changed(first) is False else "weak",
        until=lost[-1],
        evidence=tuple(evidence),
        words={"text": run.labels[first] or ""},
        stable=(apps.stable(run.apps[first]),),
    )


def wrong_field(run: Run) -> Finding | None:
    """Find that a text arrived in another field than the one that was meant."""
    for at in reversed(_typed(run)):
        if run.last - at > _STEPS_AFTER:
            return None
        is_said = run.speaks_of(patterns.WRONG_FIELD, _said_of(run, at))
        is_seen = _arrived_elsewhere(run, at)
        if is_said or is_seen:
            seen = (Evidence(at, "elsewhere"),) if is_seen else ()
            said = (Evidence(at, "said", _said_of(run, at)),) if is_said else ()
            return Finding(
                "wrong_field",
                at,
                "strong" if is_seen else "weak",
                evidence=(*seen, *said),
                words={"text": run.labels[at] or ""},
                stable=(apps.stable(run.apps[at]),),
            )
    return None


def tap_beside(run: Run) -> Finding | None:
    """Find that the taps at the end hit nothing: on one screen, which none of them changed."""
    taps = _unanswered(run)
    said = [at for at in _last_taps(run) if run.speaks_of(patterns.MISSED, _said_after(run, at))]
    if not taps and not said:
        return None
    is_repeated = len(taps) >= _LEAST_LOOP and _spread(run, taps) <= _SAME_POINT
    if is_repeated and not said:
        return None  # the same again and again: a loop
    first = taps[-1] if taps else said[0]
    evidence = [Evidence(at, "no_effect") for at in reversed(taps)][:3]
    evidence += [Evidence(at, "said", _said_after(run, at)) for at in said[:1]]
    return Finding(
        "tap_beside",
        first,
        "strong" if taps else "weak",
        "" if taps else "other",
        until=taps[0] if taps else said[-1],
        evidence=tuple(evidence),
        words={"action": action_of(run, first)},
        stable=(apps.stable(run.apps[first]), run.kinds[first] or ""),
    )


def _arrived_elsewhere(run: Run, at: int) -> bool:
    """Tell whether the screen changed far from the field that was touched, and nowhere else."""
    before = next((each for each in reversed(range(at)) if run.kinds[each] in ACTS), None)
    if before is None or run.kinds[before] not in TAPS or (meant := run.point(before)) is None:
        return False
    if sum(map(_area, run.changed_boxes(before))) > _SHIFTED:
        return False  # a keyboard or a page came up, and fields moved with it
    arrived = run.changed_boxes(at)
    if not arrived or sum(map(_area, arrived)) > _SHIFTED:
        return False
    return all(max(box.top - meant[1], meant[1] - box.bottom) > _OTHER_FIELD for box in arrived)


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top) / 1_000_000


def _typed(run: Run) -> list[int]:
    return [at for at in range(run.last + 1) if run.kinds[at] == "type"]


def _is_again(run: Run, at: int, before: int) -> bool:
    """Tell whether a text is one that did not arrive before, and nobody has seen whether it did."""
    return run.labels[at] == run.labels[before] and run.changed(at) is None


def _lacks_keyboard(run: Run, at: int) -> bool:
    return run.speaks_of(patterns.KEYBOARD, _said_of(run, at))


def _said_of(run: Run, at: int) -> str:
    """Return what was said of a step's action: by its result, and by the agent at the next ones."""
    return "\n".join(filter(None, (run.results[at], run.errors[at], _said_after(run, at))))


def _said_after(run: Run, at: int) -> str:
    later = range(at + 1, min(at + 3, run.last + 1))
    said = [run.thinking[each] for each in later]
    if at + 2 >= run.last:
        said.append(run.last_word())
    return "\n".join(filter(None, said))


def _is_at_end(run: Run, at: int) -> bool:
    """Tell whether nothing that was done behind a step has led anywhere new."""
    later = [each for each in range(at + 1, run.last + 1) if run.kinds[each] in ACTS]
    return sum(run.changed(each) is True for each in later) <= 2


def _last_taps(run: Run) -> list[int]:
    behind = range(max(0, run.last + 1 - _NEAR_END), run.last + 1)
    return [at for at in behind if run.kinds[at] in TAPS]


def _unanswered(run: Run) -> list[int]:
    """Return the taps at the end that changed nothing, the last one first; [] for other acts."""
    taps: list[int] = []
    for at in reversed(range(run.last + 1)):
        if run.kinds[at] not in ACTS:
            continue
        if at == run.last_act and run.changed(at) is None and run.kinds[at] in TAPS:
            continue  # nobody has seen what came of it
        if run.kinds[at] not in TAPS or run.changed(at) is not False:
            break
        taps.append(at)
    return taps


def _spread(run: Run, taps: list[int]) -> float:
    return max((run.distance(taps[0], at) or 0 for at in taps), default=0)
