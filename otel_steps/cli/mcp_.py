"""`otel-steps mcp`: the recording as tools of a coding assistant."""

from otel_steps.cli.asking import asking
from otel_steps.cli.options import DirOption, StoreOption
from otel_steps.cli.terminal import CommandError


def mcp(store: StoreOption = None, folder: DirOption = None) -> None:
    """Answer a coding assistant over stdin and stdout (Model Context Protocol); read-only."""
    try:
        from otel_steps.cli import assistant
    except ImportError as error:
        missing = error.name or str(error)
        raise CommandError(
            f"{missing} is missing; install the assistant's door: `pip install 'otel-steps[mcp]'`"
        ) from error
    with asking(store, folder) as (opened, recording):
        assistant.server(opened, recording).run("stdio")
