"""Rules about what was in front: a black picture, a dialog, the home screen, another app."""

from typing import Final

from otel_steps.why import apps, patterns
from otel_steps.why.finding import Confidence, Evidence, Fact, Finding
from otel_steps.why.run import LEAVES, Run

# Steps before the end in which what an agent says is of how things stood at the end.
_NEAR_END: Final = 3
# A swipe from the lower edge is how a finger leaves an app.
_LOWER_EDGE: Final = 930


def black_screen(run: Run) -> Finding | None:
    """Find that the agent saw nothing from some step on: a protected window, or no picture."""
    at = last = next(
        (each for each in reversed(range(run.count)) if run.has_hidden_screen(each)), -1
    )
    if last < 0 or run.last - last > 0:
        return None
    while at > 0 and run.has_hidden_screen(at - 1):
        at -= 1
    is_protected = any(run.sensitive[each] for each in range(at, last + 1))
    fact: Fact = "sensitive" if is_protected else "black"
    return Finding(
        "black_screen",
        at,
        "certain" if is_protected else "strong",
        "protected" if is_protected else "",
        until=last,
        evidence=(Evidence(at, fact),),
        words={"app": apps.short(run.apps[at])},
        stable=(apps.stable(run.apps[at]),),
    )


def permission_dialog(run: Run) -> Finding | None:
    """Find that a dialog of the system asked for a permission, and was not got rid of."""
    if not any(_shows_dialog(run, at) for at in _end_of(run)):
        return None
    marks = [at for at in range(run.last + 1) if _shows_dialog(run, at)]
    if _went_on(run, marks[-1]):
        return None
    first = marks[-1]
    for at in reversed(marks[:-1]):
        if first - at > 2 and not _stays(run, at, first):
            break
        first = at
    first = _since_same_screen(run, first)
    shown = [at for at in marks if apps.is_for_permissions(run.apps[at])]
    app = next((run.apps[at] for at in reversed(range(first)) if apps.is_real(run.apps[at])), None)
    if app is None and apps.is_real(run.apps[first]):
        app = run.apps[first]
    fact: Evidence = (
        Evidence(shown[-1], "app", apps.short(run.apps[shown[-1]]))
        if shown
        else Evidence(marks[-1], "said", run.said_in(marks[-1]))
    )
    return Finding(
        "permission_dialog",
        first,
        "strong" if shown else "weak",
        until=marks[-1],
        evidence=(fact,),
        words={"app": apps.short(app)} if app else {},
        stable=(apps.stable(app),),
    )


def app_crash(run: Run) -> Finding | None:
    """Find that the app went away by itself, and the home screen came in its place."""
    falls = [at for at in range(run.last) if _falls(run, at)]
    said = [at for at in _end_of(run) if _speaks_of_crash(run, at)]
    if falls and _is_lasting(run, falls[-1]):
        first = next(at for at in falls if run.apps[at] == run.apps[falls[-1]])
        app = run.apps[first]
        return Finding(
            "app_crash",
            first,
            "strong",
            evidence=(
                Evidence(first, "app", f"{apps.short(app)} → {apps.short(run.apps[first + 1])}"),
                *(Evidence(at, "said", run.said_in(at)) for at in said[-1:]),
            ),
            words={"app": apps.short(app), "times": str(len(falls))},
            stable=(apps.stable(app),),
        )
    if not said:
        return None
    first = said[0]
    # What is said at a step is of what the one before it has led to.
    before = max(0, first - 1)
    app = next(
        (run.apps[at] for at in reversed(range(first + 1)) if apps.is_real(run.apps[at])), None
    )
    return Finding(
        "app_crash",
        before,
        "weak",
        evidence=(Evidence(first, "said", run.said_in(first)),),
        words={"app": apps.short(app)} if app else {},
        stable=(apps.stable(app),),
    )


def wrong_app(run: Run) -> Finding | None:
    """Find that another app than the one wanted came to the front, and stayed there."""
    return _launched_other(run) or _strayed(run) or _never_there(run) or _said_wrong(run)


def _launched_other(run: Run) -> Finding | None:
    """Find that something else opened than was asked for, and the run never came to that."""
    for at in range(run.last):
        wanted, came = run.labels[at], run.apps[at + 1]
        if run.kinds[at] != "launch" or run.error_kinds[at] or not apps.is_real(came):
            continue
        if "://" in (wanted or "") or apps.are_same(wanted, came) is not False:
            continue
        if any(apps.are_same(wanted, run.apps[each]) is not False for each in _fronts(run, at + 1)):
            continue
        return _in_place_of(run, at, came, wanted, "strong")
    return None


def _strayed(run: Run) -> Finding | None:
    """Find that an action led out of the app in front into another one, for good."""
    last = run.apps[run.last] if run.last >= 0 else None
    if not apps.is_real(last) or apps.is_named_in(last or "", run.task["task_description"]):
        return None
    first = run.last
    while first > 0 and run.apps[first - 1] == last:
        first -= 1
    if first == 0 or run.kinds[first - 1] in (None, "launch", "wait", "take_over"):
        return None
    fronts = [run.apps[at] for at in range(first) if apps.is_real(run.apps[at])]
    wanted = fronts[-1] if fronts else None
    if wanted is None or apps.are_same(wanted, last) is not False:
        return None
    # One app may hand on to another, as a gallery that is asked for a picture: it is a stray where
    # the task names the app that was left, or where the agent tries to get back.
    is_named = apps.is_named_in(wanted, run.task["task_description"])
    tries = any(run.kinds[at] in LEAVES - {"key"} for at in range(first, run.last + 1))
    return _in_place_of(run, first - 1, last, wanted, "strong") if is_named or tries else None


