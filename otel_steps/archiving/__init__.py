"""
Old tasks into the archive, and back: rows and pictures together.

| module | knows |
|---|---|
| `hot_rows` | what a store has of a task, a page at a time, and whether the archive has the same |
| `pictures` | which pictures rows need, and how they get from one place to another |
| `archiver` | tasks into the archive: written, read back, and only then let go of |
| `restorer` | a task back into the store |
| `settling` | what was cut off in the middle, or has arrived since, made good |
| `cleaning` | files of the archive that no task needs any more |

Whatever is killed: a task is whole in the store, whole in the archive, or in both. In both it is
where `tasks.archived` names a place and the store has rows as well; `settling` finds it by that.
"""

from otel_steps.archiving.archiver import Progress, archive
from otel_steps.archiving.cleaning import Unneeded, clean, unneeded
from otel_steps.archiving.pictures import copy, names_of
from otel_steps.archiving.restorer import restore
from otel_steps.archiving.settling import archived_tasks, settle, unsettled

__all__ = [
    "Progress",
    "Unneeded",
    "archive",
    "archived_tasks",
    "clean",
    "copy",
    "names_of",
    "restore",
    "settle",
    "unneeded",
    "unsettled",
]
