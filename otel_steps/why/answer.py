"""The answer: the first finding of the rules in their order, as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypedDict

from otel_steps.why import endings, errors, inputs, loops, screens
from otel_steps.why.finding import Confidence, Evidence, Fact, Finding, Kind
from otel_steps.why.run import Run
from otel_steps.why.sentences import sentence

# How a run ends that has a why: one that went well, or still goes on, has none.
ENDINGS: Final = ("failed", "max_steps", "cancelled", "interrupted")
# Links beside the sentence; facts beside the answer, and how much of each.
_MAX_STEPS: Final = 8
_MAX_EVIDENCE: Final = 4
_MAX_VALUE_CHARS: Final = 120

# In this order: what was recorded as the end counts before what is told from screens, that before
# words, and a narrow cause before one that many others look like.
_RECORDED: Final[tuple[Callable[[Run], Finding | None], ...]] = (
    endings.killed,
    errors.refused_by_person,
    errors.of_model,
    errors.of_reply,
    errors.of_device,
)
_SEEN: Final[tuple[Callable[[Run], Finding | None], ...]] = (
    screens.permission_dialog,
    screens.app_crash,
    screens.black_screen,
    inputs.wrong_field,
    inputs.keyboard_closed,
    screens.wrong_app,
    errors.of_action,
    inputs.tap_beside,
    loops.loop,
    loops.no_response,
)
_LEFT: Final[tuple[Callable[[Run], Finding | None], ...]] = (
    errors.refused_by_last_word,
    endings.stopped,
    endings.at_limit,
)


class Proof(TypedDict):
    """A fact: the number of its step, None for one of the task; `finding.Fact`; what it says."""

    step: int | None
    fact: Fact
    value: str


class Why(TypedDict):
    """
    Why a run did not end well.

    Attributes:
        kind: The cause; see `finding.Kind`.
        detail: What kind of it, "" for none.
        ending: The status of the task.
        confidence: By what the cause is known; see `finding.Confidence`.
        step: The number of the first bad step, None where it is not known.
        steps: Numbers of the steps to look at, the first bad one first; the last where none is.
        sentence: The answer in words by language, `en` and `zh`.
        evidence: The facts that it is told from.
        fingerprint: Equal for equal causes.
    """

    kind: Kind
    detail: str
    ending: str
    confidence: Confidence
    step: int | None
    steps: list[int]
    sentence: dict[str, str]
    evidence: list[Proof]
    fingerprint: str


def why_of(
    task: Mapping[str, Any],
    index: Mapping[str, Any],
    texts: Mapping[str, Any],
    *,
    in_public: bool = False,
) -> Why | None:
    """
    Return why a run did not end well; None for one that did, or that has not ended.

    Args:
        task: Its row of `tasks`.
        index: As `Store.index` returns it.
        texts: What was said in its steps, by their ids, as `Store.texts` returns it.
        in_public: Whether nothing is told that was said, typed or seen: of actions their kinds.
    """
    if task["status"] not in ENDINGS:
        return None
    run = Run(task, index, texts)
    found = _found(run)
    return _as_json(run, _without_words(run, found) if in_public else found)


def _found(run: Run) -> Finding:
    for rule in (*_RECORDED, *_SEEN, *_LEFT):
        found = rule(run)
        if found is not None and not _is_too_weak(run, found):
            return found
    return _not_clear(run)


def _not_clear(run: Run) -> Finding:
    """Return that no rule knows the cause, and where a person looks first: at the last error."""
    word = run.last_word()
    said = (Evidence(None, "error", word),) if word else ()
    failed = [at for at in range(run.count) if run.successes[at] is False]
    if not failed:
        return Finding("not_clear", run.last if run.last >= 0 else None, "weak", evidence=said)
    at = failed[-1]
    message = run.errors[at] or run.results[at]
    evidence = (*said, *((Evidence(at, "error", message),) if message else ()))
    return Finding("not_clear", at, "weak", "after_error", evidence=evidence)


def _without_words(run: Run, found: Finding) -> Finding:
    """Return *found* with nothing in it that was recorded but kinds of actions and positions."""
    last = found.at if found.until is None else found.until
    span = () if found.at is None or last is None else range(found.at, last + 1)
    kinds = dict.fromkeys(kind for at in span if (kind := run.kinds[at]))
    said = {"action": next(iter(kinds), "an action"), "actions": ", ".join(kinds)}
    return replace(
        found,
        evidence=tuple(Evidence(each.at, each.fact) for each in found.evidence),
        words={name: said[name] for name in found.words if name in said},
        stable=(),
    )


def _is_too_weak(run: Run, found: Finding) -> bool:
    """Tell whether a run that somebody stopped is better told by that than by a guess."""
    return run.ending == "cancelled" and (found.confidence == "weak" or found.kind == "tap_beside")


def _as_json(run: Run, found: Finding) -> Why:
    first = None if found.at is None else run.numbers[found.at]
    return {
        "kind": found.kind,
        "detail": found.detail,
        "ending": run.ending,
        "confidence": found.confidence,
        "step": None if found.kind == "not_clear" else first,
        "steps": _steps(run, found),
        "sentence": sentence(run, found),
        "evidence": [_proof(run, each) for each in found.evidence[:_MAX_EVIDENCE]],
        "fingerprint": "/".join(part for part in (found.kind, found.detail, *found.stable) if part),
    }


def _steps(run: Run, found: Finding) -> list[int]:
    """Return the numbers of the steps that are worth a look, each once."""
    known = (found.at, *(each.at for each in found.evidence), found.until)
    numbers = [run.numbers[at] for at in known if at is not None]
    return list(dict.fromkeys(numbers))[:_MAX_STEPS]


def _proof(run: Run, evidence: Evidence) -> Proof:
    line = " ".join(evidence.value.split())
    cut = f"{line[: _MAX_VALUE_CHARS - 1]}…" if len(line) > _MAX_VALUE_CHARS else line
    number = None if evidence.at is None else run.numbers[evidence.at]
    return {"step": number, "fact": evidence.fact, "value": cut}
