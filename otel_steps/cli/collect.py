"""`otel-steps collect`: take spans from other processes, hosts and languages."""

from contextlib import closing
from typing import Annotated, Final

import typer

from otel_steps.cli.chores import Chores
from otel_steps.cli.options import DirOption, StoreOption, settings_of
from otel_steps.cli.receiving import receiving
from otel_steps.cli.serving import (
    GRPC_PORT,
    GrpcOption,
    GrpcPortOption,
    RootPathOption,
    address,
    below,
    check_reach,
    needing_viewer,
    sender_setting,
)
from otel_steps.cli.terminal import err, out
from otel_steps.config import redacted_url

OTLP_PORT: Final = 4318


def collect(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Listen on this port; 0 finds a free one.")
    ] = OTLP_PORT,
    host: Annotated[
        str,
        typer.Option(help="Listen on this address; other machines need a token."),
    ] = "127.0.0.1",
    root_path: RootPathOption = None,
    grpc: GrpcOption = False,
    grpc_port: GrpcPortOption = GRPC_PORT,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Take spans over OTLP, from any language; Ctrl-C ends it.

    With OTEL_STEPS_TOKEN set, senders need OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20TOKEN.
    """
    settings = below(settings_of(store, folder), root_path)
    with needing_viewer():
        from otel_steps.serving import hosts, server
    check_reach(host, settings)
    ways = receiving(settings, settings.token, host=host, grpc_port=grpc_port if grpc else None)
    chores = Chores(settings, ways.taking.problems)
    with closing(server.listen(host, port)) as listener:
        listening = f"http://{hosts.shown_name(host)}:{listener.getsockname()[1]}"
        url = address(settings, listening)

        def ready() -> None:
            out.print(f"traces   {url}/v1/traces", soft_wrap=True)
            if ways.grpc_url is not None:
                out.print(f"grpc     {ways.grpc_url}", soft_wrap=True)
            out.print(f"store    {redacted_url(settings.store)}", soft_wrap=True)
            if settings.token is not None:
                out.print("token    that of OTEL_STEPS_TOKEN", soft_wrap=True)
                out.print(f"senders  {sender_setting(None)}", soft_wrap=True)
            err.print("Ctrl-C ends it", style="dim")
            ways.taking.shipper.notify()  # what an earlier process has left goes on at once
            chores.begin()

        try:
            with chores.ending():
                server.serve(ways.http, listener, on_ready=ready, beside=ways.grpc)
        finally:
            ways.taking.shipper.shutdown()
