"""
All benchmarks, or those that are named, as one Markdown table:

    python -m tests.benchmarks [NAME ...]

Each runs in a process of its own, one after the other, so that none finds what another has left.
Run it alone: everything else that the machine does is in its figures.
"""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final

from tests.benchmarks.table import HEAD, Benchmarks

_ROWS_OF: Final = "--rows-of"


def benchmarks() -> Benchmarks:
    """Return all benchmarks by name."""
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    modules = [import_module(f"tests.benchmarks.{file.stem}") for file in files]
    return {name: rows for module in modules for name, rows in module.BENCHMARKS.items()}


def print_rows(name: str) -> None:
    """Print what one benchmark finds, line by line."""
    for row in benchmarks()[name]():
        print(row, flush=True)


def print_table(names: list[str]) -> bool:
    """Print what all benchmarks find; return whether each could be run."""
    today = datetime.now(UTC).strftime("%d %B %Y").lstrip("0")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{today}, {os.cpu_count()} cores, {python}, {platform.system()}\n\n{HEAD}", flush=True)
    # They measure what a user has who sets nothing.
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    failed = []
    for name in names:
        command = [sys.executable, "-m", "tests.benchmarks", _ROWS_OF, name]
        if subprocess.run(command, env=env).returncode != 0:
            failed.append(name)
    if failed:
        print(f"\ncould not be run to their end: {', '.join(failed)}")
    return not failed


def main(arguments: list[str]) -> int:
    """Run the command line; return its exit status."""
    if arguments[:1] == [_ROWS_OF]:
        print_rows(arguments[1])
        return 0
    known = list(benchmarks())
    if unknown := [name for name in arguments if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    return 0 if print_table(arguments or known) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
