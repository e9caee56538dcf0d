"""Archived tasks against the files of the archive: what these lack of them."""

from collections import Counter
from collections.abc import Iterable, Iterator

from otel_steps.archiving import archived_tasks, copy, names_of, restore
from otel_steps.errors import StoreOnHold
from otel_steps.fsck.finding import Finding
from otel_steps.fsck.subject import Subject
from otel_steps.pictures.upkeep import PictureUpkeep
from otel_steps.stores.cold import Archive

_OF_STEPS = ("task_spans", "step_screenshots", "task_steps")


def archived_content(subject: Subject) -> Iterator[Finding]:
    """Yield archived tasks whose rows or pictures the archive has not."""
    if subject.cold is None:
        return
    at: dict[str, list[str]] = {}
    for task in archived_tasks(subject.store):
        at.setdefault(task.place, []).append(task.task_id)
    if not at:
        return
    try:
        subject.cold.check_readable()
    except StoreOnHold as error:
        task_ids = [task_id for some in at.values() for task_id in some]
        yield Finding.of(
            "archived_unread",
            "archived tasks cannot be looked at",
            task_ids,
            str(error),
            is_mended=False,
        )
        return
    bad = _BadPictures(subject, subject.cold)
    lost: list[str] = []
    poor: list[str] = []
    for place, task_ids in at.items():
        try:
            names = _names_at(subject.cold, place)
            some = _without_steps(subject, subject.cold, place, task_ids)
        except (StoreOnHold, ValueError):
            lost += task_ids
            continue
        lost += some
        bad_names = bad.among(names)
        known = _known_at(subject.cold, place)
        there = [task_id for task_id in task_ids if task_id not in some]
        poor += [
            task_id
            for task_id in there
            if task_id not in known or _needs(subject.cold, place, task_id, bad_names)
        ]
        subject.progress("archived tasks", len(lost) + len(poor))
    if lost:
        yield _rows_lost(lost, subject.cold)
    if poor:
        yield _rest_lost(poor, subject, subject.cold, bad)


def _rows_lost(lost: list[str], cold: Archive) -> Finding:
    return Finding.of(
        "archived_rows",
        f"the archive {cold.shown} lacks steps of archived tasks, or they cannot be read",
        lost,
        "nobody else has them: take its files from a copy, or name its place by "
        "OTEL_STEPS_ARCHIVE; `otel-steps prune` removes what is lost",
        is_mended=False,
    )


def _rest_lost(poor: list[str], subject: Subject, cold: Archive, bad: "_BadPictures") -> Finding:
    if subject.repair:
        bad.mend()
        for task_id in poor:
            restore(subject.store, subject.pictures, cold, task_id)
    return Finding.of(
        "archived_rest",
        "the archive lacks pictures or the row of archived tasks, or they are not what was saved",
        poor,
        "the tasks come back into the store, where pictures are looked for anew",
        is_mended=subject.repair,
    )


class _BadPictures:
    """Which pictures of an archive are not there, or are not what was saved."""

    def __init__(self, subject: Subject, cold: Archive) -> None:
        self._hot = subject.pictures
        self._cold = cold.pictures()
        self._upkeep = PictureUpkeep(self._cold)
        self._whole = {
            name for some in self._upkeep.saved() for name, each in some.items() if each.is_complete
        }
        self._known: dict[str, bool] = {}

    def among(self, names: Iterable[str]) -> set[str]:
        """Return those of some names; far away only what is missing is told."""
        for name in names:
            if name not in self._known:
                is_good = name in self._whole and (
                    not self._upkeep.is_near or self._upkeep.is_whole(name)
                )
                self._known[name] = not is_good
        return {name for name in names if self._known[name]}

    def mend(self) -> None:
        """Take them from the store where it has them too, else set them aside."""
        for name, is_bad in self._known.items():
            if is_bad:
                self._upkeep.set_aside(name)
                copy([name], self._hot, self._cold)


def _names_at(cold: Archive, place: str) -> set[str]:
    return {
        name for table in _OF_STEPS for row in cold.rows(table, place) for name in names_of(row)
    }


def _without_steps(
    subject: Subject, cold: Archive, place: str, task_ids: Iterable[str]
) -> list[str]:
    rows = cold.rows("task_steps", place)
    steps = Counter(row["task_id"] for row in rows if row["step_number"] is not None)
    tasks = (subject.store.task(task_id) for task_id in task_ids)
    return [
        task["task_id"] for task in tasks if task and steps[task["task_id"]] < task["total_steps"]
    ]


def _known_at(cold: Archive, place: str) -> set[str]:
    """Return the tasks that have their own row there, too; the store has it as well."""
    try:
        return {row["task_id"] for row in cold.tasks(place)}
    except StoreOnHold:
        return set()


def _needs(cold: Archive, place: str, task_id: str, names: set[str]) -> bool:
    rows = (row for table in _OF_STEPS for row in cold.rows(table, place, task_id) if names)
    return any(name in names for row in rows for name in names_of(row))
