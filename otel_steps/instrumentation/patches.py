"""Attributes of classes and modules that are wrapped, each of which can be put back as it was."""

from collections.abc import Callable
from typing import Any

import wrapt

# Called with the original, the object it is called on, and its arguments.
Wrapper = Callable[..., Any]


class Patches:
    """What has been wrapped so far."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, Any]] = []

    def make(self, owner: Any, name: str, wrapper: Wrapper) -> None:
        """Wrap what *owner* itself, not its parent, has as *name*, unless that is done already."""
        original = vars(owner).get(name)
        if original is None or any(original is patch for _, _, patch in self._made):
            return
        patch = wrapt.FunctionWrapper(original, wrapper)
        setattr(owner, name, patch)
        self._made.append((owner, name, patch))

    def undo(self) -> None:
        """Put everything back; what somebody has wrapped again or replaced stays as it is."""
        while self._made:
            owner, name, patch = self._made.pop()
            if vars(owner).get(name) is patch:
                setattr(owner, name, patch.__wrapped__)
