"""Ids that are derived, so that whatever comes twice is one row."""

import hashlib
import uuid
from typing import Final

# Namespace of the ids derived from (trace_id, span_id); never change it: rows would double.
_ID_NAMESPACE: Final = uuid.UUID("8b1f6c52-7d0e-5c57-9a3b-0f6c1f0b7f7e").bytes


def step_id(trace_id: str, span_id: str) -> str:
    """Return the id of the `task_steps` row of a span: the same for every arrival of that span."""
    return _uuid5(f"{trace_id}/{span_id}")


def screenshot_id(step: str, name: str) -> str:
    """
    Return the id of the `step_screenshots` row that joins a step to a picture.

    Args:
        name: The sha256 of the picture; of a further one `{role}:{sha256}`.
    """
    return _uuid5(f"{step}/{name}")


def _uuid5(name: str) -> str:
    """Return `str(uuid.uuid5(...))` of our namespace, at a fraction of its time."""
    digits = hashlib.sha1(_ID_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
