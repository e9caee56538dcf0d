"""The modules that an instrumentor is about: imported already, later or never, and again."""

import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any
from weakref import WeakValueDictionary

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.import_watch import ImportWatch
from otel_steps.instrumentation.patches import Patches, Wrapper


class WatchedModules:
    """
    Patches modules while it is active; what it has patched can be put back as it was.

    Args:
        names: Waited for, never imported: an agent's package reads its environment when it is
            imported.
        patch: Called with each module that is there, whenever it may need it; repeats are harmless.

    Attributes:
        names: As given.
    """

    def __init__(self, names: Sequence[str], patch: Callable[[ModuleType], None]) -> None:
        self.names = names
        self._patch_module = patch
        self._lock = threading.RLock()
        self._patches = Patches()
        # Modules that were named by hand. Whoever throws one away is not kept from it.
        self._added: WeakValueDictionary[str, ModuleType] = WeakValueDictionary()
        self._imports = ImportWatch(names, self._meet)
        self._is_active = False

    def watch(self) -> None:
        """Patch what is there, and from now on what comes; again, what has come past us."""
        with self._lock:
            self._is_active = True
            self._imports.stand()
            imported = [sys.modules.get(name) for name in self.names]
            for module in [*imported, *self._added.values()]:
                if module is not None:
                    self._meet(module)

    def leave(self) -> None:
        """Put everything back."""
        with self._lock:
            self._is_active = False
            self._imports.leave()
            self._patches.undo()

    def add(self, module: ModuleType) -> None:
        """Patch *module*, too, now or as soon as this is active, and whenever it is loaded anew."""
        with self._lock:
            self._added[module.__name__] = module
            self._imports.add(module.__name__)
            self._meet(module)

    def patch(self, owner: Any, name: str, wrapper: Wrapper) -> None:
        """Wrap `owner.name`, unless that is done already."""
        with self._lock:
            if self._is_active:
                self._patches.make(owner, name, wrapper)

    def _meet(self, module: ModuleType) -> None:
        with self._lock:
            if self._is_active:
                with unharmed(f"instrument {module.__name__}"):
                    self._patch_module(module)


def classes_of(module: ModuleType) -> list[type]:
    """Return the classes that *module* itself defines."""
    values = list(vars(module).values())
    return [
        value for value in values if isinstance(value, type) and value.__module__ == module.__name__
    ]
