"""
What a store asks of the shared database: each question one call of one of its functions.

What is found, and in which order, stands in `migrations/`; here are the values that go in and what
is made of the answers. Neither a driver nor a network is known.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from otel_steps.errors import StoreUnavailable
from otel_steps.rows.interruption import STEP_INTERRUPTED_MESSAGE
from otel_steps.rows.step_index import OF_PICTURE, OF_STEP, index_of
from otel_steps.rows.tables import COLUMNS
from otel_steps.stores.annotation import Annotation, AnnotationChanged, tags_of
from otel_steps.stores.archived import MAX_ARCHIVED, Archived, Keys
from otel_steps.stores.contract import MAX_TEXTS, TEXTS
from otel_steps.stores.digest import RULES, Digest, Undigested
from otel_steps.stores.figures import (
    MAX_GROUPS,
    action_figures_of,
    check_grouping,
    task_figures_of,
)
from otel_steps.stores.flaws import MAX_FLAWS, PICTURE_LOST, Flaw, FlawKind
from otel_steps.stores.json_object import Json
from otel_steps.stores.removal import (
    MAX_HOLDINGS,
    MAX_UNNEEDED,
    PICTURE_REMOVED,
    Holding,
    Removal,
    holding_of,
)
from otel_steps.stores.report_totals import report_of, statistics_of_all
from otel_steps.stores.search_text import are_storable, patterns_of
from otel_steps.stores.shared.json_rows import row_of, rows_of, time_of
from otel_steps.stores.shared.state import Fault, faults_of
from otel_steps.stores.similar import MAX_HASHES, MAX_OF_HASH, MOST_BITS, similar_of
from otel_steps.stores.span_tree import spans_of_task
from otel_steps.stores.task_query import MAX_FACETS, TaskPage, TaskQuery, total_of

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The largest number that PostgreSQL takes for LIMIT and OFFSET.
_MAX_INT: Final = 2**63 - 1
# What narrows nothing down.
_NOTHING: Final[Sequence[Any]] = (None, "", (), [])
_PAGES_OF: Final = {
    "task_steps": "otel_steps_steps",
    "step_screenshots": "otel_steps_screenshots",
}
# Beside the tasks by their status.
_TOTALS: Final = frozenset({"steps", "successful", "failed", "screenshots"})


class SharedFunctions(ABC):
    """
    What a store of the shared database answers by its functions; see `Store`.

    Rows come in pages: all of a long task at once would be more than an answer may hold, or than a
    database has the time for. A page is of one moment, and the next may be of a later one.

    Attributes:
        schema: The schema that holds our tables and functions.
        page_rows: How many rows one answer may hold.
    """

    schema: str
    page_rows: int

    @abstractmethod
    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        """Call a function of the database by the names of its arguments; return its JSON."""

    @abstractmethod
    def _to_show(self, rows: list[Json], column: str) -> list[Json]:
        """Make the path, and the address in *column*, of *rows* such that they can be opened."""

    def faults(self) -> list[Fault]:
        """Return what the database lacks of what this store needs."""
        return faults_of(_object(self._ask("otel_steps_state", {})), self.schema)

    def tasks(self, *, status: str | None = None, limit: int = 50, offset: int = 0) -> list[Json]:
        """Return rows of `tasks`, the newest first."""
        asked = {"wanted": status}
        return rows_of("tasks", self._pages("otel_steps_tasks", asked, limit, offset))

    def task(self, task_id: str) -> Json | None:
        """Return one row of `tasks`, or None."""
        row = self._about("otel_steps_task", task_id)
        return None if row is None else row_of("tasks", _object(row))

    def places(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Return where in the archive the steps of tasks are, by the ids of archived ones."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        return _object(self._ask("otel_steps_places", {"wanted": wanted})) if wanted else {}

    def steps(self, task_id: str, *, limit: int | None = None, offset: int = 0) -> list[Json]:
        """Return rows of `task_steps` of a task in the order in which they were taken."""
        return self._shown_steps(self._pages("otel_steps_steps", {"task": task_id}, limit, offset))

    def count_steps(self, task_id: str) -> int:
        """Return how many steps a task has."""
        match self._about("otel_steps_count_steps", task_id):
            case int(count):
                return count
            case None:
                return 0
            case other:
                raise _broken(other)

    def screenshots(self, task_id: str) -> list[Json]:
        """Return rows of `step_screenshots` of a task in the order of their steps."""
        return self._shown_screenshots(self._pages("otel_steps_screenshots", {"task": task_id}))

    def spans(self, task_id: str, step_id: str | None = None) -> list[Json]:
        """Return rows of `task_spans` of a task, or of those below one step, by start time."""
        if step_id is not None:
            below = self._about_step("otel_steps_spans_below", task_id, step_id)
            return rows_of("task_spans", _rows(below or []))
        places = _rows(self._about("otel_steps_step_places", task_id) or [])
        near = self._pages("otel_steps_spans_near", {"task": task_id})
        return spans_of_task(task_id, places, rows_of("task_spans", near))

    def report(self, task_id: str) -> Json | None:
        """Return task, steps, screenshots and statistics, or None."""
        match self._about("otel_steps_report", task_id, most=self.page_rows):
            case None:
                return None
            case {"task": dict(task), "steps": list(steps), "screenshots": list(shots)}:
                return report_of(
                    row_of("tasks", task),
                    self._shown_steps(self._whole(steps, "otel_steps_steps", task_id)),
                    self._shown_screenshots(self._whole(shots, "otel_steps_screenshots", task_id)),
                )
            case other:
                raise _broken(other)

    def statistics(self) -> Json:
        """Return counts over all tasks; see `Store.statistics`."""
        match self._ask("otel_steps_statistics", {}):
            case {"tasks_by_status": dict(), **totals} as found if totals.keys() == _TOTALS:
                return statistics_of_all(**found)
            case other:
                raise _broken(other)

    def usage(self, task_ids: Sequence[str]) -> dict[str, list[Json]]:
        """Return what the steps of tasks have used of their models; see `Store.usage`."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        rows: dict[str, list[Json]] = {}
        for row in _rows(self._ask("otel_steps_usage", {"wanted": wanted})) if wanted else ():
            rows.setdefault(row.pop("task_id"), []).append(row)
        return rows

    def usage_by_day(self) -> list[Json]:
        """Return what all steps have used, by day and model; see `Store.usage_by_day`."""
        return _rows(self._ask("otel_steps_usage_by_day", {}))

    def task_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """Return figures of the tasks that *query* chooses; see `Store.task_figures`."""
        check_grouping(by)
        return task_figures_of(self._figures("otel_steps_task_figures", query, by=by), by)

    def usage_figures(self, query: TaskQuery, by: str = "all") -> list[Json]:
        """Return what the steps of these tasks have used; see `Store.usage_figures`."""
        check_grouping(by)
        return self._figures("otel_steps_usage_figures", query, by=by)

    def action_figures(self, query: TaskQuery) -> list[Json]:
        """Return figures of the actions of these tasks; see `Store.action_figures`."""
        return action_figures_of(self._figures("otel_steps_action_figures", query))

    def _figures(self, function: str, query: TaskQuery, **more: Any) -> list[Json]:
        asked = _asked(query)
        if not are_storable([*asked.values(), *query.status]):
            return []
        return _rows(self._ask(function, {"query": asked, **more, "most": MAX_GROUPS}))

    def find_tasks(self, query: TaskQuery) -> TaskPage:
        """Return the page of tasks that *query* asks for."""
        asked = _asked(query)
        if not are_storable([*asked.values(), *query.status]):
            return TaskPage([], 0)
        match self._ask("otel_steps_find_tasks", {"query": asked}):
            case {"tasks": list(tasks), "by_status": dict(by_status), "hits": dict(hits)}:
                rows = [row_of("tasks", task) for task in tasks]
                return TaskPage(rows, total_of(query, by_status), by_status, hits)
            case other:
                raise _broken(other)

    def extend_search(self) -> bool:
        """Index some tasks that have changed; return whether there are more."""
        return bool(self._ask("otel_steps_extend_search", {}))

    def extend_sums(self) -> bool:
        """Add up the steps of some tasks that have changed; return whether there are more."""
        return bool(self._ask("otel_steps_extend_sums", {}))

    def digests(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the cards kept of tasks, by their ids; see `Store.digests`."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        asked = {"wanted": wanted, "current": RULES}
        return _object(self._ask("otel_steps_digests", asked)) if wanted else {}

    def undigested(
        self, most: int, *, project: str | None = None, is_at_rest: bool = False
    ) -> Undigested:
        """Return the newest tasks without a digest; see `Store.undigested`."""
        asked = {"current": RULES, "within": project, "is_at_rest": is_at_rest, "most": most}
        match self._ask("otel_steps_undigested", asked):
            case {"tasks": list(tasks), "count": int(count)}:
                return Undigested(rows_of("tasks", tasks), count)
            case other:
                raise _broken(other)

    def keep_digests(self, digests: Sequence[Digest]) -> int:
        """Keep digests of tasks that have not changed; see `Store.keep_digests`."""
        told = [each.as_json() for each in digests]
        batch = {"digests": told}
        return int(self._ask("otel_steps_keep_digests", {"batch": batch})) if told else 0

    def facets(self) -> dict[str, list[str]]:
        """Return what tasks can be narrowed down to, by name; see `Store.facets`."""
        return _object(self._ask("otel_steps_facets", {"most": MAX_FACETS}))

    def index(self, task_id: str) -> Json | None:
        """Return what is to be known of every step of a task, in columns; see `step_index`."""
        return self.indexes([task_id]).get(task_id)

    def indexes(self, task_ids: Sequence[str]) -> dict[str, Json]:
        """Return the indexes of several tasks, by their ids; unknown tasks have none."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        found: Json = {}
        if wanted:
            asked = {"wanted": wanted, "of_step": list(OF_STEP), "of_picture": list(OF_PICTURE)}
            found = _object(self._ask("otel_steps_indexes", asked))
        return {task_id: _index(task_id, found[task_id]) for task_id in wanted if task_id in found}

    def texts(self, counts: Mapping[str, int]) -> dict[str, dict[str, Json]]:
        """Return what was said in the last steps of several tasks; see `Store.texts`."""
        known = {task_id: count for task_id, count in counts.items() if are_storable([task_id])}
        short = [task_id for task_id, count in known.items() if count <= MAX_TEXTS]
        asked: Json = {"wanted": short, "of_step": ["id", *TEXTS], "of_picture": []}
        found = _object(self._ask("otel_steps_indexes", asked)) if short else {}
        texts = {task_id: _texts(each["columns"]) for task_id, each in found.items()}
        for task_id in known.keys() - set(short):
            # Of a long task its end alone; such tasks are few.
            end: Json = {"most": MAX_TEXTS, "skipped": known[task_id] - MAX_TEXTS}
            steps = _rows(self._ask("otel_steps_steps", {"task": task_id, **end}))
            texts[task_id] = {row["id"]: {name: row[name] for name in TEXTS} for row in steps}
        return texts

    def step(self, task_id: str, step_id: str) -> Json | None:
        """Return `{"step", "screenshot"}`, the rows of one step of a task, or None."""
        found = self._about_step("otel_steps_step", task_id, step_id)
        if found is None:
            return None
        (step,) = self._shown_steps([found["step"]])
        shown = self._shown_screenshots([found["screenshot"]] if found["screenshot"] else [])
        return {"step": step, "screenshot": shown[0] if shown else None}

    def find_steps(self, task_id: str, text: str) -> list[str]:
        """Return the ids of the steps that have *text*, as `TaskQuery.text` has it, in order."""
        asked = {"task": task_id, **patterns_of(text)}
        if not are_storable(asked.values()):
            return []
        return _list(self._ask("otel_steps_find_steps", asked))

    def similar(
        self, phash: int, *, task_id: str, project: str | None = None, limit: int = 24
    ) -> list[Json]:
        """Return the steps of other tasks whose screens look like one; see `Store.similar`."""
        if not are_storable([task_id, project]):
            return []
        bounds = {"most_bits": MOST_BITS, "hashes": MAX_HASHES, "of_hash": MAX_OF_HASH}
        asked = {"wanted": phash, "task": task_id, "within": project, **bounds, "most": limit}
        return [similar_of(row) for row in _rows(self._ask("otel_steps_similar", asked))]

    def annotate(
        self,
        task_id: str,
        said: Annotation,
        *,
        step_id: str | None = None,
        seen: Annotation | None = None,
    ) -> Json | None:
        """Write what a person says of a task or a step; see `Store.annotate`."""
        asked = {"said": said.columns(), "seen": (seen or Annotation()).columns()}
        if step_id is None:
            found = self._about("otel_steps_annotate", task_id, step=None, **asked)
        else:
            found = self._about_step("otel_steps_annotate", task_id, step_id, **asked)
        match found:
            case None:
                return None
            case {"row": dict(row), "is_written": bool(is_written)}:
                if step_id is None:
                    shown = row_of("tasks", row)
                else:
                    (shown,) = self._shown_steps([row])
                if not is_written:
                    raise AnnotationChanged(shown)
                return shown
            case other:
                raise _broken(other)

    def tag(
        self, task_ids: Sequence[str], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> int:
        """Add and remove tags of tasks; return how many of them are known."""
        known = [task_id for task_id in task_ids if are_storable([task_id])]
        asked = {"wanted": known, "added": tags_of(add) or [], "removed": tags_of(remove) or []}
        return int(self._ask("otel_steps_tag", asked)) if known else 0

    def holdings(self, after: str = "", *, only: Sequence[str] | None = None) -> list[Holding]:
        """Return what is held of some tasks, in the order of their ids; see `Store.holdings`."""
        known = None if only is None else [each for each in only if are_storable([each])]
        asked = {"after": after, "most": MAX_HOLDINGS, "wanted": known}
        found = _rows(self._ask("otel_steps_holdings", asked))
        return [
            holding_of({**row, "last_activity": time_of(row["last_activity"]) or ""})
            for row in found
        ]

    def remove(
        self,
        task_ids: Sequence[str],
        *,
        pictures_only: bool = False,
        keep_first_last_failed: bool = False,
        before: str | None = None,
    ) -> Removal:
        """Remove some of the rows of tasks, in one transaction; see `Store.remove`."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        reason = PICTURE_REMOVED if pictures_only else None
        asked = {
            "wanted": wanted,
            "before": before,
            "reason": reason,
            "spare_only": keep_first_last_failed,
        }
        match self._ask("otel_steps_remove", asked):
            case {"removed": list(removed), "kept": list(kept), "steps": int(steps)}:
                return Removal(tuple(removed), tuple(kept), steps)
            case other:
                raise _broken(other)

    def remove_months(self, task_ids: Sequence[str], *, before: str | None = None) -> int:
        """Remove the steps of a month that goes whole; see `Store.remove_months`."""
        wanted = [task_id for task_id in task_ids if are_storable([task_id])]
        return int(self._ask("otel_steps_remove_months", {"wanted": wanted, "before": before}))

    def unneeded_pictures(self) -> list[str]:
        """Return some pictures that no row needs any more; see `Store.unneeded_pictures`."""
        return _list(self._ask("otel_steps_unneeded_pictures", {"most": MAX_UNNEEDED}))

    def forget_pictures(self, names: Sequence[str]) -> list[str]:
        """Note that the files of pictures are gone; see `Store.forget_pictures`."""
        return _list(self._ask("otel_steps_forget_pictures", {"names": list(names)}))

    def needed_pictures(self, names: Sequence[str]) -> list[str]:
        """Return those of *names* that a row needs; see `Store.needed_pictures`."""
        return _list(self._ask("otel_steps_needed", {"names": list(names)}))

    def stored_rows(
        self, table: str, task_id: str, *, limit: int | None = None, offset: int = 0
    ) -> list[Json]:
        """Return rows of a task as they are stored; see `Store.stored_rows`."""
        return rows_of(table, self._pages(_PAGES_OF[table], {"task": task_id}, limit, offset))

    def archived(self, after: str = "") -> list[Archived]:
        """Return archived tasks, in the order of their ids; see `Store.archived`."""
        asked = {"after": after, "most": MAX_ARCHIVED}
        return [Archived(**row) for row in _rows(self._ask("otel_steps_archived_tasks", asked))]

    def let_go(self, task_id: str, place: str, keys: Keys, *, seen: str, before: str) -> str | None:
        """Delete rows that are in the archive; see `Store.let_go`."""
        asked = {
            "place": place,
            "before": before,
            "seen": seen,
            "steps": list(keys.steps),
            "shots": list(keys.screenshots),
            "traces": [trace_id for trace_id, _ in keys.spans],
            "spans": [span_id for _, span_id in keys.spans],
        }
        answer = self._about("otel_steps_let_go", task_id, **asked)
        return None if answer is None else str(answer)

    def put_back(self, task_id: str, place: str, rows: Mapping[str, Sequence[Json]]) -> bool:
        """Insert rows out of the archive; see `Store.put_back`."""
        batch: Json = {"columns": {table: list(COLUMNS[table]) for table in rows}}
        batch |= {table: list(some) for table, some in rows.items()}
        return bool(self._about("otel_steps_put_back", task_id, place=place, batch=batch))

    def wake(self, task_id: str, place: str, *, steps: int) -> bool:
        """Note that a task is whole again; see `Store.wake`."""
        return bool(self._about("otel_steps_wake", task_id, place=place, steps=steps))

    def recount(self, after: str = "", *, mends: bool = False) -> tuple[list[str], str | None]:
        """Return whose totals are wrong, of some tasks; see `Store.recount`."""
        asked = {"after": after, "most": MAX_HOLDINGS, "mends": mends}
        match self._ask("otel_steps_recount", asked):
            case {"wrong": list(wrong), "last": str(last)}:
                return wrong, last
            case {"wrong": [], "last": None}:
                return [], None
            case other:
                raise _broken(other)

    def close_stale(self, before: str, *, mends: bool = False) -> list[str]:
        """Return tasks that nobody goes on with; see `Store.close_stale`."""
        reason = STEP_INTERRUPTED_MESSAGE if mends else None
        asked = {"before": before, "most": MAX_HOLDINGS, "reason": reason}
        return _list(self._ask("otel_steps_close_stale", asked))

    def flaws(self, kind: FlawKind, after: str = "") -> list[Flaw]:
        """Return rows that have a flaw; see `Store.flaws`."""
        asked = {"kind": kind, "after": after, "most": MAX_FLAWS}
        table = "tasks" if kind.startswith("task_") else "task_steps"
        if kind == "orphan_pictures":
            table = "step_screenshots"
        return _flaws(table, self._ask("otel_steps_flaws", asked))

    def mend(self, kind: FlawKind, keys: Sequence[str]) -> None:
        """Take a flaw out of rows; see `Store.mend`."""
        asked = {"kind": kind, "keys": list(keys), "reason": PICTURE_LOST}
        self._ask("otel_steps_mend", asked)

    def picture_rows(self, after: str = "") -> list[Flaw]:
        """Return a page of rows of pictures; see `Store.picture_rows`."""
        asked = {"after": after, "most": MAX_FLAWS}
        return _flaws("step_screenshots", self._ask("otel_steps_picture_rows", asked))

    def lose_pictures(self, keys: Sequence[str]) -> None:
        """Remove rows of pictures whose files are gone; see `Store.lose_pictures`."""
        asked = {"keys": list(keys), "reason": PICTURE_LOST}
        self._ask("otel_steps_lose_pictures", asked)

    def claim(self, chore: str, for_s: float) -> bool:
        """Take a chore that is due; see `Store.claim`."""
        return bool(self._ask("otel_steps_claim", {"chore": chore, "seconds": for_s}))

    def version(self, task_id: str | None = None) -> str:
        """Return a word that changes with a task, or with the list of all; see `Store.version`."""
        if not are_storable([task_id]):
            return "0"
        return str(self._ask("otel_steps_version", {"task": task_id}))

    def _shown_steps(self, rows: Iterable[Json]) -> list[Json]:
        return self._to_show(rows_of("task_steps", rows), "screenshot_url")

    def _shown_screenshots(self, rows: Iterable[Json]) -> list[Json]:
        return self._to_show(rows_of("step_screenshots", rows), "remote_url")

    def _pages(
        self, function: str, asked: Json, limit: int | None = None, offset: int = 0
    ) -> Iterator[Json]:
        """Yield *limit* rows behind the first *offset*, or all."""
        if not are_storable(asked.values()):
            return
        left = _MAX_INT if limit is None else limit
        skipped = min(max(offset, 0), _MAX_INT)
        while left > 0:
            most = min(left, self.page_rows)
            page = _rows(self._ask(function, {**asked, "most": most, "skipped": skipped}))
            yield from page
            if len(page) < most:
                return
            left -= most
            skipped += most

    def _whole(self, page: list[Any], function: str, task_id: str) -> Iterator[Json]:
        """Yield the rows of the first *page* of a task, and those of the pages behind it."""
        yield from _rows(page)
        if len(page) == self.page_rows:
            yield from self._pages(function, {"task": task_id}, offset=self.page_rows)

    def _about(self, function: str, task_id: str, **more: Any) -> Any:
        return self._ask(function, {"task": task_id, **more}) if are_storable([task_id]) else None

    def _about_step(self, function: str, task_id: str, step_id: str, **more: Any) -> Any:
        if not _UUID.fullmatch(step_id):
            return None
        return self._about(function, task_id, step=step_id, **more)


def _asked(query: TaskQuery) -> Json:
    values = {name: value for name, value in asdict(query).items() if value not in _NOTHING}
    text = values.pop("text", None)
    return {
        **values,
        **(patterns_of(text) if text else {}),
        "descending": query.descending,
        "limit": query.limit,
        "offset": query.offset,
    }


def _index(task_id: str, found: Mapping[str, Any]) -> Json:
    return index_of(task_id, found["version"], found["columns"])


def _texts(columns: Mapping[str, Sequence[Any]]) -> dict[str, Json]:
    """Return what was said in each step, by its id: a step stands there once for each picture."""
    rows = zip(*(columns[name] for name in TEXTS), strict=True)
    return {
        step_id: dict(zip(TEXTS, row, strict=True))
        for step_id, row in zip(columns["id"], rows, strict=True)
    }


def _object(answer: Any) -> Json:
    if not isinstance(answer, dict):
        raise _broken(answer)
    return answer


def _list(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise _broken(answer)
    return answer


def _rows(answer: Any) -> list[Json]:
    return [_object(row) for row in _list(answer)]


def _flaws(table: str, answer: Any) -> list[Flaw]:
    return [
        Flaw(found["key"], None if found["row"] is None else row_of(table, found["row"]))
        for found in _rows(answer)
    ]


def _broken(answer: Any) -> StoreUnavailable:
    kind = type(answer).__name__
    return StoreUnavailable(f"the database has sent a broken answer: {kind}; ask again")
