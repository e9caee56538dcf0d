"""What `otel-steps stats` prints on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.table import Table

from otel_steps.cli.stats_words import between_text, headline, of_no_name, rate_text
from otel_steps.cli.terminal import out
from otel_steps.cli.wording import cost_text, duration_text, one_line
from otel_steps.pricing.price_table import PriceTable
from otel_steps.why.reading import Cause

_GAP: Final = 2


def print_tables(found: Mapping[str, Any], prices: PriceTable) -> None:
    """Print what was found: the tasks by group, the actions, tokens and cost."""
    out.print(headline(found), style="bold", soft_wrap=True)
    if found["groups"]:
        out.print()
        out.print(_groups(found["by"], found["groups"]), soft_wrap=True)
    if "between" in found:
        out.print(f"\n{between_text(found['between'])}", soft_wrap=True)
    if found["actions"]:
        out.print()
        out.print(_actions(found["actions"]), soft_wrap=True)
    if found["causes"]:
        out.print()
        out.print(_causes(found["causes"]), soft_wrap=True)
    used = found["usage"]
    if used["total"] is None:
        out.print("\nno step says what it has used of its model", soft_wrap=True)
        return
    for key in ("day", "model"):
        out.print()
        out.print(_usage(key, [*used[f"by_{key}"], {key: "all", **used["total"]}]), soft_wrap=True)
    out.print(f"\nprices of {prices.date}, from {prices.file}", style="dim", soft_wrap=True)


def _groups(by: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(by, "TASKS", "OK", "STEPS", "P95", "TIME", "P95")
    for row in rows:
        table.add_row(
            one_line(row["group"]) or of_no_name(by),
            f"{row['tasks']:,}",
            rate_text(row["success_rate"]),
            str(row["steps_median"]),
            str(row["steps_p95"]),
            duration_text(row["duration_ms_median"]),
            duration_text(row["duration_ms_p95"]),
        )
    return table


def _actions(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("action", "STEPS", "FAILED", "TIME", "P95")
    for row in rows:
        table.add_row(
            one_line(row["action"]),
            f"{row['steps']:,}",
            rate_text(row["failure_rate"]),
            duration_text(row["duration_ms_median"]),
            duration_text(row["duration_ms_p95"]),
        )
    return table


def _causes(whys: Sequence[Cause]) -> Table:
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


def _usage(key: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a line for each day or model, the last one for all."""
    table = _table(key, "STEPS", "INPUT", "CACHED", "OUTPUT")
    table.add_column("COST", no_wrap=True)
    for row in rows:
        tokens = (row["input_tokens"], row["cached_tokens"], row["output_tokens"])
        table.add_row(
            one_line(row[key]) or of_no_name(key),
            f"{row['steps']:,}",
            *("-" if count is None else f"{count:,}" for count in tokens),
            cost_text(row),
        )
    return table


def _table(key: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column(key.upper(), no_wrap=True)
    for name in numbers:
        table.add_column(name, no_wrap=True, justify="right")
    return table
