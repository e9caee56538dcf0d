"""Rules about how a run was ended from outside: killed, stopped, or at its limit of steps."""

from otel_steps.why import patterns
from otel_steps.why.finding import Evidence, Finding
from otel_steps.why.run import ACTS, Run

# What a step was at when its process died, by the last that is known of it.
_ACTING, _ASKING = "acting", "asking"


def killed(run: Run) -> Finding | None:
    """Find that the process of the agent has died."""
    if run.ending != "interrupted":
        return None
    at = _cut(run)
    if at is None:
        return Finding("interrupted", run.last if run.last >= 0 else None, "certain", "between")
    detail = _ACTING if run.kinds[at] is not None else _ASKING
    evidence = (Evidence(at, "error", run.errors[at]),) if run.errors[at] else ()
    return Finding("interrupted", at, "certain", detail, evidence=evidence)


def stopped(run: Run) -> Finding | None:
    """Find that a person or a program has stopped the run, or that nobody took over."""
    if run.ending != "cancelled":
        return None
    at = _cut(run)
    at = run.last if at is None else at
    if at < 0:
        return Finding("cancelled", None, "certain")
    detail = "take_over" if run.kinds[at] == "take_over" else ""
    evidence = (Evidence(at, "error", run.errors[at]),) if run.errors[at] else ()
    return Finding("cancelled", at, "certain", detail, evidence=evidence)


def at_limit(run: Run) -> Finding | None:
    """Find that the limit of steps was reached, though the run still got on."""
    # Agents that know no such end say so in their words.
    is_said = not run.has_finished and patterns.STEP_LIMIT.search(run.last_word())
    is_limit = run.ending == "max_steps" or is_said
    if not is_limit or run.last < 0:
        return None
    changes = [at for at in range(run.count) if run.kinds[at] in ACTS and run.changed(at)]
    evidence = (Evidence(changes[-1], "last_change"),) if changes else ()
    return Finding("step_limit", run.last, "certain", evidence=evidence)


def _cut(run: Run) -> int | None:
    """Return the position of the step that was cut off, or None."""
    cut = (
        at
        for at in reversed(range(run.count))
        if "interrupted" in (run.statuses[at], run.error_kinds[at])
    )
    return next(cut, None)
