"""The programs that a test run starts: they end with it, even where the run is killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import SystemRandom

STOP_TIMEOUT_S = 5
# PostgREST looks for a lost database ever more rarely, at last every 32 s.
READY_TIMEOUT_S = 60
_LOOK_INTERVAL_S = 0.02

_GUARD = Path(__file__).parent / "guard.py"


class UnavailableError(Exception):
    """A part of the stack cannot be had on this machine; the message says which and why."""


class Processes:
    """Starts programs and ends them; a guard beside them does so where this process is killed."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[bytes], signal.Signals] = {}
        self._ports: set[int] = set()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD)], stdin=subprocess.PIPE, start_new_session=True
        )

    def free_port(self) -> int:
        """
        Return a port of 127.0.0.1 that nobody listens on, another one each time.

        From below the range that the system gives to clients: a port that is free for a moment,
        while its server restarts, is not taken.
        """
        while True:
            port = SystemRandom().randrange(20_000, 32_000)
            with socket.socket() as probe:
                is_free = probe.connect_ex(("127.0.0.1", port)) != 0
            if is_free and port not in self._ports:
                self._ports.add(port)
                return port

    def start(
        self,
        command: Sequence[str],
        *,
        log: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start *command*; all it says goes to *log*, and *env* is added to the environment."""
        with log.open("ab") as output:
            # A session of its own: Ctrl-C at the terminal is for the tests, which stop in order.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self._running[process] = stop_signal
        self._tell_guard(process.pid, stop_signal)
        return process

    def stop(
        self, process: subprocess.Popen[bytes], stop_signal: signal.Signals | None = None
    ) -> None:
        """End *process*, by force where it does not end within `STOP_TIMEOUT_S`."""
        usual = self._running.pop(process)
        process.send_signal(stop_signal or usual)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)
        self._tell_guard(process.pid, 0)

    def close(self) -> None:
        """End all of them, the last one first."""
        for process in reversed(list(self._running)):
            self.stop(process)
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait(STOP_TIMEOUT_S)

    def _tell_guard(self, pid: int, stop_signal: int) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{pid} {int(stop_signal)}\n".encode())
        self._guard.stdin.flush()


def wait_until_ready(
    is_ready: Callable[[], bool],
    process: subprocess.Popen[bytes],
    *,
    log: Path,
    timeout_s: float = READY_TIMEOUT_S,
) -> None:
    """
    Wait until *is_ready* holds.

    Raises:
        RuntimeError: *process* has ended, or took longer than *timeout_s*.
    """
    deadline = time.monotonic() + timeout_s
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            state = f"exit status {process.poll()}"
            raise RuntimeError(f"{log.stem} does not become ready ({state}): {said}")
        time.sleep(_LOOK_INTERVAL_S)
