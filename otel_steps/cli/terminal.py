"""What the commands print with, and how they give up."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, Final, TextIO

from rich.console import Console
from rich.text import Text

# Text of models and people goes through these: none of it is markup.
out: Final = Console(markup=False, emoji=False, highlight=False)
err: Final = Console(stderr=True, markup=False, emoji=False, highlight=False)

USAGE_ERROR: Final = 2

# A file or a pipe has no width of its own.
_PIPE_WIDTH: Final = 140


class CommandError(Exception):
    """
    Ends a command with one line on stderr: what failed, with which value, what to do next.

    Attributes:
        status: The exit status.
    """

    def __init__(self, message: str, *, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def prepare_streams() -> None:
    """Let any text be printed: what a terminal's encoding lacks becomes a question mark."""
    if not out.is_terminal and "COLUMNS" not in os.environ:
        out.width = _PIPE_WIDTH
    for stream in (sys.stdout, sys.stderr):
        if not hasattr(stream, "reconfigure"):
            continue
        stream.reconfigure(errors="replace")
        if os.name == "nt":
            stream.reconfigure(encoding="utf-8")


def typed_name() -> str:
    """Return the words by which this program was started, for a command to be typed next."""
    called, name = Path(sys.argv[0]), "otel-steps"
    if called.name == "__main__.py" and called.parent.name == "otel_steps":
        return f"{shlex.quote(sys.orig_argv[0])} -m otel_steps"
    if called.stem != name:
        return name
    # A shell that has looked on PATH starts what it found by its full path.
    found = shutil.which(name)
    if found is not None and called.is_absolute() and Path(found).samefile(called):
        return name
    return shlex.quote(sys.argv[0])


def fact_line(name: str, text: Text) -> Text:
    """Return a line of a list of facts, its names below each other."""
    return Text.assemble(Text(f"{name:<9}", "dim"), text)


def print_json(value: Any) -> None:
    """Print *value* as the only thing on stdout, in whatever encoding stdout has."""
    write_json(value, sys.stdout)


def write_json(value: Any, file: TextIO) -> None:
    """Write *value*, indented; escaped where the file's encoding is not Unicode."""
    is_unicode = (file.encoding or "").lower().replace("-", "").startswith("utf")
    json.dump(value, file, ensure_ascii=not is_unicode, indent=2)
    file.write("\n")


def warn(message: str) -> None:
    """Print one line to stderr; the command goes on."""
    err.print(f"warning: {message}", style="yellow", soft_wrap=True)
