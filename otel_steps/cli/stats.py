"""`otel-steps stats`: how many tasks there are, how they ended and why, what they have used."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from otel_steps.cli.options import DirOption, JsonOption, StoreOption
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import out, print_json
from otel_steps.cli.wording import cost_text, counted, one_line
from otel_steps.pricing import price_table
from otel_steps.pricing.usage import of_all
from otel_steps.why.reading import Cause, causes

_GAP = 2


def stats(
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Count all tasks; tell why the newest failed, and tokens and cost by day and by model."""
    with reading(store, folder) as opened:
        prices = price_table.load(opened.settings.prices)
        counts = opened.store.statistics()
        whys = causes(opened.store)
        used = of_all(opened.store.usage_by_day(), prices)
    if as_json:
        print_json({**counts, "causes": whys, "usage": used})
        return
    by_status = ", ".join(f"{number} {name}" for name, number in counts["tasks_by_status"].items())
    out.print(
        f"{counted(counts['tasks'], 'task')}{f' ({by_status})' if by_status else ''}, "
        f"{counted(counts['steps'], 'step')} ({counts['success_rate']:.0%} ok), "
        f"{counted(counts['screenshots'], 'screenshot')}",
        style="bold",
        soft_wrap=True,
    )
    if whys:
        out.print()
        out.print(_causes_table(whys), soft_wrap=True)
    if used["total"] is None:
        out.print("no step says what it has used of its model")
        return
    for key in ("day", "model"):
        out.print()
        out.print(_table(key, [*used[f"by_{key}"], {key: "all", **used["total"]}]), soft_wrap=True)
    out.print(f"\nprices of {prices.date}, from {prices.file}", style="dim", soft_wrap=True)


def _causes_table(whys: Sequence[Cause]) -> Table:
    """Return a line for each cause of the newest tasks that did not end well."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column("TASKS", no_wrap=True, justify="right")
    for name in ("CAUSE", "THE NEWEST"):
        table.add_column(name, no_wrap=True)
    for cause in whys:
        table.add_row(
            str(cause["tasks"]), one_line(cause["fingerprint"]), one_line(cause["newest"])
        )
    return table


def _table(key: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a line for each day or model, the last one for all."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column(key.upper(), no_wrap=True)
    for name in ("STEPS", "INPUT", "CACHED", "OUTPUT"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("COST", no_wrap=True)
    for row in rows:
        tokens = (row["input_tokens"], row["cached_tokens"], row["output_tokens"])
        table.add_row(
            one_line(row[key]) or "of no name",
            f"{row['steps']:,}",
            *("-" if count is None else f"{count:,}" for count in tokens),
            cost_text(row),
        )
    return table
