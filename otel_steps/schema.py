"""
The page of attributes and metrics, written from the code that uses them.

    python -m otel_steps.schema > otel_steps/attributes.md

A test holds the page and the code together.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from otel_steps import semconv
from otel_steps.emit.measures import MEASURES
from otel_steps.health.metrics import INSTRUMENTS
from otel_steps.rows.tables import TABLES
from otel_steps.semconv.attribute import ATTRIBUTES, SOURCES, Attribute, Source

_INTRODUCTION: Final = """\
# Attributes and metrics

Written by `python -m otel_steps.schema`; do not edit it by hand.

Our own names are those that begin with `otel_steps.`; the others come from the conventions that \
are linked, each with its stability there.
*Content* is what the person, the model or the screen said: `OTEL_STEPS_CAPTURE_CONTENT` switches \
it off part by part.
*Opt-in* attributes are written where `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is \
`SPAN_ONLY` or `SPAN_AND_EVENT`, and `OTEL_STEPS_CAPTURE_CONTENT` allows the part.
A *column* is what an attribute of a task or a step fills; numbers of milliseconds and of tokens \
stand in `timings`, and all others in `attributes` of the row.
"""

# Key -> the column that it fills.
_COLUMNS: Final = {
    column.said: f"`{name}.{column_name}`"
    for name, table in TABLES.items()
    for column_name, column in table.columns.items()
    if column.said is not None
}

_SPANS: Final = (
    ("task", f"`{semconv.INVOKE_AGENT} {{agent}}`", "INTERNAL", ""),
    ("step", f"`{semconv.STEP_SPAN_NAME}`", "INTERNAL", "task"),
    ("model call", f"`{semconv.CHAT} {{model}}`", "CLIENT", "step"),
    ("action", f"`{semconv.EXECUTE_TOOL} {{action}}`", "INTERNAL", "step"),
)

_TITLES: Final = {
    "otel_steps.": "Our own",
    "gen_ai.": "GenAI",
    "server.": "Server",
    "error.": "Error",
    "device.": "Device",
    "os.": "Operating system",
    "": "OpenInference (with `OTEL_STEPS_OPENINFERENCE=on`)",
}


def page() -> str:
    """Return the page as Markdown."""
    parts = [
        _INTRODUCTION,
        "## Spans\n",
        _table(("span", "name", "kind", "child of"), _SPANS),
        "A model call is a span of ours only where no instrumentation of OpenAI's client makes "
        "one.\n",
        *(_section(source) for source in SOURCES),
        "## Metrics\n",
        "How the recording is doing. All of them are observable; `configure()` offers them to the "
        "global `MeterProvider`.\n",
        _table(("name", "kind", "unit", "meaning"), _metrics()),
        "What agents do, as GenAI's conventions name it, with their buckets: histograms of the "
        "global `MeterProvider`, or of the one that `configure()` or `instrument()` is given. "
        "Calls of models and actions are measured where their spans are ours.\n",
        _table(("name", "unit", "meaning", "attributes"), _measures()),
    ]
    return "\n".join(parts)


def source_of(attribute: Attribute) -> Source:
    """Return where the key of *attribute* comes from."""
    return next(source for source in SOURCES if attribute.key.startswith(source.prefix))


def _section(source: Source) -> str:
    own = [each for each in ATTRIBUTES if source_of(each) is source]
    link = f" ([source]({source.url}))" if source.url else ""
    head = f"## {_TITLES[source.prefix]}\n\nStability: {source.stability}{link}.\n"
    columns = ("attribute", "type", "unit", "example or values", "content", "column", "meaning")
    return f"{head}\n{_table(columns, map(_row, own))}"


def _row(attribute: Attribute) -> tuple[str, ...]:
    return (
        f"`{attribute.key}`",
        attribute.type,
        attribute.unit,
        f"`{attribute.example}`",
        attribute.part,
        _COLUMNS.get(attribute.key, ""),
        attribute.note,
    )


def _metrics() -> Iterator[tuple[str, ...]]:
    for each in INSTRUMENTS:
        kind = "counter" if each.is_total else "up-down counter"
        yield f"`{each.name}`", kind, each.unit, each.description


def _measures() -> Iterator[tuple[str, ...]]:
    for each in MEASURES:
        attributes = ", ".join(f"`{key}`" for key in each.attributes)
        yield f"`{each.name}`", each.unit, each.description, attributes


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