def _never_there(run: Run) -> Finding | None:
    """Find that the app that the task names never came to the front, and another one did."""
    description = run.task["task_description"]
    launched = [run.labels[at] for at in range(run.last + 1) if run.kinds[at] == "launch"]
    wanted = apps.wanted_in(description, [*run.apps, *launched])
    if any(apps.are_same(name, label) is not False for name in wanted for label in launched):
        return None  # it was asked for, and that is another matter
    fronts = list(_fronts(run, 0))
    if not wanted or not fronts:
        return None
    for name in wanted:
        if any(apps.are_same(name, run.apps[at]) is not False for at in fronts):
            return None
    # In its settings a phone has pages about any app.
    others = [
        at
        for at in fronts
        if not apps.is_named_in(run.apps[at] or "", description)
        and apps.are_same(run.apps[at], "settings") is not True
    ]
    if not others or others[-1] != fronts[-1]:
        return None
    first = others[0]
    return _in_place_of(run, max(0, first - 1), run.apps[first], wanted[0], "strong")


def _said_wrong(run: Run) -> Finding | None:
    """Find that the agent itself says at its end that it is in a wrong app."""
    for at in _end_of(run):
        if run.speaks_of(patterns.WRONG_APP, run.said_in(at)):
            came = run.apps[at]
            first = at
            while first > 0 and run.apps[first - 1] == came:
                first -= 1
            return Finding(
                "wrong_app",
                max(0, first - 1),
                "weak",
                evidence=(Evidence(at, "said", run.said_in(at)),),
                words={"app": apps.short(came)},
                stable=(apps.stable(came),),
            )
    return None


def _in_place_of(
    run: Run, at: int, came: str | None, wanted: str | None, confidence: Confidence
) -> Finding:
    return Finding(
        "wrong_app",
        at,
        confidence,
        evidence=(Evidence(min(at + 1, run.count - 1), "app", apps.short(came)),),
        words={"app": apps.short(came), "wanted": apps.short(wanted)},
        stable=(apps.stable(wanted), apps.stable(came)),
    )


def _fronts(run: Run, start: int) -> list[int]:
    """Return the steps from *start* on that began in an app."""
    return [at for at in range(start, run.last + 1) if apps.is_real(run.apps[at])]


def _falls(run: Run, at: int) -> bool:
    """Tell whether a step's action led from an app to the home screen, which it was not to do."""
    if not apps.is_real(run.apps[at]) or not apps.is_launcher(run.apps[at + 1]):
        return False
    if run.kinds[at] in LEAVES or _leaves_by_hand(run, at):
        return False
    # An agent may call what it has no name for the home screen: the picture tells.
    homes = [
        each
        for each in range(run.count)
        if apps.is_launcher(run.apps[each]) and (each == 0 or run.kinds[each - 1] == "home")
    ]
    seen = [run.is_same_screen(at + 1, each) for each in homes]
    return not seen or any(each is not False for each in seen) or not _looks_alike(run, at)


def _looks_alike(run: Run, at: int) -> bool:
    """Tell whether the screen after a step is much the one before it, as behind a dialog."""
    return run.changed(at) is False


def _leaves_by_hand(run: Run, at: int) -> bool:
    start, end = run.point(at), run.end_point(at)
    is_from_edge = start is not None and start[1] >= _LOWER_EDGE
    return run.kinds[at] in ("swipe", "scroll") and is_from_edge and end is not None


def _is_lasting(run: Run, at: int) -> bool:
    """Tell whether the app that fell did not come back, or fell each time that it did."""
    back = [each for each in range(at + 1, run.last + 1) if run.apps[each] == run.apps[at]]
    return not back


def _end_of(run: Run) -> range:
    """Return the last steps, in which it shows what a run has come to."""
    return range(max(0, run.last + 1 - _NEAR_END), run.last + 1)


def _speaks_of_crash(run: Run, at: int) -> bool:
    said = run.said_in(at).lower()
    for app in {run.apps[at], run.apps[max(0, at - 1)]}:
        said = said.replace(app.lower(), "app") if apps.is_real(app) and app else said
    return run.speaks_of(patterns.CRASH, said)


def _shows_dialog(run: Run, at: int) -> bool:
    app = run.apps[at]
    if apps.is_for_permissions(app):
        return True
    is_topic = run.is_about_permissions or apps.are_same(app, "settings") is True
    return patterns.is_in_the_way(run.said_in(at), is_topic=is_topic)


def _went_on(run: Run, at: int) -> bool:
    """Tell whether the screen became another one behind a step, and stayed without a dialog."""
    return any(run.is_same_screen(at, each) is False for each in range(at + 1, run.last + 1))


def _stays(run: Run, one: int, other: int) -> bool:
    return all(run.is_same_screen(one, each) is True for each in range(one + 1, other + 1))


def _since_same_screen(run: Run, at: int) -> int:
    """Return the first step of those before *at* that all began on its screen."""
    while (
        at > 0 and run.is_same_screen(at - 1, at) is True and not apps.is_launcher(run.apps[at - 1])
    ):
        at -= 1
    return at
