"""Pictures that come before their span wait for it on disk, and not for ever."""

import hashlib
import os
from pathlib import Path

import pytest

from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.uploads import KEPT_S, Uploads
from tests.pictures import png

PNG = png()
NAME = hashlib.sha256(PNG).hexdigest()


@pytest.mark.parametrize("is_synced", [False, True])
def test_an_upload_is_read_back_until_it_is_removed(tmp_path: Path, is_synced: bool) -> None:
    """Whole, by its name, any number of times."""
    uploads = Uploads(tmp_path / "journal")

    assert uploads.read(NAME) is None
    for _ in range(2):
        uploads.keep(NAME, PNG, is_synced=is_synced)
    assert Uploads(tmp_path / "journal").read(NAME) == PNG
    for _ in range(2):
        uploads.remove(NAME)
    assert uploads.read(NAME) is None


def test_a_damaged_upload_is_none(tmp_path: Path) -> None:
    """A power cut leaves files with nothing in them."""
    uploads = Uploads(tmp_path)
    uploads.keep(NAME, bytes(len(PNG)), is_synced=False)

    assert uploads.read(NAME) is None


def test_what_nobody_names_goes_after_a_week(tmp_path: Path) -> None:
    """The sweep says how much it has freed; what is younger stays."""
    uploads = Uploads(tmp_path)
    assert uploads.sweep() == 0
    young = "ab" * 32
    uploads.keep(young, b"young", is_synced=False)
    uploads.keep(NAME, PNG, is_synced=False)
    changed_at = uploads.path_of(NAME).stat().st_mtime - KEPT_S - 60
    os.utime(uploads.path_of(NAME), (changed_at, changed_at))

    assert uploads.sweep() == len(PNG)
    assert uploads.read(NAME) is None
    assert uploads.path_of(young).exists()


@pytest.mark.parametrize("durability", ["process", "power"])
def test_the_journal_keeps_uploads_within_its_cap(tmp_path: Path, durability: str) -> None:
    """They count as the rest of the journal does; near its cap they are refused, and said so."""
    problems = Problems(None)
    journal = Journal(
        tmp_path,
        durability=durability,  # type: ignore[arg-type] # a parameter
        max_disk_bytes=2000,
        problems=problems,
    )

    assert journal.put_picture((NAME, PNG))
    assert Uploads(tmp_path).read(NAME) == PNG
    assert journal.facts().size_bytes >= len(PNG)
    assert not journal.put_picture(("ab" * 32, bytes(1700)))
    journal.sync()
    journal.close()
    assert [problem.kind for problem in problems.all()] == ["disk_cap"]
