"""
Problems that the agent must not feel: counted, logged at most once a minute, left for `doctor`.

This is where "never silent" is kept. Whatever catches an error at one of the edges that protect
the agent reports it here; the count is exact, the log line is not repeated for a minute, and a note
in `problems/` of the data folder tells `otel-steps doctor` in another process what happened.
"""

import json
import logging
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from otel_steps.process import log_line
from otel_steps.process.forks import in_child
from otel_steps.process.private_files import make_private, write_private
from otel_steps.process.turns import Turns
from otel_steps.sanitize import scrub

_log = logging.getLogger("otel_steps")

LOG_INTERVAL_S: Final = 60.0

# Kind -> what a person can do about it.
REMEDIES: Final[Mapping[str, str]] = {
    "callback": "fix the step callback named in the message; steps are recorded without it",
    "consumer": "fix the sender; what it has sent is in `dead/` of the journal, whole",
    "disk_cap": "let the store catch up (`otel-steps sync`) or raise OTEL_STEPS_MAX_DISK",
    "dead_letter": "fix what `dead/` in the journal says, then run `otel-steps sync --dead`",
    "element": "the step is stored without it; OTEL_STEPS_ELEMENTS=off asks phones no more",
    "instrumentation": "report this at the project with the message; the agent itself went on",
    "journal": "free disk space or make the folder writable; steps wait in memory meanwhile",
    "limits": "unset the variables, or set limits at the exporters that need them",
    "logging": "fix the handler of the program's log; what it refused is listed anyway",
    "lost": "see the other problems; these steps could be kept nowhere",
    "receiver": "fix the sender; it got the same answer from `otel-steps collect`",
    "recorder": "report this at the project with the message; the agent itself went on",
    "redact": "fix the redact callable; the content of the steps it failed on is not stored",
    "retention": "see the message; it is tried again, or run `otel-steps prune`",
    "screenshot": "the step is stored without its picture; the message says why",
    "settings": "give them in one place, shut down that recording first, or have another `dir`",
    "shipper": "report this at the project with the message; what waits is kept on disk",
    "undecodable": "its bytes are in `dead/` of the journal; mend what takes the screenshots",
    "time": "give seconds since the epoch or a datetime; the step has the time of its block",
    "webhook": "see the message; what ended within a day is told once this is settled",
    "viewer": "report this at the project with the message; open pages are told what comes next",
    "store": "see the message; everything waits on disk and arrives once this is settled",
    "unsampled": "set OTEL_STEPS_RECORD_UNSAMPLED=on, or a sampler that keeps them",
}


@dataclass(slots=True)
class Problem:
    """
    One kind of problem, as `doctor` and `health()` show it.

    Attributes:
        kind: A key of `REMEDIES`.
        count: How often it happened in this process.
        message: The last one.
        remedy: What to do about it.
        first_at, last_at: Unix time, seconds.
    """

    kind: str
    count: int
    message: str
    remedy: str
    first_at: float
    last_at: float


class Problems:
    """
    Counts problems by kind; never raises, and waits for nobody.

    What is counted is changed in a turn, and read by whoever asks. What is logged and noted is told
    after it: a log's handlers are foreign code, which may report a problem in its turn.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._problems: dict[str, Problem] = {}
        self._logged_at: dict[str, tuple[float, int]] = {}
        self._start()
        in_child(self._start)

    def _start(self) -> None:
        self._turns = Turns()
        self._untold: deque[tuple[int, int, Problem]] = deque()  # level, how many are new

    def report(
        self,
        kind: str,
        message: str,
        *,
        remedy: str | None = None,
        count: int = 1,
        level: int = logging.WARNING,
    ) -> None:
        """Count *count* problems of *kind*; log and note the message at most once a minute."""
        message, remedy = scrub(message), remedy or REMEDIES[kind]
        self._turns.leave(partial(self._count, kind, message, remedy, count, level))
        while self._untold:
            self._tell_next()

    def all(self) -> list[Problem]:
        """Return a copy of what this process has met."""
        return self._turns.look(lambda: [replace(each) for each in self._problems.copy().values()])

    def _count(self, kind: str, message: str, remedy: str, count: int, level: int) -> None:
        now = time.time()
        problem = self._problems.get(kind)
        if problem is None:
            problem = self._problems[kind] = Problem(kind, 0, message, remedy, now, now)
        problem.count += count
        problem.message, problem.remedy, problem.last_at = message, remedy, now
        logged_at, logged_count = self._logged_at.get(kind, (float("-inf"), 0))
        if time.monotonic() - logged_at >= LOG_INTERVAL_S:
            self._logged_at[kind] = (time.monotonic(), problem.count)
            self._untold.append((level, problem.count - logged_count, replace(problem)))

    def _tell_next(self) -> None:
        try:
            level, new, problem = self._untold.popleft()
        except IndexError:
            return  # told by another thread
        self._note(problem)
        log_line.write(
            _log,
            level,
            "otel-steps: %s (%s, %d new): %s",
            problem.message,
            problem.kind,
            new,
            problem.remedy,
            failed=partial(self._log_failed, problem.kind),
        )

    def _note(self, problem: Problem) -> None:
        if self._folder is None:
            return
        text = json.dumps(asdict(problem), ensure_ascii=False)
        try:
            make_private(self._folder)
            write_private(self._folder / f"{problem.kind}.json", text.encode())
        except OSError as error:
            # The data folder itself is broken: doctor sees that by trying to write there.
            log_line.write(_log, logging.DEBUG, "no note in %s: %s", self._folder, error)

    def _log_failed(self, kind: str, error: Exception) -> None:
        if kind != "logging":
            self.report("logging", f"a log handler raised {type(error).__name__}: {error}")


def noted(folder: Path) -> list[Problem]:
    """Return the notes that processes have left in *folder*, the newest first."""
    problems = []
    for path in folder.glob("*.json"):
        try:
            problems.append(Problem(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            message = f"the note {path} cannot be read: {error}"
            problems.append(Problem("recorder", 1, message, "delete that file", 0.0, 0.0))
    return sorted(problems, key=lambda problem: problem.last_at, reverse=True)


def forget(folder: Path) -> int:
    """Delete the notes in *folder* and return how many there were."""
    notes = list(folder.glob("*.json"))
    for path in notes:
        path.unlink(missing_ok=True)
    return len(notes)
