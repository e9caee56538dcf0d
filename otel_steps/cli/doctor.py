"""`otel-steps doctor`: everything that can be wrong, with its remedy."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.text import Text

from otel_steps.cli.checks import Check, as_json, check_recording
from otel_steps.cli.kafka_check import check_kafka
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, settings_of
from otel_steps.cli.surroundings import check_surroundings
from otel_steps.cli.terminal import err, out, print_json
from otel_steps.cli.wording import counted, plain
from otel_steps.config import ConfigError
from otel_steps.health.problems import forget

_STYLES: Final = {"ok": "green", "info": "cyan", "warn": "yellow", "fail": "red"}


def doctor(
    as_json_: JsonOption = False,
    clear: Annotated[
        bool, typer.Option("--clear", help="Forget the problems that processes have noted.")
    ] = False,
    kafka: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Check the brokers that `consume` reads from, too, as it is given them.",
            show_default=False,
        ),
    ] = None,
    kafka_config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Settings of librdkafka, as `consume` has.", show_default=False
        ),
    ] = None,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Check everything that recording needs, changing nothing; ends with 1 if a check failed."""
    if clear:
        count = forget(settings_of(store, folder).problems_dir)
        err.print(f"{counted(count, 'noted problem')} forgotten")
    checks = []
    brokers = [check_kafka(kafka, kafka_config)] if kafka is not None else []
    for check in itertools.chain(_checks(store, folder), brokers):
        checks.append(check)
        if not as_json_:
            _print(check)
    verdict = as_json(checks)
    if as_json_:
        print_json(verdict)
    else:
        _print_summary(checks)
    if not verdict["ok"]:
        raise typer.Exit(1)


def _checks(store: str | None, folder: Path | None) -> Iterator[Check]:
    try:
        settings = settings_of(store, folder)
    except ConfigError as error:
        yield Check("settings", "fail", str(error), "change or unset it; the README lists them all")
    else:
        options = {"--store": store, "--dir": folder}
        named = frozenset(name for name, value in options.items() if value is not None)
        yield from check_recording(settings, named)
    yield from check_surroundings()


def _print(check: Check) -> None:
    head = Text.assemble((f"{check.status:<5}", _STYLES[check.status]), (check.name, "bold"), "  ")
    out.print(head.append(plain(check.message)), soft_wrap=True)
    if check.remedy and check.status != "ok":
        out.print(Text(f"      -> {plain(check.remedy)}"), soft_wrap=True)


def _print_summary(checks: list[Check]) -> None:
    wrong = sum(check.status == "fail" for check in checks)
    odd = sum(check.status == "warn" for check in checks)
    text = f"{counted(len(checks), 'check')}: {wrong} failed, {counted(odd, 'warning')}"
    out.print(f"\n{text}", style="bold")
