"""Rules about recorded errors: of the model, of its reply, of the device, of an action."""

import re
from collections.abc import Callable
from typing import Final

from otel_steps.why import patterns
from otel_steps.why.finding import Evidence, Finding
from otel_steps.why.run import Run

# A run ends with an error where one of so many last steps has it; the very last may only say so.
_NEAR_END: Final = 2
# What differs between two errors that are one: numbers, quoted names, paths.
_VARYING: Final = re.compile(r"\d+|'[^']*'|\"[^\"]*\"|“[^”]*”|/\S+")


def of_model(run: Run) -> Finding | None:
    """Find that the model could not be asked, or would not answer."""
    at = _ended_by(run, "model_error")
    message = _message(run, at)
    if at is None:
        at, message = _untold(run, patterns.is_of_model)
        if not message:
            return None
    detail = patterns.model_detail(message)
    if not detail and patterns.REFUSES.search(message):
        detail = "refusal"
    if detail == "refusal":
        return _refused_by_model(run, at, message)
    return Finding("model_error", at, "certain", detail, evidence=(_said(at, message),))


def of_reply(run: Run) -> Finding | None:
    """Find that the model's reply was no action: empty, cut, a refusal or anything else."""
    at = _ended_by(run, "parse_error")
    if at is None:
        return None
    message, reply = _message(run, at), _reply(run, at)
    if patterns.EMPTY_REPLY.search(message):
        detail = "empty"
    elif patterns.CUT_REPLY.search(message):
        detail = "cut"
    elif patterns.REFUSES.search(reply):
        return _refused_by_model(run, at, reply)
    else:
        detail = ""
    return Finding("parse_error", at, "certain", detail, evidence=(_said(at, message),))


def of_device(run: Run) -> Finding | None:
    """Find that the device, or the program that speaks to it, was away."""
    at = _ended_by(run, "device_error")
    message = _message(run, at)
    if at is None:
        at, message = _untold(run, patterns.is_of_device)
        if not message:
            return None
    at = _first_of(run, at, message)
    detail = patterns.device_detail(message)
    return Finding("device_error", at, "certain", detail, evidence=(_said(at, message),))


def of_action(run: Run) -> Finding | None:
    """Find that an action could not be done, at the end or again and again."""
    at = _ended_by(run, "action_error")
    if at is None or not (message := _message(run, at)):
        return None
    first = _first_of(run, at, message)
    if first == at and run.ending != "failed":
        return None  # one error on the way; the run went on to its limit
    return Finding(
        "action_error",
        first,
        "certain",
        until=at,
        evidence=(_said(first, message),),
        stable=(run.kinds[at] or "", _VARYING.sub("", message)[:60].strip().lower()),
    )


def refused_by_person(run: Run) -> Finding | None:
    """Find that a person has refused an action."""
    at = _ended_by(run, "refused")
    if at is None:
        return None
    evidence = (_said(at, _message(run, at)),)
    return Finding("refusal", at, "certain", "person", evidence=evidence)


def refused_by_last_word(run: Run) -> Finding | None:
    """Find that the model has declined the task in so many words, as its last ones."""
    if run.ending != "failed" or run.last_act == run.last >= 0:
        return None
    said = run.last_word() or (run.said_in(run.last) if run.last >= 0 else "")
    if not patterns.REFUSES.search(said):
        return None
    return _refused_by_model(run, run.last if run.last >= 0 else None, said)


def _refused_by_model(run: Run, at: int | None, message: str) -> Finding:
    return Finding("refusal", at, "certain", "model", evidence=(_said(at, message),))


def _ended_by(run: Run, kind: str) -> int | None:
    """Return the position of the error of that kind that the run ended with, or None."""
    behind = range(max(0, run.last + 1 - _NEAR_END), run.last + 1)
    found = [at for at in behind if run.error_kinds[at] == kind]
    if not found:
        return None
    # What came after it was another action, which went well: it was no end.
    went_on = any(
        run.successes[at] and run.kinds[at] != "finish" for at in behind if at > found[-1]
    )
    return None if went_on else found[-1]


def _untold(run: Run, is_such: Callable[[str], bool]) -> tuple[int | None, str]:
    """Return the last error that its message tells, where its kind does not."""
    at = _ended_by(run, "action_error")
    if at is not None:
        message = _message(run, at)
        return (at, message) if is_such(message) else (None, "")
    # A task that failed outside of any step says so itself. What an agent says that has finished is
    # no error: a lamp may be offline, and a model of shoes not found.
    is_told = run.last >= 0 and (run.error_kinds[run.last] is not None or run.has_finished)
    word = run.last_word() if run.ending == "failed" and not is_told else ""
    return (run.last if run.last >= 0 else None, word) if is_such(word) else (None, "")


def _first_of(run: Run, at: int | None, message: str) -> int | None:
    """Return where the error began that is at *at*: steps before it that have it, too."""
    if at is None:
        return None
    shape, first = _VARYING.sub("", message), at
    for each in reversed(range(at)):
        if run.error_kinds[each] == run.error_kinds[at] and (
            not run.errors[each] or _VARYING.sub("", run.errors[each]) == shape
        ):
            first = each
        elif run.kinds[each] in (None, "wait"):
            continue
        else:
            break
    return first


def _message(run: Run, at: int | None) -> str:
    if at is None:
        return ""
    # Of the last step the task says the same, also where its own text was not read.
    return run.errors[at] or run.results[at] or (run.last_word() if at == run.last else "")


def _reply(run: Run, at: int) -> str:
    return "\n".join(filter(None, (run.said_in(at), run.last_word())))


def _said(at: int | None, message: str) -> Evidence:
    return Evidence(at, "error", message)
