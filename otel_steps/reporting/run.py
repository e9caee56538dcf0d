"""One run in a report: how it went, what it did, and each of its steps. Elements, in pieces."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from otel_steps.pricing.price_table import PriceTable
from otel_steps.reporting.elements import el
from otel_steps.reporting.recorded_task import RecordedTask
from otel_steps.reporting.step import Place, action_word, step_element
from otel_steps.reporting.times import where_time_went
from otel_steps.reporting.values import dated_cost_text, moment_text, tokens_text, took_ms
from otel_steps.reporting.words import Words
from otel_steps.rows.flags import summary_of

# sha256 of a picture -> what stands in `src`, None where it is not there.
Address = Callable[[str], str | None]


def run_pieces(
    task: RecordedTask,
    number: int,
    words: Words,
    prices: PriceTable,
    address: Address,
    *,
    level: int,
) -> Iterator[Element]:
    """
    Yield the sections of a run, and then its steps.

    Args:
        number: Of the run in its report, from 1.
        level: Of its headings; those of its steps are one below.
    """
    yield _summary(task, words, prices)
    yield _statistics(task, number, words, f"h{level}")
    yield el(f"h{level}", words("report.timeline"), class_="part")
    if not task.index["count"]:
        yield el("p", words("report.none"))
    for at in range(task.index["count"]):
        place = Place(f"run-{number}-step-", f"h{level + 1}")
        yield step_element(task, at, place, words, address)


def title_of(task: RecordedTask, words: Words) -> str:
    """Return what a task was to do."""
    return task.row["task_description"] or words("report.untitled")


def verdict(task: RecordedTask, words: Words) -> Element:
    """Return how a task ended."""
    status = task.row["status"] or "unknown"
    return el("b", words.known(f"status.{status}", status), class_=f"verdict status-{status}")


def why_text(task: RecordedTask, words: Words) -> str | None:
    """Return why a task did not end well, None where it did."""
    return None if task.why is None else task.why["sentence"][words.language]


def _summary(task: RecordedTask, words: Words, prices: PriceTable) -> Element:
    row, usage, why = task.row, task.usage(prices), why_text(task, words)
    facts: dict[str, str | None] = {
        "model": row["model"],
        "device": row["device_id"],
        "agent": row["agent"],
        "session": row["session"],
        "started": moment_text(row["created_at"]),
        "ended": moment_text(row["end_time"]),
        "took": words.duration(took_ms(row)),
        "tokens": tokens_text(usage, words),
        "cost": dated_cost_text(usage, words),
        "task": row["task_id"],
    }
    texts = {"result": row["result"], "error": row["error_message"]}
    return el(
        "section",
        el("p", verdict(task, words), class_="outcome"),
        None if why is None else el("p", why, class_="why", dir="auto"),
        _listed({words(f"report.{name}"): value for name, value in facts.items()}),
        *(
            el("p", el("b", words(f"report.{name}")), f" {text}", class_=f"said {name}", dir="auto")
            for name, text in texts.items()
            if text and text != row["status"]
        ),
    )


def _listed(facts: Mapping[str, str | None]) -> Element:
    pairs = [
        el("div", el("dt", name), el("dd", value, dir="auto"))
        for name, value in facts.items()
        if value
    ]
    return el("dl", *pairs, class_="facts")


def _statistics(task: RecordedTask, number: int, words: Words, heading: str) -> Element:
    index = task.index
    took = [ms for ms in index["duration_ms"] if ms is not None]
    facts = {
        words("report.steps"): f"{index['count']:,}",
        words("report.failed"): f"{index['success'].count(False):,}",
        words("report.average"): words.duration(sum(took) / len(took)) if took else None,
    }
    listed = _listed(facts)
    if took:
        listed.append(_longest(index, number, words))
    if flagged := summary_of(task.flags):
        texts = (f"{words(f'flag.{name}')} × {len(at):,}" for name, at in flagged.items())
        listed.append(el("div", el("dt", words("report.flags")), el("dd", ", ".join(texts))))
    tables = [_actions(index, words), _times(index, words)]
    return el(
        "section",
        el(heading, words("report.statistics"), class_="part"),
        listed,
        el("div", *tables, class_="tables"),
    )


def _longest(index: Mapping[str, Any], number: int, words: Words) -> Element:
    took = [ms or 0 for ms in index["duration_ms"]]
    at = took.index(max(took))
    step = index["number"][at]
    text = words("report.longest.step", duration=words.duration(took[at]), number=step)
    link = el("a", text, href=f"#run-{number}-step-{step}")
    return el("div", el("dt", words("report.longest")), el("dd", link))


def _actions(index: Mapping[str, Any], words: Words) -> Element | None:
    """Return a table of what was done how often, what of it failed, and the time of its steps."""
    rows: dict[str, list[float]] = {}
    for at in range(index["count"]):
        row = rows.setdefault(action_word(index, at, words), [0, 0, 0.0])
        row[0] += 1
        row[1] += index["success"][at] is False
        row[2] += index["duration_ms"][at] or 0
    if not rows:
        return None
    ordered = sorted(rows.items(), key=lambda item: -item[1][0])
    return _table(
        words("report.actions"),
        [words(f"report.{name}") for name in ("action", "count", "failed", "time")],
        [
            el(
                "tr",
                el("th", name, scope="row"),
                el("td", f"{count:.0f}"),
                el("td", f"{failed:.0f}", class_="bad" if failed else None),
                el("td", words.duration(ms)),
            )
            for name, (count, failed, ms) in ordered
        ],
    )


def _times(index: Mapping[str, Any], words: Words) -> Element | None:
    parts = where_time_went(index)
    whole = sum(parts.values())
    if not whole or set(parts) == {"other"}:
        return None
    return _table(
        words("report.where"),
        [words(f"report.{name}") for name in ("part", "time", "share")],
        [
            el(
                "tr",
                el("th", words(f"report.where.{name}"), _bar(ms / whole), scope="row"),
                el("td", words.duration(ms)),
                el("td", f"{ms / whole:.0%}"),
            )
            for name, ms in parts.items()
        ],
    )


def _bar(share: float) -> Element:
    rest = {"viewBox": "0 0 100 4", "preserveAspectRatio": "none", "aria-hidden": "true"}
    return el("svg", el("rect", width=f"{share * 100:.1f}", height="4"), class_="bar", **rest)


def _table(caption: str, heads: list[str], rows: list[Element]) -> Element:
    head = el("tr", *(el("th", each, scope="col") for each in heads))
    body = el("tbody", *rows)
    return el("table", el("caption", caption), el("thead", head), body)
