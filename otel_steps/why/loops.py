"""Rules about runs that get nowhere: loops, rounds among known screens, a dead screen."""

from collections.abc import Sequence
from typing import Final

from otel_steps.why.finding import Confidence, Evidence, Finding
from otel_steps.why.run import ACTS, Run

# A loop that is over does not end a run: it still went on at most so many steps before the end.
_NEAR_END: Final = 2
# Unless it has eaten so much of the steps that there were.
_MOST_OF_RUN: Final = 0.4
# So many steps that all did, on a screen, what had been done there before.
_LEAST_ROUND: Final = 3
# Without pictures only the words repeat, which says less.
_LEAST_BLIND: Final = 4
# Of 1000: a model does not hit the same button at the very same point twice.
_SAME_POINT: Final = 25
_LEAST_DEAD: Final = 2


def loop(run: Run) -> Finding | None:
    """Find the loop that the run ended in, or that ate its steps."""
    for found in (_flagged(run), _round(run), _blind(run)):
        if found is not None:
            return found
    return None


def no_response(run: Run) -> Finding | None:
    """Find that in the end nothing changed the screen any more, whatever was tried."""
    dead: list[int] = []
    for at in reversed(range(run.last + 1)):
        if run.kinds[at] not in ACTS:
            continue
        is_unanswered = run.changed(at) is False or (at == run.last and run.changed(at) is None)
        if not is_unanswered:
            break
        dead.append(at)
    silent = [at for at in dead if run.changed(at) is False]
    if len(silent) < _LEAST_DEAD:
        return None
    first, last = silent[-1], silent[0]
    return Finding(
        "no_response",
        first,
        "strong",
        until=last,
        evidence=tuple(Evidence(at, "no_effect") for at in (first, last)),
        stable=(run.kinds[first] or "",),
    )


def _flagged(run: Run) -> Finding | None:
    """Return the last stretch of steps that have the flag of a loop."""
    looping = [at for at in range(run.count) if run.looping[at]]
    if not looping:
        return None
    last = looping[-1]
    first = last
    while first > 0 and run.looping[first - 1]:
        first -= 1
    is_end = run.last - last <= _NEAR_END
    if not is_end and (last - first + 1) < _MOST_OF_RUN * run.count:
        return None
    return _found(run, first, last, "strong")


def _round(run: Run) -> Finding | None:
    """Return the steps at the end that did, each on its screen, what was done there before."""
    acts = [at for at in range(run.last + 1) if run.kinds[at] in ACTS or run.kinds[at] == "wait"]
    partners: list[int] = []
    behind: list[int] = []
    for at in reversed(acts):
        before = next((each for each in acts if each < at and run.is_repeated(at, each)), None)
        if before is None:
            break
        partners.append(before)
        behind.append(at)
    if len(behind) < _LEAST_ROUND:
        return None
    return _found(run, min(partners), acts[-1], "strong")


def _blind(run: Run) -> Finding | None:
    """Return the same action, said again and again, of a run without pictures."""
    at, first = run.last_act, run.last_act
    if at < 0 or run.last - at > _NEAR_END:
        return None
    for each in reversed(range(at)):
        if not _is_said_again(run, at, each) or run.is_same_screen(at, each) is not None:
            break
        first = each
    if at - first + 1 < _LEAST_BLIND:
        return None
    return _found(run, first, at, "weak")


def _found(run: Run, first: int, last: int, confidence: Confidence) -> Finding:
    """Return the loop of these steps, named by what is done in it."""
    own = range(first, last + 1)
    names = _named(run, own)
    return Finding(
        "loop",
        first,
        confidence,
        until=last,
        evidence=(Evidence(first, "repeated", ", ".join(names)),),
        words={"actions": ", ".join(names), "count": str(len(own))},
        stable=tuple(dict.fromkeys(run.kinds[at] or "" for at in own if run.kinds[at]))[:4],
    )


def _named(run: Run, steps: Sequence[int]) -> list[str]:
    """Return the actions of a loop, each once, in the order in which they came first."""
    named: list[int] = []
    for at in steps:
        if run.kinds[at] and not any(_is_said_again(run, at, each) for each in named):
            named.append(at)
    return [action_of(run, at) for at in named[:4]]


def action_of(run: Run, at: int) -> str:
    """Return a step's action as a sentence names it: `Tap (500, 300)`, `Launch Camera`."""
    name, label, point = run.names[at] or "?", run.labels[at], run.point(at)
    place = f" ({point[0]:.0f}, {point[1]:.0f})" if point else ""
    return f"{name}{f' {label[:40]}' if label else ''}{place}"


def _is_said_again(run: Run, at: int, before: int) -> bool:
    """Tell whether a step asks for what an earlier one did."""
    is_said = (run.kinds[at], run.labels[at]) == (run.kinds[before], run.labels[before])
    if not is_said or run.kinds[at] is None:
        return False
    points = (run.point(at), run.point(before)), (run.end_point(at), run.end_point(before))
    return all(_are_near(one, other) for one, other in points)


def _are_near(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(abs(a - b) <= _SAME_POINT for a, b in zip(one, other, strict=True))
