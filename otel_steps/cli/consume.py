"""`otel-steps consume`: take spans out of Kafka, where a Collector has put them."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from otel_steps.cli.chores import Chores
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, settings_of
from otel_steps.cli.receiving import Taking, intake_of, probes_of
from otel_steps.cli.serving import check_reach, needing_kafka
from otel_steps.cli.terminal import CommandError, err, print_json, warn
from otel_steps.cli.wording import counted
from otel_steps.config import Settings, redacted_url

if TYPE_CHECKING:
    from otel_steps.consuming.consumption import Consumption


def consume(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="What to read: kafka://broker[:port][,broker…]/topic?group=name."
        ),
    ],
    kafka_config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings of librdkafka, such as those for TLS and SASL: lines `name=value`.",
            show_default=False,
        ),
    ] = None,
    until_end: Annotated[
        bool, typer.Option("--until-end", help="End once all that is there has been stored.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Answer /healthz, /readyz and /metrics on this port; 0 finds a free one.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Listen on this address; other machines need a token.")
    ] = "127.0.0.1",
    as_json_: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Take spans out of Kafka, as the exporter of a Collector writes them; Ctrl-C ends it.

    An offset is committed once the store has what came before it. Ends with 1 where a message was
    set aside, or what was read is not in the store yet.
    """
    settings = settings_of(store, folder)
    if port is not None:
        check_reach(host, settings)
    with needing_kafka():
        from otel_steps.consuming import consumption, kafka_source, message_taker
        from otel_steps.consuming.member import ConsumeError
    from otel_steps.journal.dead_letters import DeadLetters

    source = kafka_source.kafka_source(url)
    more = kafka_source.kafka_settings(kafka_config) if kafka_config is not None else {}
    taking = intake_of(settings, settings.token)
    letters = DeadLetters(settings.backup_dir)
    try:
        reading = consumption.Consumption(
            source,
            more,
            taker=message_taker.MessageTaker(taking.intake, letters, taking.problems),
            journal=taking.journal,
            shipper=taking.shipper,
            until_end=until_end,
            on_trouble=warn,
            on_ready=lambda count: err.print(f"reads {counted(count, 'more partition')}"),
        )
        err.print(f"{source}; store {redacted_url(settings.store)}", soft_wrap=True)
        err.print("Ctrl-C ends it", style="dim")
        taking.shipper.notify()  # what an earlier process has left goes on at once
        chores = Chores(settings, taking.problems)
        with _ending() as ended, _answering(port, host, settings, taking, reading), chores.ending():
            if not until_end:
                chores.begin()
            reading.run(ended.is_set)
    except ConsumeError as error:
        raise CommandError(str(error)) from error
    finally:
        taking.shipper.shutdown()
    consumed = reading.consumed
    if as_json_:
        print_json(asdict(consumed))
    else:
        err.print(
            f"{counted(consumed.messages, 'message')} read, {consumed.acknowledged} stored, "
            f"{consumed.aside} set aside"
        )
    if consumed.aside or consumed.acknowledged < consumed.messages:
        raise typer.Exit(1)


@contextmanager
def _answering(
    port: int | None, host: str, settings: Settings, taking: Taking, reading: "Consumption"
) -> Iterator[None]:
    """Answer what machines ask of a server while the block runs, where there is a *port* for it."""
    if port is None:
        yield
        return
    from otel_steps.consuming.figures import exposition
    from otel_steps.serving import hosts, probes, server

    asked = probes_of(
        settings,
        taking.shipper,
        taking.problems,
        taking.journal,
        hindrance=lambda: reading.hindrance,
        figures=lambda: exposition(reading),
    )
    guard = taking.intake.guard
    app = probes.application(asked, lambda request: guard.check_sender(request.headers))
    listener = server.listen(host, port)
    url = f"http://{hosts.shown_name(host)}:{listener.getsockname()[1]}"
    with server.serving(app, listener):
        err.print(f"answers {url}/readyz and {url}/metrics", soft_wrap=True)
        yield


@contextmanager
def _ending() -> Iterator[threading.Event]:
    """Give what Ctrl-C and SIGTERM set; a second one ends the command at once."""
    ended = threading.Event()

    def end(number: int, _: FrameType | None) -> None:
        if ended.is_set():
            raise KeyboardInterrupt
        ended.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
