"""
What has changed from one picture of a screen to the next: how much of it, where, and of what kind.

An agent wants to know whether its tap did something. Screens change by themselves as well: a clock,
a cursor that blinks, a film. So each place that has changed says what it looks like, and whoever
knows where the agent has tapped (`rows.effects`) decides what that means.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

# surface: something is there that was not, or the other way round: a dialog, a keyboard, a letter
# content: other content in the same place: a list that scrolled, a switch, a figure
# motion: what moves by itself: a film, an arc that turns, a ball that jumps
# caret: a thin upright line that came or went
# line: a thin line, such as a bar of progress
# status: in the bar with the clock
ChangeKind = Literal["surface", "content", "motion", "caret", "line", "status"]
CHANGE_KINDS: Final = get_args(ChangeKind)


class ChangedBox(NamedTuple):
    """A place that has changed: its edges in 0 to 1000 of the picture's width and height."""

    left: int
    top: int
    right: int
    bottom: int
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Change:
    """
    What has changed from one picture to another.

    Attributes:
        share: Of the picture's pixels those that have changed, 0 to 1.
        boxes: Where; none where nothing has changed, and at most `MAX_BOXES`.
    """

    share: float
    boxes: tuple[ChangedBox, ...]


@dataclass(frozen=True, slots=True)
class ChangeSince:
    """
    What has changed since an earlier picture.

    Attributes:
        picture: The sha256 of that one.
    """

    picture: str
    change: Change


NO_CHANGE: Final = Change(0.0, ())
EVERYTHING: Final = Change(1.0, (ChangedBox(0, 0, 1000, 1000, "surface"),))
