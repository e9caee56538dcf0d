"""`otel-steps view`: look at what was recorded, in a browser."""

import os
import secrets
import sys
import tempfile
import threading
import webbrowser
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from otel_steps.cli.backlog import is_ours_to_ship
from otel_steps.cli.chores import Chores
from otel_steps.cli.options import DirOption, StoreOption, settings_of
from otel_steps.cli.reading import settings_to_read
from otel_steps.cli.receiving import probes_of, receiving
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
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out
from otel_steps.config import Secret, Settings, redacted_url
from otel_steps.config.store_url import pack_url
from otel_steps.health.problems import Problems
from otel_steps.pipeline import backlog_shipper
from otel_steps.stores import open_store, pack_of

# In the data folder; without it everybody has to sign in again.
_SESSIONS_FILE: Final = "viewer-secret"
_IMPORT_FIRST: Final = "can only be read: `otel-steps import` it to say something of its tasks"


def view(
    pack: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PACK]",
            help="A file that `otel-steps pack` has written, in place of the store.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Listen on this port; 0 finds a free one. By default 4320, or any that is free.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(help="Listen on this address; other machines need a token."),
    ] = "127.0.0.1",
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    print_token: Annotated[
        bool, typer.Option("--print-token", help="Print a token for scripts and senders.")
    ] = False,
    otlp: Annotated[
        bool,
        typer.Option(
            "--otlp",
            help="Take spans at /v1/traces, as `collect` does; where there is a token, only with "
            "it: OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20TOKEN.",
        ),
    ] = False,
    root_path: RootPathOption = None,
    grpc: GrpcOption = False,
    grpc_port: GrpcPortOption = GRPC_PORT,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Look at what was recorded, in a browser; Ctrl-C ends it.

    A pack is looked at as it is: nothing is imported, and nothing is left behind.
    """
    if pack is not None:
        if store is not None:
            raise CommandError(f"name {pack} or --store, not both", status=USAGE_ERROR)
        store = pack_url(pack)
    if grpc and not otlp:
        raise CommandError("--grpc is a way for spans to come in: add --otlp", status=USAGE_ERROR)
    # Where spans are taken, their place is made.
    settings = settings_of(store, folder) if otlp else settings_to_read(store, folder)
    settings = below(settings, root_path)
    if pack_of(settings.store) is not None:
        if otlp:
            raise CommandError("--otlp: a pack takes no spans, it is read", status=USAGE_ERROR)
        _view_pack(settings, port=port, host=host, opens=not no_open, shows=print_token)
        return
    # What waits was recorded for the store of the settings, which need not be this one.
    ships = store is None and is_ours_to_ship(settings)
    run_viewer(
        settings,
        port=port,
        host=host,
        opens=not no_open,
        shows=print_token,
        otlp=otlp,
        grpc_port=grpc_port if grpc else None,
        ships=ships,
    )


def _view_pack(settings: Settings, **options: Any) -> None:
    """Serve the viewer of a pack; what it keeps for itself goes with it."""
    with tempfile.TemporaryDirectory(prefix="otel-steps-") as scratch:
        folder = Path(scratch)
        apart = replace(settings, dir=folder, backup_dir=folder / "backup" / "steps")
        run_viewer(apart, ships=False, **options)


def run_viewer(
    settings: Settings,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    opens: bool = True,
    shows: bool = False,
    otlp: bool = False,
    grpc_port: int | None = None,
    ships: bool = True,
) -> None:
    """
    Serve the viewer until Ctrl-C.

    Args:
        opens: Open the browser.
        shows: Print the token.
        otlp: Take spans, too.
        grpc_port: With *otlp*: take them over gRPC as well, on this port; 0 finds one.
        ships: Ship what dead processes have left, too.
    """
    with needing_viewer():
        from otel_steps.serving import hosts, server
        from otel_steps.serving.access import Access, Role
        from otel_steps.serving.kept_secret import KeptSecret
        from otel_steps.serving.keys import Keys
        from otel_steps.serving.tokens import FILE, Tokens
        from otel_steps.viewer import app, library
    check_reach(host, settings)
    pack = pack_of(settings.store)
    keys = Keys(
        settings.token or (Secret(secrets.token_urlsafe(32)) if shows else None),
        kept=KeptSecret(settings.dir / _SESSIONS_FILE),
        tokens=Tokens(settings.dir / FILE),
        most=Access(Role.READ, remedy=f"{pack} {_IMPORT_FIRST}") if pack else Access(),
    )
    # Whoever is told of a token takes it for what lets in: senders need it, too.
    ways = receiving(settings, keys.token, host=host, grpc_port=grpc_port) if otlp else None
    taking = ways.taking if ways else None
    problems = taking.problems if taking else Problems(settings.problems_dir)
    shipper = taking.shipper if taking else backlog_shipper(settings, problems)
    with (
        closing(server.listen(host, port)) as listener,
        closing(open_store(settings=settings)) as opened,
    ):
        number = listener.getsockname()[1]
        url = address(settings, f"http://{hosts.shown_name(host)}:{number}") + "/"
        link = f"{url}?t={keys.link.reveal()}"
        chores = Chores(settings, problems, viewer=url[:-1])
        shelf = library.Library(settings, opened, shipper=shipper)
        names, cookie = hosts.Hosts(host, number, settings.root_path), f"otel-steps-{number}"
        journal = taking.journal if taking else None
        viewer = app.create_app(
            shelf,
            keys=keys,
            hosts=names,
            cookie=cookie,
            otlp=ways.http if ways else None,
            probes=probes_of(settings, shipper, problems, journal, store=opened),
        )

        def ready() -> None:
            out.print(f"viewer   {link}", soft_wrap=True)
            if pack:
                out.print(f"pack     {pack}", soft_wrap=True)
                out.print("         a file that was handed over: it is read, and kept as it is")
            else:
                out.print(f"store    {redacted_url(settings.store)}", soft_wrap=True)
            if otlp:
                out.print(f"traces   {url}v1/traces", soft_wrap=True)
            if ways and ways.grpc_url is not None:
                out.print(f"grpc     {ways.grpc_url}", soft_wrap=True)
            if otlp and keys.token is not None:
                shown = keys.token if shows else None
                out.print(f"senders  {sender_setting(shown)}", soft_wrap=True)
            if shows and keys.token is not None:
                out.print(f"token    {keys.token.reveal()}", soft_wrap=True)
            err.print("Ctrl-C ends it", style="dim")
            # A store that was only named is there to be looked at.
            if ships or otlp:
                shipper.notify()  # what dead processes have left is on its way
                chores.begin()
            if opens:
                _open_browser(link)

        try:
            with chores.ending():
                server.serve(
                    viewer,
                    listener,
                    on_ready=ready,
                    on_end=shelf.close,
                    beside=ways.grpc if ways else None,
                )
        finally:
            shipper.shutdown()


def _open_browser(link: str) -> None:
    # On a terminal alone Python would start a browser in it, over what stands there.
    has_screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    if has_screen or sys.platform in ("darwin", "win32"):
        # Some browsers keep their caller until they are closed.
        threading.Thread(target=webbrowser.open, args=[link], daemon=True).start()
