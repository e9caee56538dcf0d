"""What waits in the journal, seen from a command: shipped before reading, so that nothing lacks."""

import os
import threading
from pathlib import Path
from typing import Final

from otel_steps.cli.terminal import err, warn
from otel_steps.cli.wording import waits_text
from otel_steps.config import Settings
from otel_steps.health.problems import Problems
from otel_steps.journal.owner import Owner
from otel_steps.pipeline import backlog_shipper
from otel_steps.shipper import Shipper
from otel_steps.shipper.shipper_facts import Shipped
from otel_steps.stores import file_of, pack_of

_PATIENCE_S: Final = 10.0


def ship_quietly(settings: Settings) -> None:
    """
    Ship what dead processes have left, for ten seconds at most; a store that refuses is a warning.

    A run that was killed is complete only after this: its last step is closed as interrupted.
    Nothing is touched where nothing was left, nor where it is not for this user to ship.
    """
    if not _is_anything_there(settings.backup_dir):
        return
    if not is_ours_to_ship(settings):
        tell_what_waits(settings)
        return
    results: list[Shipped] = []

    def ship() -> None:
        results.append(backlog_shipper(settings, Problems(settings.problems_dir)).ship_all())

    # A daemon: shipping may be cut off anywhere, the journal keeps what has not arrived.
    thread = threading.Thread(target=ship, daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    if not results:
        warn("steps are still on their way to the store; run `otel-steps sync` for the rest")
        return
    for shipped in results:
        for trouble in shipped.troubles:
            warn(trouble)
        if shipped.reason:
            remedy = shipped.remedy or "run `otel-steps doctor`"
            waiting = waits_text(spans=shipped.waiting, pictures=shipped.pictures_waiting)
            warn(f"{waiting} in the journal: {shipped.reason}; {remedy}")
        elif shipped.waiting or shipped.pictures_waiting:
            waiting = waits_text(spans=shipped.waiting, pictures=shipped.pictures_waiting)
            err.print(f"{waiting} for a process that runs, which ships its own", style="dim")


def tell_what_waits(settings: Settings) -> None:
    """Warn of what is not shown because it waits in a journal that this command leaves alone."""
    facts = only_looking(settings).facts()
    if facts.waiting or facts.pictures_waiting:
        waiting = waits_text(spans=facts.waiting, pictures=facts.pictures_waiting)
        warn(f"{waiting} in {settings.backup_dir}; its owner ships them with `otel-steps sync`")


def only_looking(settings: Settings) -> Shipper:
    """Return a shipper to ask what waits; as long as it is not told to ship it writes nothing."""
    return backlog_shipper(settings, Problems(None))


def is_ours_to_ship(settings: Settings) -> bool:
    """
    Tell whether journal and embedded store are this user's own, and may be written to.

    A pack may not, and what waits was recorded for another store.
    """
    if pack_of(settings.store) is not None:
        return False
    file = file_of(settings.store)
    return _is_own(settings.backup_dir) and (file is None or _is_own(file.parent))


def _is_own(folder: Path) -> bool:
    """
    Tell whether *folder* is this user's, or may be made.

    Root may write everywhere; but what it makes in somebody's folder, that one could not replace.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    is_owned = os.name != "posix" or folder.stat().st_uid == os.geteuid()
    return is_owned and os.access(folder, os.W_OK)


def _is_anything_there(journal: Path) -> bool:
    try:
        return bool(Owner.all(journal))
    except OSError as error:
        warn(f"the journal {journal} cannot be read: {error.strerror}; run `otel-steps doctor`")
        return False
