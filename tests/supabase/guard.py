"""
Ends the programs of a test run that was killed: only then does the pipe from it close by itself.

Each line on the standard input is a process id and the signal that ends it; 0 forgets the id.
"""

import os
import sys
from contextlib import suppress


def main() -> None:
    """Wait for the end of the run, then end what it has left."""
    running: dict[int, int] = {}
    for line in sys.stdin:
        pid, stop_signal = map(int, line.split())
        running[pid] = stop_signal
    for pid, stop_signal in running.items():
        if stop_signal:
            with suppress(ProcessLookupError):
                os.kill(pid, stop_signal)


if __name__ == "__main__":
    main()
