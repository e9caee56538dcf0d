"""Figures over many tasks in SQLite: by group, and by action."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import orjson

from otel_steps.stores.figures import (
    MAX_GROUPS,
    action_figures_of,
    first_groups,
    percentiles,
    task_figures_of,
)
from otel_steps.stores.json_object import Json
from otel_steps.stores.sqlite import sums
from otel_steps.stores.sqlite.search import Search
from otel_steps.stores.task_query import TaskQuery

# Tasks that are in the same groups, and of the same status.
_Alike = tuple[str | None, str]

# What a task is grouped by: the group itself, or a JSON array of several.
_GROUPS: Final[Mapping[str, str]] = {
    "all": "NULL",
    "day": "substr(created_at, 1, 10)",
    "app": "apps",
    "model": "model",
    "device": "device_id",
    "agent": "agent",
    "version": "CAST(json_extract(resource, '$.\"service.version\"') AS TEXT)",
    "task": "task_description",
    "tag": "tags",
}
_IN_SEVERAL: Final = frozenset({"app", "tag"})

_COLUMNS: Final = (
    *("total_steps", "successful_steps", "failed_steps", "total_duration_ms"),
    *("input_tokens", "output_tokens"),
)
_USED_COLUMNS: Final = ("steps", "input_tokens", "output_tokens", "cached_tokens")
_TASKS: Final = f"""
    SELECT {{group}}, coalesce(status, 'unknown'), {", ".join(_COLUMNS)}
    FROM chosen JOIN tasks USING (task_id)
    LEFT JOIN ({sums.TOKENS}) USING (task_id)
"""  # noqa: S608 - own words
_USED: Final = f"""
    SELECT {{group}}, model, usage
    FROM chosen JOIN tasks USING (task_id) JOIN ({sums.USAGE}) USING (task_id)
