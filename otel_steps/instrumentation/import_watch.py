"""
Modules, heard of each time their code has run: imported, reloaded, or thrown away and imported.

`wrapt.register_post_import_hook` tells of the first time only, and a notebook's `%autoreload`
replaces an agent's class whenever its file has changed.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Loaded = Callable[[ModuleType], None]


class ImportWatch(MetaPathFinder):
    """
    Stands in front of the finders of modules, which go on finding them.

    Args:
        names: Of the modules to hear of.
        loaded: Called with each of them once its code has run; raises nothing.
    """

    def __init__(self, names: Sequence[str], loaded: Loaded) -> None:
        self._names = set(names)
        self._loaded = loaded
        self._asking = threading.local()

    def stand(self) -> None:
        """Take the place in front of the other finders, again where another one took it since."""
        if sys.meta_path[:1] != [self]:
            self.leave()
            sys.meta_path.insert(0, self)

    def leave(self) -> None:
        """Leave that place."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def add(self, name: str) -> None:
        """Hear of the module *name*, too."""
        self._names.add(name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find, to be heard of when it is loaded."""
        # A finder that asks all others, as this one does, asks this one, too.
        if fullname not in self._names or getattr(self._asking, "is_on", False):
            return None
        self._asking.is_on = True
        try:
            spec = _found_by_others(self, fullname, path, target)
        finally:
            self._asking.is_on = False
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec, spec.loader, self._loaded)
        return spec


def _found_by_others(
    watch: ImportWatch, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        if finder is not watch and find is not None:
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                return spec
    return None


class _Loader(Loader):
    """Stands in for the loader of a module until its code begins to run."""

    def __init__(self, spec: ModuleSpec, loader: Any, loaded: Loaded) -> None:
        self._spec = spec
        self._loader = loader
        self._loaded = loaded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Do what the loader does."""
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        """Do what the loader does, and tell of it."""
        self._spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._loaded(module)
