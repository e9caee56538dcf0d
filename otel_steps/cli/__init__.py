"""
The command line: `otel-steps`.

Answers go to stdout, everything else to stderr; the exit status is 0 only on success.
"""

import logging
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from otel_steps.cli.archive import archive
from otel_steps.cli.backup import backup
from otel_steps.cli.collect import collect
from otel_steps.cli.compare import compare
from otel_steps.cli.consume import consume
from otel_steps.cli.demo import demo
from otel_steps.cli.doctor import doctor
from otel_steps.cli.export import export_
from otel_steps.cli.fsck import fsck
from otel_steps.cli.import_ import import_
from otel_steps.cli.mcp_ import mcp
from otel_steps.cli.migrate import migrate
from otel_steps.cli.pack import pack
from otel_steps.cli.picture import picture
from otel_steps.cli.prune import prune
from otel_steps.cli.report import report
from otel_steps.cli.restore import restore
from otel_steps.cli.run import Handover, run
from otel_steps.cli.similar import similar
from otel_steps.cli.skill import skill
from otel_steps.cli.stats import stats
from otel_steps.cli.step import step
from otel_steps.cli.steps import steps
from otel_steps.cli.sync import sync
from otel_steps.cli.tasks import tasks
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, prepare_streams
from otel_steps.cli.token import token
from otel_steps.cli.view import view
from otel_steps.cli.webhook import webhook
from otel_steps.cli.why import why
from otel_steps.config import ConfigError
from otel_steps.stores import StoreError
from otel_steps.version import __version__

app = typer.Typer(
    name="otel-steps",
    no_args_is_help=True,
    # Plain text: help and errors read the same on every terminal and in a log.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo)
# Options behind the script are the script's, whatever they are called.
app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(
    run
)
app.command()(view)
app.command()(collect)
app.command()(consume)
app.command()(tasks)
app.command()(report)
app.command()(why)
app.command()(steps)
app.command()(step)
app.command()(picture)
app.command()(similar)
app.command()(compare)
app.command()(stats)
app.command(name="export")(export_)
app.command()(pack)
app.command()(backup)
app.command()(restore)
app.command()(sync)
app.command()(prune)
app.command()(archive)
app.command()(fsck)
app.command()(migrate)
app.command(name="import")(import_)
app.command()(webhook)
app.command()(doctor)
app.command()(mcp)
app.command()(skill)
app.add_typer(token, name="token")


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"otel-steps {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """The flight recorder for phone and GUI agents."""
    if context.invoked_subcommand == "run":
        return  # the program's streams and logging are its own
    prepare_streams()
    # The commands say themselves what is wrong; the log would say it twice.
    logging.getLogger("otel_steps").addHandler(logging.NullHandler())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; `otel-steps run` goes on as the program that it runs."""
    try:
        # Not `app()`: that would put typer's own hook for uncaught exceptions in place.
        typer.main.get_command(app).main(args=arguments, prog_name="otel-steps")
    except Handover as handover:
        program = handover.program
    except CommandError as error:
        _give_up(str(error), error.status)
    except ConfigError as error:
        _give_up(str(error), USAGE_ERROR)
    except StoreError as error:
        remedy = getattr(error, "remedy", "try again later: what waits is kept")
        _give_up(f"{error}; {remedy}", 1)
    except OSError as error:
        _give_up(str(error), 1)
    # Out here no handler of ours is left between the program and the interpreter.
    program.start()


def _give_up(message: str, status: int) -> NoReturn:
    err.print(f"error: {message}", style="red", soft_wrap=True)
    sys.exit(status)