"""  # noqa: S608 - own words
_OF_APPS: Final = f"LEFT JOIN ({sums.APPS}) USING (task_id)"


def of_tasks(connection: sqlite3.Connection, query: TaskQuery, by: str) -> list[Json]:
    """Return figures of the tasks that *query* chooses; see `Store.task_figures`."""
    question = _TASKS.format(group=_GROUPS[by]) + (_OF_APPS if by == "app" else "")
    alike: defaultdict[_Alike, list[tuple[Any, ...]]] = defaultdict(list)
    for row in _asked(connection, query, question):
        alike[row[:2]].append(row[2:])
    groups: defaultdict[str | None, list[_Alike]] = defaultdict(list)
    for key in alike:
        for group in _several(key[0]) if by in _IN_SEVERAL else key[:1]:
            groups[group].append(key)
    sizes = {group: sum(len(alike[key]) for key in keys) for group, keys in groups.items()}
    shown = first_groups(sizes, by)
    # Once each, however many groups they are in.
    needed = {key for group in shown for key in groups[group]}
    columns = {key: tuple(zip(*alike[key], strict=True)) for key in needed}
    rows = (_figures(group, {key: columns[key] for key in groups[group]}) for group in shown)
    return task_figures_of(chain.from_iterable(rows), by)


def of_actions(connection: sqlite3.Connection, query: TaskQuery) -> list[Json]:
    """Return figures of the actions of these tasks; see `Store.action_figures`."""
    actions: defaultdict[str, _Action] = defaultdict(_Action)
    for (summed,) in _asked(connection, query, sums.ACTIONS):
        for name, figures in orjson.loads(summed).items():
            actions[name].add(*figures)
    return action_figures_of([each.figures(name) for name, each in actions.items()])


def of_usage(connection: sqlite3.Connection, query: TaskQuery, by: str) -> list[Json]:
    """Return what the steps of these tasks have used; see `Store.usage_figures`."""
    question = _USED.format(group=_GROUPS[by]) + (_OF_APPS if by == "app" else "")
    alike: defaultdict[str | None, _Used] = defaultdict(_Used)
    for of_task, model, usage in _asked(connection, query, question):
        alike[of_task].add(model, orjson.loads(usage))
    groups: defaultdict[str | None, _Used] = defaultdict(_Used)
    for of_task, used in alike.items():
        for group in _several(of_task) if by in _IN_SEVERAL else (of_task,):
            groups[group].join(used)
    most_first = sorted(groups, key=lambda group: (-len(groups[group].tokens), *_order(group)))
    return [
        row
        for group in sorted(most_first[:MAX_GROUPS], key=_order)
        for row in groups[group].rows(group)
    ]


def _asked(
    connection: sqlite3.Connection, query: TaskQuery, question: str
) -> Iterator[tuple[Any, ...]]:
    asked = Search(connection).chosen(query)
    if asked is None:
        return iter(())
    chosen, values = asked
    return connection.execute(sums.asking(connection, chosen, question), values)


def _several(array: str | None) -> set[str | None]:
    return set(orjson.loads(array or "null") or ()) or {None}


def _figures(group: str | None, parts: Mapping[_Alike, Sequence[Sequence[Any]]]) -> Iterator[Json]:
    """Yield what `task_figures_of` takes of one group, whose parts have columns as `_COLUMNS`."""
    whole = {
        **percentiles("steps", chain.from_iterable(columns[0] for columns in parts.values())),
        **percentiles("duration_ms", chain.from_iterable(columns[3] for columns in parts.values())),
    }
    for (_, status), columns in parts.items():
        steps, successful, failed, _, input_tokens, output_tokens = columns
        yield {
            "group": group,
            "status": status,
            "tasks": len(steps),
            "steps": sum(steps),
            "successful_steps": sum(successful),
            "failed_steps": sum(failed),
            "input_tokens": _sum(input_tokens),
            "output_tokens": _sum(output_tokens),
            **whole,
        }


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


class _Action:
    """What is added up of one action."""

    def __init__(self) -> None:
        self._steps = self._successful = self._failed = 0
        self._durations_ms: list[str] = []

    def add(self, steps: int, successful: int, failed: int, durations_ms: str | None) -> None:
        """Add what some steps come to; see `sums`."""
        self._steps += steps
        self._successful += successful
        self._failed += failed
        if durations_ms:
            self._durations_ms.append(durations_ms)

    def figures(self, name: str) -> Json:
        """Return what `action_figures_of` takes."""
        return {
            "action": name,
            "steps": self._steps,
            "successful_steps": self._successful,
            "failed_steps": self._failed,
            "durations_ms": ",".join(self._durations_ms),
        }


class _Used:
    """
    What tasks of a group have used.

    Attributes:
        tokens: Of each task that says any, those that went in and came out.
    """

    def __init__(self) -> None:
        self.tokens: list[int] = []
        # By model, and whether both counts are known: steps, and three sums of tokens.
        self._sums: dict[tuple[str | None, bool], list[int | None]] = {}

    def add(self, model: str | None, usage: Sequence[Sequence[Any]]) -> None:
        """Add *usage* of a task as `sums` keeps it; *model* is that of the task."""
        if usage:
            self.tokens.append(sum((row[3] or 0) + (row[4] or 0) for row in usage))
        for own_model, is_whole, *numbers in usage:
            self._add((model if own_model is None else own_model, bool(is_whole)), numbers)

    def join(self, other: "_Used") -> None:
        """Add what *other* has."""
        self.tokens += other.tokens
        for key, numbers in other._sums.items():
            self._add(key, numbers)

    def rows(self, group: str | None) -> Iterator[Json]:
        """Yield what `Store.usage_figures` has of the group."""
        whole = percentiles("tokens", self.tokens)
        for model, is_whole in sorted(self._sums, key=lambda key: (*_order(key[0]), key[1])):
            numbers = self._sums[model, is_whole]
            used = dict(zip(_USED_COLUMNS, numbers, strict=True))
            yield {"group": group, "model": model, "is_whole": is_whole, **used, **whole}

    def _add(self, key: tuple[str | None, bool], numbers: Sequence[int | None]) -> None:
        known = self._sums.get(key)
        pairs = zip(known, numbers, strict=True) if known else ((None, each) for each in numbers)
        self._sums[key] = [_sum(pair) for pair in pairs]


def _order(word: str | None) -> tuple[bool, str]:
    return word is not None, word or ""
