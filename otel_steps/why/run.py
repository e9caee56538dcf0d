"""
The facts of a run that rules ask for: of its task, and of each step by its position. Pure.

Nothing is read here that was not recorded; what is not known is None or "", and rules take it for
no evidence.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from otel_steps.rows.effects import Box, boxes_of
from otel_steps.rows.flags import LOOP, NO_OP, SAME_SCREEN_BITS, flags_of, repetitions
from otel_steps.why.patterns import Pattern, is_about_permissions

# Of a step's text: more of it than this says nothing more, and costs every pattern.
_MAX_TEXT_CHARS: Final = 4_000
# What the agent does to change the screen; see `action.kinds`.
TAPS: Final = frozenset({"tap", "double_tap", "right_click", "long_press"})
ACTS: Final = TAPS | {"swipe", "scroll", "type", "key", "launch", "back", "home"}
# Kinds of changes that a text makes where it arrives, see `pictures.change`.
_ARRIVES: Final = frozenset({"surface", "content"})
# What leads to the home screen when all goes well.
LEAVES: Final = frozenset({"home", "back", "launch", "key"})


class Run:
    """
    A run that has ended.

    Args:
        task: Its row of `tasks`.
        index: As `Store.index` returns it, with its `flags` where they are known.
        texts: What was said in its steps, as `Store.texts` returns it; steps may be missing.

    Attributes:
        count: How many steps there are; all sequences below have as many entries.
        is_repeated: Tells whether one step does, on its screen, what an earlier one did.
        thinking, results, errors: What was said in each step, "" where nothing was.
    """

    def __init__(
        self, task: Mapping[str, Any], index: Mapping[str, Any], texts: Mapping[str, Any]
    ) -> None:
        self.task = task
        self.count: int = index["count"]
        self.numbers: Sequence[int] = index["number"]
        self.types: Sequence[str] = index["type"]
        self.kinds: Sequence[str | None] = index["kind"]
        self.names: Sequence[str | None] = index["action"]
        self.labels: Sequence[str | None] = index["label"]
        self.apps: Sequence[str | None] = index["app"]
        self.statuses: Sequence[str | None] = index["status"]
        self.successes: Sequence[bool | None] = index["success"]
        self.error_kinds: Sequence[str | None] = index["error_kind"]
        self.sensitive: Sequence[bool | None] = index["sensitive"]
        self.black: Sequence[bool | None] = index["black"]
        self._index = index
        self._flags = index.get("flags") or flags_of(index)
        self.is_repeated = repetitions(index)
        self._hashes = [_bits(text) for text in index["phash"]]
        said = [texts.get(step_id) or {} for step_id in index["id"]]
        self.thinking = [_text(each.get("thinking")) for each in said]
        self.results = [_text(_message(each.get("action_result"))) for each in said]
        self.errors = [_text(each.get("error_message")) for each in said]

    @property
    def asked_for(self) -> str:
        """What the task is, in words."""
        return _text(self.task["task_description"])

    @cached_property
    def is_about_permissions(self) -> bool:
        """Tell whether permissions are what the task is about."""
        return is_about_permissions(self.asked_for)

    @property
    def ending(self) -> str:
        """The status of the task."""
        return str(self.task["status"])

    @property
    def last(self) -> int:
        """The position of the last step of the agent's own; -1 where it took none."""
        own = (at for at in reversed(range(self.count)) if self.types[at] != "screenshot")
        return next(own, -1)

    @property
    def has_finished(self) -> bool:
        """Whether the agent itself says that it is done: then the task's last words are its own."""
        return self.last >= 0 and self.kinds[self.last] == "finish"

    @cached_property
    def last_act(self) -> int:
        """The position of the last step that was to change the screen; -1 where none was."""
        return next((at for at in reversed(range(self.count)) if self.kinds[at] in ACTS), -1)

    @cached_property
    def looping(self) -> list[bool]:
        """Whether each step is one of a loop, by the flag of that name."""
        return [LOOP in flags for flags in self._flags]

    def said_in(self, at: int) -> str:
        """Return all that was said in a step: by the model, by its action, by its error."""
        return "\n".join(filter(None, (self.thinking[at], self.results[at], self.errors[at])))

    def speaks_of(self, pattern: Pattern, text: str) -> bool:
        """Tell whether *text* has words that the task itself has not: else they are its subject."""
        return pattern.search(text) and not pattern.search(self.asked_for)

    def last_word(self) -> str:
        """Return what the task itself says of its end."""
        parts = (self.task["error_message"], self.task["result"])
        return _text("\n".join(str(part) for part in parts if part))

    def changed(self, at: int) -> bool | None:
        """Tell whether the step's action changed the screen; None where pictures do not tell."""
        if NO_OP in self._flags[at]:
            return False
        own_after, before = self._index["after"][at], self._index["picture"][at]
        if own_after is not None and before is not None:
            return bool(own_after != before)
        after = at + 1
        if after >= self.count or self.has_hidden_screen(at) or self.has_hidden_screen(after):
            return None
        following = self._index["picture"][after]
        return None if before is None or following is None else bool(before != following)

    def changed_boxes(self, at: int) -> list[Box]:
        """Return where other things than the clock and the like changed with a step's action."""
        own = boxes_of(self._index["after_boxes"][at])
        after = at + 1
        later = boxes_of(self._index["change_boxes"][after]) if after < self.count else None
        return [box for box in own or later or () if box.kind in _ARRIVES]

    def has_hidden_screen(self, at: int) -> bool:
        """Tell whether the picture of a step shows nothing of the screen."""
        return bool(self.black[at] or self.sensitive[at])

    def is_same_screen(self, one: int, other: int) -> bool | None:
        """Tell whether two steps began on the same screen; None where pictures do not tell."""
        if self.has_hidden_screen(one) or self.has_hidden_screen(other):
            return None
        pictures = self._index["picture"][one], self._index["picture"][other]
        if None not in pictures and pictures[0] == pictures[1]:
            return True
        first, second = self._hashes[one], self._hashes[other]
        if first is None or second is None:
            return None
        return (first ^ second).bit_count() <= SAME_SCREEN_BITS

    def point(self, at: int) -> tuple[float, float] | None:
        """Return where a step's action began, 0 to 1000 of the screen, or None."""
        x, y = self._index["x"][at], self._index["y"][at]
        return None if x is None or y is None else (x, y)

    def end_point(self, at: int) -> tuple[float, float] | None:
        """Return where a step's action ended, or None for one that stays where it began."""
        x, y = self._index["x2"][at], self._index["y2"][at]
        return None if x is None or y is None else (x, y)

    def distance(self, one: int, other: int) -> float | None:
        """Return how far apart two actions began, in thousandths; None where one has no place."""
        first, second = self.point(one), self.point(other)
        if first is None or second is None:
            return None
        return max(abs(a - b) for a, b in zip(first, second, strict=True))


def _message(result: Any) -> Any:
    """Return what an action's result says in words."""
    if isinstance(result, Mapping):
        words = (result.get(name) for name in ("message", "error", "extracted_content", "output"))
        return "\n".join(str(word) for word in words if word)
    if isinstance(result, list | tuple):
        return "\n".join(filter(None, (str(_message(each) or "") for each in result[:8])))
    return result


def _text(value: Any) -> str:
    return value[:_MAX_TEXT_CHARS] if isinstance(value, str) else ""


def _bits(text: Any) -> int | None:
    try:
        return int(text, 16)
    except (TypeError, ValueError):
        return None
