"""Attributes of classes and modules that are wrapped, each of which can be put back as it was."""

import builtins
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

import wrapt

# Called with the original, the object it is called on, and its arguments.
Wrapper = Callable[..., Any]


class _Patch(wrapt.FunctionWrapper[Any, Any]):
    """Tells what is wrapped here from what somebody else has wrapped."""


class Patches:
    """What has been wrapped so far; a class or module that is thrown away is not kept from it."""

    def __init__(self) -> None:
        self._made: list[tuple[weakref.ref[Any], str, bool]] = []

    def make(self, owner: Any, name: str, wrapper: Wrapper) -> None:
        """
        Wrap what *owner* itself, not its parent, has as *name*, unless that is done already.

        A module has what is built in.
        """
        own = vars(owner).get(name)
        is_module = isinstance(owner, ModuleType)
        original = vars(builtins).get(name) if own is None and is_module else own
        if original is None or type(original) is _Patch:
            return
        setattr(owner, name, _Patch(original, wrapper))
        self._made = [each for each in self._made if each[0]() is not None]
        self._made.append((weakref.ref(owner), name, own is None))

    def undo(self) -> None:
        """Put everything back; what somebody has wrapped again or replaced stays as it is."""
        while self._made:
            reference, name, is_built_in = self._made.pop()
            patch = vars(owner).get(name) if (owner := reference()) is not None else None
            if type(patch) is not _Patch:
                continue
            if is_built_in:
                delattr(owner, name)
            else:
                setattr(owner, name, patch.__wrapped__)
