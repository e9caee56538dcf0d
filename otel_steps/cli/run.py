"""`otel-steps run`: any program, recorded, without a change to it."""

import importlib.util
import os
import re
import runpy
import sys
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final

import typer

from otel_steps import children
from otel_steps.cli.options import DirOption, StoreOption
from otel_steps.cli.terminal import USAGE_ERROR, CommandError
from otel_steps.config import absolute_url
from otel_steps.pipeline import configure, instrumentors

_PYTHON: Final = re.compile(r"python(\d+(\.\d+)?)?(\.exe)?", re.IGNORECASE)


class Handover(BaseException):
    """
    Leaves the command line: from here on a program runs as if Python had been started with it.

    Not an `Exception`: no handler on the way may take it, nor stand around the program.
    """

    def __init__(self, program: "Program") -> None:
        super().__init__()
        self.program = program


class Program:
    """
    A script or a module to run as `__main__`.

    Args:
        name: Path of the script, or dotted name of the module.
        arguments: Its own, untouched.
    """

    def __init__(self, name: str, arguments: list[str], *, is_module: bool) -> None:
        self._name = name
        self._arguments = arguments
        self._is_module = is_module

    def missing(self) -> str | None:
        """Return why it cannot be run, or None."""
        if not self._is_module:
            return (
                None if Path(self._name).exists() else f"no script {self._name!r} in {Path.cwd()}"
            )
        top = self._name.partition(".")[0]
        if importlib.util.find_spec(top) is None:
            return f"no module {top!r}: it is not installed and not in {Path.cwd()}"
        return None

    def prepare(self) -> None:
        """Let `sys.argv` and `sys.path` be what they are when Python starts the program."""
        sys.argv[:] = [self._name, *self._arguments]
        if not sys.flags.safe_path:
            folder = Path.cwd() if self._is_module else Path(self._name).resolve().parent
            sys.path[0] = str(folder)

    def start(self) -> None:
        """Run it; its exceptions and its exit status pass through."""
        sys.excepthook = _show
        if self._is_module:
            runpy.run_module(self._name, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(self._name, run_name="__main__")


def run(
    words: Annotated[
        list[str],
        typer.Argument(metavar="SCRIPT", help="What you would give to python."),
    ],
    is_module: Annotated[
        bool, typer.Option("-m", help="SCRIPT is the name of a module.", show_default=False)
    ] = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Run a Python program and record what its agents do, and those of the programs it starts."""
    program = _program(words, is_module=is_module)
    program.prepare()
    if missing := program.missing():
        raise CommandError(missing, status=USAGE_ERROR)
    settings = configure(store=store, dir=folder).settings
    # In whatever folder the programs run that this one starts, they record to where it does.
    if store or os.environ.get("OTEL_STEPS_STORE"):
        os.environ["OTEL_STEPS_STORE"] = absolute_url(settings.store.reveal())
    if folder or os.environ.get("OTEL_STEPS_DIR"):
        os.environ["OTEL_STEPS_DIR"] = str(settings.dir)
    children.announce(name for each in instrumentors() for name in each.module_names())
    raise Handover(program)


def _program(words: list[str], *, is_module: bool) -> Program:
    if not is_module and _PYTHON.fullmatch(Path(words[0]).name):
        words = words[1:]
        if words[:1] == ["-m"]:
            is_module, words = True, words[1:]
    if not words:
        raise CommandError(
            "no program to run: give a script, or -m and a module", status=USAGE_ERROR
        )
    name, *arguments = words
    if name.startswith("-"):
        raise CommandError(
            f"unknown option {name!r}: options of `run` itself are --store and --dir, those of "
            "python are not known here",
            status=USAGE_ERROR,
        )
    return Program(name, arguments, is_module=is_module)


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an exception of the program without the frames that led to the program."""
    inner = trace
    while inner is not None and inner.tb_frame.f_code is not Program.start.__code__:
        inner = inner.tb_next
    if inner is not None:
        inner = inner.tb_next
        while inner is not None and "runpy" in Path(inner.tb_frame.f_code.co_filename).name:
            inner = inner.tb_next
        error = error.with_traceback(inner)
    sys.__excepthook__(kind, error, error.__traceback__)
