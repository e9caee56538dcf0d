"""What a rule finds: the cause, where it began, and what shows it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "model_error",
    "parse_error",
    "device_error",
    "action_error",
    "refusal",
    "interrupted",
    "cancelled",
    "app_crash",
    "permission_dialog",
    "black_screen",
    "keyboard_closed",
    "wrong_field",
    "wrong_app",
    "tap_beside",
    "loop",
    "no_response",
    "step_limit",
    "not_clear",
]

# By what a cause is known: an error or an end that was recorded as such ("certain"), the screens
# and apps of the steps ("strong"), or only what the agent itself says of them ("weak").
Confidence = Literal["certain", "strong", "weak"]

Fact = Literal[
    "error",
    "said",
    "no_effect",
    "elsewhere",
    "repeated",
    "app",
    "black",
    "sensitive",
    "last_change",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    One fact that a cause is told from.

    Attributes:
        at: The position of its step, None for a fact of the task itself.
        fact: What kind of fact.
        value: The error, the words, the action or the apps; "" where the fact says all.
    """

    at: int | None
    fact: Fact
    value: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A cause.

    Attributes:
        kind: Which one.
        at: The position of the first bad step; None where it is not known.
        confidence: By what it is known.
        detail: What kind of this cause, such as `quota` of a model error; "" for none.
        until: The position of the last step that the cause covers; None for that of `at`.
        evidence: The facts, the most telling first.
        words: What else the sentence is filled with, by the names in its template.
        stable: What equal causes share beside kind and detail: an app, the kind of an action.
    """

    kind: Kind
    at: int | None
    confidence: Confidence
    detail: str = ""
    until: int | None = None
    evidence: tuple[Evidence, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    stable: tuple[str, ...] = ()
