"""What waits in the journal, seen from a command: shipped before reading, so that nothing lacks."""

import threading
from typing import Final

from otel_steps.cli.terminal import warn
from otel_steps.cli.wording import waiting_text
from otel_steps.config import Settings
from otel_steps.health.problems import Problems
from otel_steps.pipeline import backlog_shipper
from otel_steps.shipper.shipper_facts import Shipped

_PATIENCE_S: Final = 10.0


def ship_quietly(settings: Settings) -> None:
    """
    Ship what dead processes have left, for ten seconds at most; a store that refuses is a warning.

    A run that was killed is complete only after this: its last step is closed as interrupted.
    """
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
            waiting = waiting_text(spans=shipped.waiting, pictures=shipped.pictures_waiting)
            warn(f"{waiting} wait in the journal: {shipped.reason}; {remedy}")
