"""
The checks of `otel-steps doctor` on the recording itself: settings, disk, journal, store.

Each returns what it found and, where something is wrong, what to do about it. None makes or changes
anything.
"""

import os
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from otel_steps.cli.backlog import only_looking
from otel_steps.cli.reading import MISSING_FOLDER
from otel_steps.cli.wording import counted, duration_text, one_line, size_text, waits_text
from otel_steps.config import VARIABLES, ConfigError, Settings, doubts
from otel_steps.fsck import database, examine, subject_of
from otel_steps.health.problems import noted
from otel_steps.journal.dead_letters import DeadLetters, picture_of, reason_of
from otel_steps.journal.disk_cap import DiskCap
from otel_steps.journal.odd_files import UNREADABLE
from otel_steps.pricing import price_table
from otel_steps.process.private_files import is_open_to_others
from otel_steps.rows.model import Batch
from otel_steps.shipper.shipper_facts import ShipperFacts
from otel_steps.stores import Store, StoreError, file_of, open_database, pack_of
from otel_steps.stores.shared.functions import SharedFunctions
from otel_steps.webhook import hook_of

# `info`: something is not there that need not be.
Status = Literal["ok", "info", "warn", "fail"]

# Spans of a process that runs are stored within seconds; older ones wait for somebody.
_STALE_S: Final = 600.0
_MOST_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found; *remedy* says what to do where it is not ok."""

    name: str
    status: Status
    message: str
    remedy: str | None = None


def check_recording(settings: Settings, named: frozenset[str] = frozenset()) -> Iterator[Check]:
    """
    Check everything between the agent and the store.

    Args:
        named: Which of `--dir` and `--store` were given: what they name must be there.
    """
    yield check_settings(settings)
    if "--dir" in named and not settings.dir.exists():
        yield Check("data folder", "fail", f"{settings.dir} is not there", MISSING_FOLDER)
    else:
        yield check_folder("data folder", settings.dir)
    yield check_folder("journal", settings.backup_dir)
    yield check_privacy(settings)
    yield check_disk(settings)
    yield check_prices(settings)
    yield check_webhook(settings)
    yield from check_store(settings, is_named=bool(named))
    facts = only_looking(settings).facts()
    yield check_waiting(facts)
    yield check_files(facts)
    yield check_dead_letters(settings, facts)
    yield from check_noted(settings, facts)


def check_settings(settings: Settings, environ: Mapping[str, str] = os.environ) -> Check:
    """Check that no variable is misspelt or lacks another; what is set is valid by now."""
    if doubtful := list(doubts(settings, environ)):
        message, remedy = ("; ".join(each) for each in zip(*doubtful, strict=True))
        return Check("settings", "warn", message, remedy)
    chosen = [f"{name}={_shown(settings, name)}" for name in VARIABLES if environ.get(name)]
    facts = [f"store {settings.store}", *chosen]
    return Check("settings", "ok", ", ".join(facts))


def _shown(settings: Settings, variable: str) -> str:
    value = getattr(settings, VARIABLES[variable])
    if isinstance(value, frozenset):
        return ",".join(sorted(value)) or "none"
    return str(value)  # of a secret, what may be shown


def check_webhook(settings: Settings) -> Check:
    """Say who is told that a task has ended, and of which."""
    hook = hook_of(settings)
    if hook is None:
        return Check("webhook", "info", "OTEL_STEPS_WEBHOOK is not set: nobody is told of tasks")
    message = f"{hook.host} is told of tasks that are {', '.join(sorted(hook.statuses))}"
    if settings.webhook_secret is None or hook.form == "slack":
        message += ", unsigned"
    message += f", as {hook.form}, while `otel-steps view` or `collect` runs"
    if hook.form == "slack" and settings.webhook_secret is not None:
        remedy = "unset OTEL_STEPS_WEBHOOK_SECRET: Slack has no signature"
        return Check("webhook", "warn", message, remedy)
    return Check("webhook", "ok", message)


def check_folder(name: str, folder: Path) -> Check:
    """Check that this user may make files in *folder*, or make *folder* itself."""
    remedy = "make it a folder that this user can write to, or set OTEL_STEPS_DIR to another"
    place = next(each for each in (folder, *folder.parents) if each.exists())
    if not place.is_dir():
        return Check(name, "fail", f"{folder} cannot be written to: {place} is no folder", remedy)
    if not os.access(place, os.W_OK | os.X_OK):
        message = f"{folder} cannot be written to: this user may not, or the disk is read-only"
        return Check(name, "fail", message, remedy)
    if place != folder:
        return Check(name, "info", f"{folder} is not there yet; what is recorded first makes it")
    return Check(name, "ok", f"{folder} can be written to")


def check_privacy(settings: Settings) -> Check:
    """Check that what we have made is for this user alone; others may have changed it since."""
    database = settings.dir / "steps.db"
    made = (
        *(settings.dir / "screenshots", settings.problems_dir, settings.backup_dir),
        *(database.with_name(database.name + ending) for ending in ("", "-wal", "-shm")),
    )
    if opened := [str(path) for path in made if is_open_to_others(path)]:
        message = f"other users of this machine may open {', '.join(opened)}"
        return Check("privacy", "warn", message, f"run `chmod go-rwx {shlex.join(opened)}`")
    return Check("privacy", "ok", "what is recorded is for this user alone")


def check_disk(settings: Settings) -> Check:
    """Check the journal against its cap, and the disk that it is on."""
    cap = DiskCap(settings.backup_dir, settings.max_disk_bytes, shutil.disk_usage)
    try:
        cap.measure()
    except OSError as error:
        message = f"{settings.backup_dir} cannot be measured: {error}"
        return Check("disk", "fail", message, "make the journal a folder that can be read")
    remedy = (
        "free disk space, let the store catch up (`otel-steps sync`) or raise OTEL_STEPS_MAX_DISK"
    )
    if refusal := cap.refusal(1):
        return Check("disk", "fail", f"{refusal}: new steps are refused", remedy)
    used = f"{size_text(cap.used_bytes)} of {size_text(settings.max_disk_bytes)}"
    if not cap.has_room_for_picture(1):
        return Check("disk", "warn", f"the journal takes {used}: pictures are left out", remedy)
    return Check("disk", "ok", f"the journal takes {used}")


def check_prices(settings: Settings) -> Check:
    """Check that the table of prices can be read, and say how old it is."""
    try:
        table = price_table.load(settings.prices)
    except ConfigError as error:
        return Check("prices", "fail", str(error), "mend the file, or unset OTEL_STEPS_PRICES")
    message = f"{counted(len(table.prices), 'model')}, of {table.date}, from {table.file}"
    return Check("prices", "ok", message)


def check_store(settings: Settings, *, is_named: bool = False) -> Iterator[Check]:
    """
    Check that the store opens, answers, may be written to, and has all that it needs.

    Args:
        is_named: An option leads to it: it must be there.
    """
    try:
        file = pack_of(settings.store) or file_of(settings.store)
        if file is not None and not file.exists():
            message = f"there is no database {file}"
            if is_named:
                yield Check("store", "fail", message, "name what was recorded to")
            else:
                yield Check("store", "info", f"{message} yet; the first step makes it")
            return
        if damaged := _check_pages(settings):
            yield damaged
            if damaged.status != "ok":
                return
        with closing(open_database(settings=settings)) as store:
            # First: where a write fails they say why.
            yield from _check_tables(store)
            yield _check_database(store, settings)
            yield from _check_content(store, settings)
    except (StoreError, ValueError) as error:
        yield _refused("store", error)


def _check_pages(settings: Settings) -> Check | None:
    file = file_of(settings.store)
    if file is None:
        return None
    found = database(file)
    if found:
        return Check(
            "database", "fail", f"it is damaged: {'; '.join(found.examples)}", found.remedy
        )
    return Check("database", "ok", "SQLite's quick_check finds nothing wrong")


def _check_database(store: Store, settings: Settings) -> Check:
    file = file_of(settings.store)
    counts = store.statistics()
    facts = f"{counted(counts['tasks'], 'task')}, {counted(counts['steps'], 'step')}"
    if pack_of(settings.store) is not None:
        return Check("store", "ok", f"the pack can be read: {facts}")
    if file is None:
        store.write(Batch())  # far away only trying tells; nothing is in it
    elif not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        message = f"{store.name} can be read and not written: {facts}"
        return Check("store", "fail", message, f"let this user write {file} and its folder")
    return Check("store", "ok", f"{store.name} can be read and written: {facts}")


def _check_content(store: Store, settings: Settings) -> Iterator[Check]:
    """Do what is cheap of `otel-steps fsck`; what it does not look at it does not call ok."""
    rest = "run `otel-steps fsck`, which goes through every row and picture"
    if not store.is_embedded:
        yield Check("content", "info", f"rows and pictures are not compared here; {rest}")
        return
    found = list(examine(subject_of(settings, store), only_cheap=True))
    for each in found:
        message = f"{each.message}: {each.count} ({', '.join(each.examples)})"
        yield Check("content", "fail", message, "run `otel-steps fsck`, then with --repair")
    if not found:
        yield Check("content", "info", f"the cheap checks of rows find nothing wrong; {rest}")


def _check_tables(store: Store) -> Iterator[Check]:
    if not isinstance(store, SharedFunctions):
        return
    try:
        faults = store.faults()
    except StoreError as error:
        yield _refused("tables", error)
        return
    for fault in faults:
        yield Check("tables", "fail" if fault.is_fatal else "warn", fault.message, fault.remedy)
    if not faults:
        yield Check("tables", "ok", f"the schema {store.schema} has all that the store needs")


def _refused(name: str, error: Exception) -> Check:
    remedy = getattr(error, "remedy", "try again later: what waits is kept")
    return Check(name, "fail", str(error), remedy)


def check_waiting(facts: ShipperFacts) -> Check:
    """Check that nothing waits for long."""
    if facts.oldest_at is None or facts.waiting == facts.pictures_waiting == 0:
        return Check("waiting", "ok", "nothing waits in the journal")
    age_s = max(0.0, time.time() - facts.oldest_at)
    message = (
        f"{waits_text(spans=facts.waiting, pictures=facts.pictures_waiting)} in the "
        f"journal, the oldest for {duration_text(age_s * 1000)}"
    )
    if age_s < _STALE_S:
        return Check("waiting", "ok", message)
    return Check(
        "waiting", "fail", message, "run `otel-steps sync`; it says what stands in the way"
    )


def check_files(facts: ShipperFacts) -> Check:
    """Check that all of the journal can be read."""
    if not facts.unread:
        return Check("journal files", "ok", "all of them can be read")
    listed = "; ".join(facts.unread[:_MOST_REASONS])
    remedy = "let this user read them, or run `otel-steps sync`, which sets foreign files aside"
    return Check("journal files", "fail", f"{len(facts.unread)} cannot be read: {listed}", remedy)


def check_dead_letters(settings: Settings, facts: ShipperFacts) -> Check:
    """Check that nothing was refused for good, neither a span nor a picture."""
    if facts.dead == facts.pictures_dead == 0:
        return Check("dead letters", "ok", "none")
    folder = settings.backup_dir / "dead"
    # A picture is one, however many steps name it.
    letters = {picture_of(path) or path: path for path in DeadLetters(settings.backup_dir).all()}
    reasons = Counter(_reason(path) for path in letters.values())
    listed = "; ".join(f"{count} x {text}" for text, count in reasons.most_common(_MOST_REASONS))
    remedy = f"fix the cause, then run `otel-steps sync --dead`; the letters are in {folder}"
    return Check("dead letters", "fail", f"{facts.dead + facts.pictures_dead}: {listed}", remedy)


def _reason(path: Path) -> str:
    if path.suffix == UNREADABLE:
        return one_line(f"{path}, which no journal has written: delete it")
    # What could not be read has its reason in its name: <why>-<sha256>.raw.
    why = path.name.partition("-")[0]
    raw = "message that is no OTLP" if why == "message" else f"{why} line"
    return one_line(reason_of(path) or raw)


def check_noted(settings: Settings, facts: ShipperFacts) -> Iterator[Check]:
    """Show what earlier processes have noted."""
    for problem in noted(settings.problems_dir):
        # What the store refused for a time is settled once nothing waits for it.
        is_waiting = bool(facts.waiting or facts.pictures_waiting)
        is_settled = problem.kind == "store" and not is_waiting
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(problem.last_at))
        message = f"{problem.message} ({problem.count} x, last {when})"
        remedy = f"{problem.remedy}; forget it: `otel-steps doctor --clear`"
        status: Status = "warn" if is_settled else "fail"
        yield Check(f"noted: {problem.kind}", status, message, remedy)


def as_json(checks: list[Check]) -> dict[str, Any]:
    """Return *checks* for scripts."""
    rows = [
        {"name": c.name, "status": c.status, "message": c.message, "remedy": c.remedy}
        for c in checks
    ]
    return {"ok": not any(check.status == "fail" for check in checks), "checks": rows}
