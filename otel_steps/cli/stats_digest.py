"""What happened, as Markdown for a chat: `otel-steps stats --since 24h --format md` of a night."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from otel_steps.cli.stats_words import between_text, headline, of_no_name, rate_text
from otel_steps.cli.wording import (
    cost_text,
    counted,
    duration_text,
    one_line,
    time_text,
    tokens_text,
)
from otel_steps.reporting.markdown import plain_line

# More is in the viewer and in --json.
_MOST_ROWS: Final = 10
_MOST_CHARS: Final = 160


def digest(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines: how tasks ended, by group, what went wrong, the actions, the cost."""
    since = found["since"]
    yield "# All tasks" if since is None else f"# Tasks since {time_text(since)}"
    yield ""
    yield headline(found)
    total, used = found["total"], found["usage"]["total"]
    if total is None:
        return
    yield ""
    yield (
        f"A task took {duration_text(total['duration_ms_median'])} in {total['steps_median']} "
        f"steps; 95% took at most {duration_text(total['duration_ms_p95'])}, and at most "
        f"{total['steps_p95']} steps."
    )
    if used is not None:
        yield ""
        yield f"Used: {_line(tokens_text(used))}; {_line(cost_text(used))}."
    yield from _failed(found["failed"], found["failed_count"])
    yield from _groups(found["by"], found["groups"])
    if "between" in found:
        yield ""
        yield plain_line(between_text(found["between"]))
    yield from _actions(found["actions"])


def _failed(tasks: Sequence[Mapping[str, Any]], count: int) -> Iterator[str]:
    if not tasks:
        return
    yield ""
    yield f"## {counted(count, 'task')} that did not succeed"
    yield ""
    for task in tasks:
        reason = task["why"]["sentence"]["en"] if task["why"] else task["error_message"]
        name = _line(task["task_description"] or "(no description)")
        told = f": {_line(reason)}" if reason else ""
        yield f"- **{_line(task['status'])}** {name}{told} ({_line(task['task_id'])})"
    if count > len(tasks):
        yield f"- and {count - len(tasks)} more"


def _groups(by: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _table(
        f"By {by}",
        (by, "tasks", "succeeded", "steps (p95)", "time (p95)"),
        (
            (
                _line(row["group"]) or of_no_name(by),
                f"{row['tasks']:,}",
                rate_text(row["success_rate"]),
                f"{row['steps_median']} ({row['steps_p95']})",
                f"{duration_text(row['duration_ms_median'])} "
                f"({duration_text(row['duration_ms_p95'])})",
            )
            for row in rows[:_MOST_ROWS]
        ),
        len(rows),
    )


def _actions(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _table(
        "Actions",
        ("action", "steps", "failed", "time (p95)"),
        (
            (
                _line(row["action"]),
                f"{row['steps']:,}",
                rate_text(row["failure_rate"]),
                f"{duration_text(row['duration_ms_median'])} "
                f"({duration_text(row['duration_ms_p95'])})",
            )
            for row in rows[:_MOST_ROWS]
        ),
        len(rows),
    )


def _table(
    title: str, names: Sequence[str], rows: Iterable[Sequence[str]], count: int
) -> Iterator[str]:
    if not count:
        return
    yield ""
    yield f"## {title}"
    yield ""
    yield f"| {' | '.join(names)} |"
    yield f"|---{'|--:' * (len(names) - 1)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    if count > _MOST_ROWS:
        yield ""
        yield f"and {count - _MOST_ROWS} more"


def _line(value: Any) -> str:
    """Return *value* in one short line in which nothing is markup, nor obeyed by a terminal."""
    text = one_line(value)
    return plain_line(text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…")
