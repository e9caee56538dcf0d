"""The file of an embedded store: whether SQLite can read it, before anything is asked of it."""

from pathlib import Path

from otel_steps.fsck.finding import Finding
from otel_steps.fsck.set_aside import free_name
from otel_steps.process.forks import no_fork

_NAMES = {
    "tasks": "tasks",
    "task_steps": "steps",
    "step_screenshots": "rows of pictures",
    "task_spans": "spans",
}


def database(file: Path, *, repair: bool = False) -> Finding | None:
    """
    Return what is wrong with the pages of *file*, None where all is well, or it is not there.

    Args:
        repair: Put what can be read of it in its place; the damaged one is kept beside it.

    Raises:
        StoreUnavailable, StoreOnHold: It cannot be told, or not be recovered.
    """
    if not file.exists() or not file.stat().st_size:
        return _log_alone(file, repair=repair)
    with no_fork():  # the driver of SQLite, which others need not have
        from otel_steps.stores.sqlite.recovery import damage, recover
    lines = damage(file)
    if not lines:
        return None
    remedy = (
        "put a backup in its place, or `otel-steps fsck --repair`: it saves what can be read, and "
        "keeps the damaged file beside it"
    )
    if repair:
        recovered = recover(file, free_name(file))
        saved = ", ".join(f"{count} {_NAMES[name]}" for name, count in recovered.saved.items())
        lost = ", ".join(
            f"{'an unknown number of' if count is None else count} {_NAMES[name]}"
            for name, count in recovered.lost.items()
            if count != 0
        )
        remedy = (
            f"saved: {saved}; lost: {lost or 'nothing'}; the damaged file is kept as "
            f"{recovered.kept}, and pictures stay until you remove it"
        )
    return Finding.of(
        "damaged",
        "the file of the database is damaged",
        lines,
        remedy,
        is_mended=repair,
    )


def _log_alone(file: Path, *, repair: bool) -> Finding | None:
    """Return that a database is gone whose log is there: SQLite would remove it with its rows."""
    log = file.with_name(f"{file.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return None
    remedy = "put a backup in its place; the log by itself cannot be read"
    if repair:
        kept = free_name(file)
        kept = log.rename(kept.with_name(f"{kept.name}-wal"))
        remedy += f", and is kept as {kept}: pictures stay until you remove it"
    return Finding.of(
        "damaged", "the file of the database is gone", [file], remedy, is_mended=repair
    )
