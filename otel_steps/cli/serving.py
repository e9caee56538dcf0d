"""What the commands share that serve over HTTP: what they need, and whom they let in."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Annotated, Final
from urllib.parse import quote

import typer

from otel_steps.cli.terminal import USAGE_ERROR, CommandError
from otel_steps.config import Secret, Settings
from otel_steps.config.root_path import root_path

INSTALL: Final = "pip install 'otel-steps[viewer]'"
INSTALL_GRPC: Final = "pip install 'otel-steps[viewer,grpc]'"
INSTALL_KAFKA: Final = "pip install 'otel-steps[viewer,kafka]'"

# OpenTelemetry's own.
GRPC_PORT: Final = 4317

RootPathOption = Annotated[
    str | None,
    typer.Option(
        "--root-path",
        metavar="PATH",
        help="What a reverse proxy has before the addresses: a path, such as /otel-steps, or the "
        "whole address that people open. In place of OTEL_STEPS_ROOT_PATH.",
        show_default=False,
    ),
]
GrpcOption = Annotated[
    bool, typer.Option("--grpc", help="Take spans over OTLP/gRPC, too (extra `grpc`).")
]
GrpcPortOption = Annotated[
    int,
    typer.Option(min=0, max=65535, help="Listen for gRPC on this port; 0 finds a free one."),
]


def needing_viewer() -> AbstractContextManager[None]:
    """
    Return what stands around imports that the extra `viewer` brings: late, they take half a second.

    Raises:
        CommandError: In the block: it is not installed.
    """
    return _needing("this command", INSTALL)


def needing_grpc() -> AbstractContextManager[None]:
    """Return the same for the extra `grpc`."""
    return _needing("--grpc", INSTALL_GRPC)


def needing_kafka(what: str = "this command") -> AbstractContextManager[None]:
    """Return the same for the extra `kafka`, which *what* needs."""
    return _needing(what, INSTALL_KAFKA)


@contextmanager
def _needing(what: str, install: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"{what} needs {error.name}, which is not installed; run `{install}`"
        raise CommandError(message) from error


def below(settings: Settings, root: str | None) -> Settings:
    """
    Return *settings* with what `--root-path` says in front.

    Raises:
        ConfigError: It says nothing that can be used.
    """
    return settings if root is None else replace(settings, root_path=root_path("--root-path", root))


def address(settings: Settings, listening: str) -> str:
    """Return the address that people and programs call, without a slash at its end."""
    return f"{settings.root_path.origin or listening}{settings.root_path.path}"


def check_reach(host: str, settings: Settings) -> None:
    """
    Do nothing where only this machine reaches *host* and the proxy, or there is a token.

    Raises:
        CommandError: Anybody in the network could look.
    """
    from otel_steps.serving.hosts import is_loopback

    if not is_loopback(host) and settings.token is None:
        raise CommandError(
            f"--host {host} lets other machines in; set OTEL_STEPS_TOKEN to a secret of your own",
            status=USAGE_ERROR,
        )
    public = settings.root_path.hostname
    if public is not None and not is_loopback(public) and settings.token is None:
        raise CommandError(
            f"the proxy at {public} lets other machines in; set OTEL_STEPS_TOKEN to a secret of "
            "your own",
            status=USAGE_ERROR,
        )


def sender_setting(token: Secret | None) -> str:
    """
    Return what the environment of a sender needs, for any exporter of OpenTelemetry.

    Args:
        token: As it is to be shown; None for the name of its variable.
    """
    value = '"Authorization=Bearer%20$OTEL_STEPS_TOKEN"'
    if token is not None:
        value = f"Authorization=Bearer%20{quote(token.reveal(), safe='')}"
    return f"OTEL_EXPORTER_OTLP_HEADERS={value}"
