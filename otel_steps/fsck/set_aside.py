"""Databases that were set aside beside the one in use, because they are damaged."""

from pathlib import Path

from otel_steps.fsck.subject import Subject

_ENDING = ".damaged-"


def set_aside(subject: Subject) -> list[Path]:
    """Return those that are there; a person removes them."""
    if subject.file is None:
        return []
    return sorted(subject.file.parent.glob(f"{subject.file.name}{_ENDING}*"))


def free_name(file: Path) -> Path:
    """Return where the database *file* can be set aside."""
    number = 1
    while list(file.parent.glob(f"{file.name}{_ENDING}{number}*")):
        number += 1
    return file.with_name(f"{file.name}{_ENDING}{number}")
