"""The modules that an instrumentor is about: imported already, later or never."""

import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any
from weakref import WeakValueDictionary

import wrapt

from otel_steps.instrumentation.border import unharmed
from otel_steps.instrumentation.patches import Patches, Wrapper


class WatchedModules:
    """
    Patches modules while it is active; what it has patched can be put back as it was.

    Args:
        names: Hooked, never imported: an agent's package reads its environment when it is imported.
        patch: Called with each module that is there, whenever it may need it; repeats are harmless.
    """

    def __init__(self, names: Sequence[str], patch: Callable[[ModuleType], None]) -> None:
        self._names = names
        self._patch_module = patch
        self._lock = threading.RLock()
        self._patches = Patches()
        # Whoever throws a module away is not kept from it.
        self._known: WeakValueDictionary[str, ModuleType] = WeakValueDictionary()
        self._is_active = self._is_hooked = False

    def watch(self) -> None:
        """Patch what is there, and from now on what comes."""
        with self._lock:
            self._is_active = True
            for module in list(self._known.values()):
                self._meet(module)
            if not self._is_hooked:
                self._is_hooked = True
                for name in self._names:
                    wrapt.register_post_import_hook(self.add, name)

    def leave(self) -> None:
        """Put everything back."""
        with self._lock:
            self._is_active = False
            self._patches.undo()

    def add(self, module: ModuleType) -> None:
        """Patch *module*, too, now or as soon as this is active."""
        with self._lock:
            self._known[module.__name__] = module
            self._meet(module)

    def patch(self, owner: Any, name: str, wrapper: Wrapper) -> None:
        """Wrap `owner.name`, unless that is done already."""
        with self._lock:
            if self._is_active:
                self._patches.make(owner, name, wrapper)

    def _meet(self, module: ModuleType) -> None:
        if self._is_active:
            with unharmed(f"instrument {module.__name__}"):
                self._patch_module(module)


def classes_of(module: ModuleType) -> list[type]:
    """Return the classes that *module* itself defines."""
    values = list(vars(module).values())
    return [
        value for value in values if isinstance(value, type) and value.__module__ == module.__name__
    ]
