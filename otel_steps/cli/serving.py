"""What the commands share that serve over HTTP: what they need, and whom they let in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from otel_steps.cli.terminal import USAGE_ERROR, CommandError
from otel_steps.config import Settings

INSTALL: Final = "pip install 'otel-steps[viewer]'"


@contextmanager
def needing_viewer() -> Iterator[None]:
    """
    Around imports that the extra `viewer` brings: late, they take half a second.

    Raises:
        CommandError: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"this command needs {error.name}, which is not installed; run `{INSTALL}`"
        raise CommandError(message) from error


def check_reach(host: str, settings: Settings) -> None:
    """
    Do nothing where only this machine reaches *host*, or there is a token.

    Raises:
        CommandError: Anybody in the network could look.
    """
    from otel_steps.viewer.hosts import is_loopback

    if not is_loopback(host) and settings.token is None:
        raise CommandError(
            f"--host {host} lets other machines in; set OTEL_STEPS_TOKEN to a secret of your own",
            status=USAGE_ERROR,
        )
