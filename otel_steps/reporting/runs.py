"""Several runs beside each other: the table that a report of them begins with."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from otel_steps.pricing.price_table import PriceTable
from otel_steps.reporting.elements import el
from otel_steps.reporting.recorded_task import RecordedTask
from otel_steps.reporting.run import title_of, verdict, why_text
from otel_steps.reporting.values import cost_text, moment_text, tokens_text, took_ms
from otel_steps.reporting.words import Words

_COLUMNS = ("run", "outcome", "steps", "failed", "took", "tokens", "cost")


def runs_title(tasks: Sequence[RecordedTask], words: Words) -> str:
    """Return what a report of *tasks* is called."""
    titles = {title_of(task, words) for task in tasks}
    if len(tasks) == 1:
        return titles.pop()
    if len(titles) == 1:
        return words("report.runs.of", count=len(tasks), title=titles.pop())
    return words("report.runs", count=len(tasks))


def runs_table(tasks: Sequence[RecordedTask], words: Words, prices: PriceTable) -> Element:
    """Return a row for each of *tasks*, with a link to its place in the page."""
    completed = sum(task.row["status"] == "completed" for task in tasks)
    summary = words("report.runs.completed", count=len(tasks), completed=completed)
    heads = [el("th", words(f"report.{name}"), scope="col") for name in _COLUMNS]
    rows = [_row(task, number, words, prices) for number, task in enumerate(tasks, start=1)]
    table = el("table", el("caption", summary), el("thead", el("tr", *heads)), el("tbody", *rows))
    return el("div", table, class_="runs")


def _row(task: RecordedTask, number: int, words: Words, prices: PriceTable) -> Element:
    usage, why, row = task.usage(prices), why_text(task, words), task.row
    facts = (row["model"], row["device_id"], moment_text(row["created_at"]))
    link = el("a", f"{number}. {title_of(task, words)}", href=f"#run-{number}", dir="auto")
    said = el("small", " · ".join(each for each in facts if each))
    reason = None if why is None else el("small", why, class_="why", dir="auto")
    failed = task.index["success"].count(False)
    values = (
        f"{task.index['count']:,}",
        f"{failed:,}",
        words.duration(took_ms(row)),
        tokens_text(usage, words) or "",
        cost_text(usage, words) or "",
    )
    return el(
        "tr",
        el("th", link, said, reason, scope="row"),
        el("td", verdict(task, words)),
        *(el("td", value) for value in values),
    )
