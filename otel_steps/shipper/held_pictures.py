"""Pictures that wait for what a person must do, each by itself, and when to try them again."""

import time
from collections import OrderedDict
from typing import Final, NamedTuple

from otel_steps.errors import PictureOnHold

# Beyond that nothing more is taken: what has stopped them stops nearly all.
MAX_HELD: Final = 512
HOLD_S: Final = 60.0
# Of those that are held, tried again in that time: each try costs rendering it.
_TRIES: Final = 16
# One that nobody asks for any more: another process has seen to it.
_KEPT_S: Final = 300.0


class _Held(NamedTuple):
    error: PictureOnHold
    until: float


class HeldPictures:
    """Names of pictures, the longest held first; the caller's lock protects it."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def __len__(self) -> int:
        self._drop_forgotten()
        return len(self._held)

    @property
    def error(self) -> PictureOnHold | None:
        """Why the one that is held for longest is, or None where none is."""
        self._drop_forgotten()
        return next((each.error for each in self._held.values()), None)

    def hold(self, name: str, error: PictureOnHold) -> None:
        """Hold a picture, for the longer the more are held."""
        wait_s = HOLD_S * (1 + len(self._held) // _TRIES)
        self._held[name] = _Held(error, time.monotonic() + wait_s)
        self._held.move_to_end(name)

    def is_due(self, name: str) -> bool:
        """Tell whether a picture that is held may be tried again."""
        return time.monotonic() >= self._held[name].until

    def release(self) -> None:
        """Let all be tried again; until that has been done they count as held."""
        now = time.monotonic()
        for name, held in self._held.items():
            self._held[name] = held._replace(until=min(now, held.until))

    def drop(self, name: str) -> bool:
        """Hold a picture no longer; True where it was held."""
        return self._held.pop(name, None) is not None

    def _drop_forgotten(self) -> None:
        since = time.monotonic() - _KEPT_S
        for name in [name for name, held in self._held.items() if held.until < since]:
            del self._held[name]
