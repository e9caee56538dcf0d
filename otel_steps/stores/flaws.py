"""
What can be wrong with rows that lie there: kinds of flaws, as every store can be asked for them.

Each kind has one question in each dialect (`stores/sqlite/flaws.py`, `otel_steps_flaws`), and where
a write of rows cannot mend it, one repair beside it. A store that keeps its promises has none.
"""

from dataclasses import dataclass
from typing import Final, Literal

from otel_steps.stores.json_object import Json

# A row of a picture is gone, for its files are: a step says so in `semconv.SCREENSHOT_ERROR`.
PICTURE_LOST: Final = "the picture's file was lost"

FlawKind = Literal[
    "lost_tasks",  # of steps or spans that name a task without a row; the key is the task's id
    "running_steps",  # of tasks that have ended, and in which nothing has happened for an hour
    "doubled_steps",  # of a span that another row has, too, which is ahead of it
    "doubled_numbers",  # of a task at rest, with the number of an earlier step of the same trace
    "missing_numbers",  # of a task at rest, with steps missing before them that they do not tell of
    "step_times",  # ended before they began
    "task_times",
    "task_cells",  # with a value that is none of its column
    "step_cells",
    "picture_cells",
    "span_cells",
    "orphan_pictures",  # rows of pictures whose step is gone
    "orphan_names",  # names of pictures, kept for a span or step that is gone
    "unnoted_names",  # spans and steps that name pictures which are not kept for them
    "let_go",  # pictures that rows have let go of, whose files a removal has not come to
    "pathless_pictures",  # steps that name a picture of which there is no row
    "unnumbered_tasks",  # whose changes have no number, so that searches pass them over
    "unkept_tasks",  # archived, and what lists, figures and searches ask of their steps is not kept
    "kept_sums",  # of tasks whose steps add up to something else
]

MAX_FLAWS: Final = 500


@dataclass(frozen=True, slots=True)
class Flaw:
    """
    A row that has a flaw.

    Attributes:
        key: What tells it apart; those of one question are in its order.
        row: All of it, as far as it can be read; None where nothing of it is at stake.
    """

    key: str
    row: Json | None = None
