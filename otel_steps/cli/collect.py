"""`otel-steps collect`: take spans from other processes, hosts and languages."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Final

import typer

from otel_steps.cli.options import DirOption, StoreOption, settings_of
from otel_steps.cli.serving import check_reach, needing_viewer, sender_setting
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out
from otel_steps.config import Secret, Settings, redacted_url
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.recorder import new_shipper
from otel_steps.shipper import Shipper
from otel_steps.stores import preflight

if TYPE_CHECKING:
    from starlette.types import ASGIApp

OTLP_PORT: Final = 4318


def collect(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Listen on this port; 0 finds a free one.")
    ] = OTLP_PORT,
    host: Annotated[
        str,
        typer.Option(help="Listen on this address; other machines need a token."),
    ] = "127.0.0.1",
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Take spans over OTLP/HTTP, from any language; Ctrl-C ends it.

    With OTEL_STEPS_TOKEN set, senders need OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20TOKEN.
    """
    settings = settings_of(store, folder)
    with needing_viewer():
        from otel_steps.serving import hosts, server
    check_reach(host, settings)
    shipper, app = receiver_of(settings, settings.token)
    with closing(server.listen(host, port)) as listener:
        url = f"http://{hosts.shown_name(host)}:{listener.getsockname()[1]}"

        def ready() -> None:
            out.print(f"traces   {url}/v1/traces", soft_wrap=True)
            out.print(f"store    {redacted_url(settings.store)}", soft_wrap=True)
            if settings.token is not None:
                out.print("token    that of OTEL_STEPS_TOKEN", soft_wrap=True)
                out.print(f"senders  {sender_setting(None)}", soft_wrap=True)
            err.print("Ctrl-C ends it", style="dim")
            shipper.notify()  # what an earlier process has left goes on at once

        try:
            server.serve(app, listener, on_ready=ready)
        finally:
            shipper.shutdown()


def receiver_of(settings: Settings, token: Secret | None) -> "tuple[Shipper, ASGIApp]":
    """
    Return what takes spans into the journal, and the shipper that carries them on.

    Args:
        token: What senders need; without one, any program of this machine may send.
    """
    with needing_viewer():
        from otel_steps.collector import app, receiver
        from otel_steps.serving import guard, keys
    preflight.check(settings)
    problems = Problems(settings.problems_dir)
    journal = _journal(settings, problems)
    shipper = new_shipper(settings, problems, journal)
    taker = receiver.Receiver(settings, journal, on_kept=shipper.notify, problems=problems)
    return shipper, app.create_app(taker, guard=guard.Guard(keys.Keys(token)))


def _journal(settings: Settings, problems: Problems) -> Journal:
    if settings.durability == "memory":
        raise CommandError(
            "what is acknowledged must be on disk; set OTEL_STEPS_DURABILITY to process or power",
            status=USAGE_ERROR,
        )
    return Journal(
        settings.backup_dir,
        durability=settings.durability,
        max_disk_bytes=settings.max_disk_bytes,
        problems=problems,
    )
