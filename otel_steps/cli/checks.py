"""
The checks of `otel-steps doctor` on the recording itself: settings, disk, journal, store.

Each returns what it found and, where something is wrong, what to do about it.
"""

import os
import shlex
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from otel_steps.cli.wording import duration_text, one_line, size_text, waiting_text
from otel_steps.config import VARIABLES, Settings
from otel_steps.health.problems import Problems, noted
from otel_steps.journal.dead_letters import DeadLetters, picture_of, reason_of
from otel_steps.journal.disk_cap import DiskCap
from otel_steps.journal.odd_files import UNREADABLE
from otel_steps.pipeline import backlog_shipper
from otel_steps.process.private_files import is_open_to_others, make_private
from otel_steps.rows.model import Batch
from otel_steps.shipper.shipper_facts import ShipperFacts
from otel_steps.stores import Store, StoreError, open_store
from otel_steps.stores.shared.functions import SharedFunctions
from otel_steps.stores.sqlite import schema

Status = Literal["ok", "warn", "fail"]

# Spans of a process that runs are stored within seconds; older ones wait for somebody.
_STALE_S: Final = 600.0
_PREFIX: Final = "OTEL_STEPS_"
_MOST_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found; *remedy* says what to do where it is not ok."""

    name: str
    status: Status
    message: str
    remedy: str | None = None


def check_recording(settings: Settings) -> Iterator[Check]:
    """Check everything between the agent and the store."""
    yield check_settings(settings)
    yield check_folder("data folder", settings.dir)
    yield check_folder("journal", settings.backup_dir)
    yield check_privacy(settings)
    yield check_disk(settings)
    yield from check_store(settings)
    # Counted in this process only: a check leaves no note of its own.
    facts = backlog_shipper(settings, Problems(None)).facts()
    yield check_waiting(facts)
    yield check_files(facts)
    yield check_dead_letters(settings, facts)
    yield from check_noted(settings, facts)


def check_settings(settings: Settings, environ: Mapping[str, str] = os.environ) -> Check:
    """Check that no variable is misspelt; the settings themselves are valid by now."""
    unknown = sorted(name for name in environ if name.startswith(_PREFIX) and name not in VARIABLES)
    if unknown:
        known = ", ".join(name for name in VARIABLES if name.startswith(_PREFIX))
        message = f"unknown variable {', '.join(unknown)}: it has no effect"
        return Check("settings", "warn", message, f"use one of {known}")
    chosen = [f"{name}={_shown(settings, name)}" for name in VARIABLES if environ.get(name)]
    facts = [f"store {settings.store}", *chosen]
    return Check("settings", "ok", ", ".join(facts))


def _shown(settings: Settings, variable: str) -> str:
    value = getattr(settings, VARIABLES[variable])
    if isinstance(value, frozenset):
        return ",".join(sorted(value)) or "none"
    return str(value)  # of a secret, what may be shown


def check_folder(name: str, folder: Path) -> Check:
    """Check that files can be made in *folder*, by making one."""
    probe = folder / f".probe-{uuid.uuid4().hex}"
    try:
        make_private(folder)
        probe.write_bytes(b"otel-steps")
        probe.unlink()
    except OSError as error:
        message = f"{folder} cannot be written to: {error.strerror or error}"
        remedy = "make it a folder that this user can write to, or set OTEL_STEPS_DIR to another"
        return Check(name, "fail", message, remedy)
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


def check_store(settings: Settings) -> Iterator[Check]:
    """Check that the store opens, takes a write, answers, and has all that it needs."""
    try:
        with closing(open_store(settings=settings)) as store:
            # First: where a write fails they say why.
            yield from _check_tables(store)
            yield _check_writing(store)
    except (StoreError, ValueError) as error:
        yield _refused("store", error)


def _check_writing(store: Store) -> Check:
    store.write(Batch())
    counts = store.statistics()
    version = f", tables of version {schema.VERSION}" if store.name == "sqlite" else ""
    facts = f"{counts['tasks']} tasks, {counts['steps']} steps"
    return Check("store", "ok", f"{store.name} can be read and written{version}: {facts}")


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
        f"{waiting_text(spans=facts.waiting, pictures=facts.pictures_waiting)} wait in the "
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
    remedy = "let this user read them, or run `otel-steps sync`, which sets aside what is none"
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
    # A line that could not be read has its reason in its name: <why>-<sha256>.raw.
    return one_line(reason_of(path) or f"{path.name.partition('-')[0]} line")


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
