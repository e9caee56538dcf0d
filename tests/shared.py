"""What takes a while to make, made once for all workers of a run of tests."""

import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

T = TypeVar("T")


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """
    Return what *make* has returned to whichever worker came first, as a copy.

    Args:
        name: Its own; tests of different modules have different ones.
        make: Called with a folder that stays for the run; what it returns can be pickled.
    """
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # that of a worker is below that of the run
    kept = folder / f"{name}.pickle"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            made_in = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
            kept.write_bytes(pickle.dumps(make(made_in)))
    found: T = pickle.loads(kept.read_bytes())
    return found
