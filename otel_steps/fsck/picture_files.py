"""
Rows against the files of their pictures: what is not what its name says, what is gone, and what is
there without a row.

A picture that is gone is looked for among those that wait in the journal, before its row says that
it is lost.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from otel_steps.errors import RowRejected
from otel_steps.fsck.finding import MAX_EXAMPLES, Finding
from otel_steps.fsck.rows import pages
from otel_steps.fsck.subject import Subject
from otel_steps.journal.owner import MAX_PICTURE_BYTES, Owner, picture_in
from otel_steps.pictures.names import picture_name_in
from otel_steps.pictures.stored import StoredPicture
from otel_steps.pictures.upkeep import Saved
from otel_steps.process.private_files import read_regular
from otel_steps.rows.ids import screenshot_id
from otel_steps.rows.model import ScreenshotRow
from otel_steps.rows.succession import picture_row_name
from otel_steps.stores.flaws import Flaw


def thumbnails(subject: Subject) -> Iterator[Finding]:
    """Yield small pictures that are cut off."""
    found: list[str] = []
    for name in _near(subject):
        if broken := subject.upkeep.broken_thumbnails(name):
            found += broken
            if subject.repair:
                subject.upkeep.forgo(broken)
    if found:
        yield Finding.of(
            "thumbnails",
            "small pictures are cut off",
            found,
            "they are removed, and the pictures themselves are shown",
            is_mended=subject.repair,
        )


def damaged_files(subject: Subject) -> Iterator[Finding]:
    """Yield pictures whose file is not what was saved."""
    found: list[str] = []
    for number, name in enumerate(_near(subject)):
        if subject.upkeep.is_whole(name) or not subject.upkeep.has_facts(name):
            continue  # the latter: it has been removed since
        found.append(name)
        if subject.repair:
            subject.upkeep.set_aside(name)
            del subject.saved()[name]
        subject.progress("the content of pictures", number)
    if found:
        yield Finding.of(
            "damaged_pictures",
            "files of pictures are not what was saved",
            found,
            "they are moved to `damaged/`, and saved anew from the journal where it has them",
            is_mended=subject.repair,
        )


def lost_files(subject: Subject) -> Iterator[Finding]:
    """Yield rows of pictures whose files are gone."""
    there = subject.saved()
    again: set[str] = set()
    count = 0
    examples: list[str] = []
    for page in _picture_rows(subject):
        lost = []
        for flaw in page:
            name = picture_name_in((flaw.row or {}).get("screenshot_path"))
            if name is None or name in again or there.get(name, Saved()).is_complete:
                continue
            if subject.upkeep.is_whole(name):
                continue  # it has come since
            count += 1
            examples += [name] if len(examples) < MAX_EXAMPLES and name not in examples else []
            if subject.repair and _find_again(subject, name, flaw):
                again.add(name)
            else:
                lost.append(flaw)
        if subject.repair and lost:
            subject.keep("lost_pictures", lost)
            subject.store.lose_pictures([flaw.key for flaw in lost])
    if count:
        remedy = "it is saved anew from the journal, or else the step says that it is lost"
        if again:
            remedy = f"saved anew: {len(again)}; the steps of others say that they are lost"
        yield Finding(
            "lost_pictures",
            "steps have pictures whose files are gone",
            count,
            tuple(examples),
            remedy,
            is_mended=subject.repair,
        )


def rows_to_make(subject: Subject) -> Iterator[Finding]:
    """Yield steps that name a picture of which there is no row."""
    count = 0
    examples: list[str] = []
    for page in pages(subject, "pathless_pictures"):
        count += len(page)
        examples += [flaw.key for flaw in page[: MAX_EXAMPLES - len(examples)]]
        if not subject.repair:
            continue
        rows = [row for flaw in page if (row := _row(subject, flaw.row or {}))]
        if rows:
            subject.store.attach([], rows)
        made = {row.step_id for row in rows}
        left = [flaw for flaw in page if (flaw.row or {})["id"] not in made]
        subject.keep("pathless_pictures", left)
        subject.store.mend("pathless_pictures", [flaw.key for flaw in left])
    if count:
        yield Finding(
            "pathless_pictures",
            "steps name a picture that has no row",
            count,
            tuple(examples),
            "the row is made where the picture is there, or else the step says that it is lost",
            is_mended=subject.repair,
        )


def _near(subject: Subject) -> list[str]:
    """Return the pictures that can be read at no cost; others are left to who keeps them."""
    if not subject.upkeep.is_near:
        return []
    return [name for name, each in subject.saved().items() if each.is_complete]


def _picture_rows(subject: Subject) -> Iterator[list[Flaw]]:
    after, count = "", 0
    while page := subject.store.picture_rows(after):
        after, count = page[-1].key, count + len(page)
        subject.progress("rows of pictures", count)
        yield page


def _row(subject: Subject, step: dict[str, Any]) -> ScreenshotRow | None:
    picture = subject.pictures.find(picture_name_in(step["screenshot_path"]) or "")
    if picture is None:
        return None
    return ScreenshotRow(
        id=screenshot_id(step["id"], picture_row_name(picture.sha256)),
        task_id=step["task_id"],
        step_id=step["id"],
        screenshot_path=picture.path,
        file_size=picture.file_size,
        file_hash=picture.file_hash,
        compressed=picture.compressed,
        metadata={"sha256": picture.sha256, "black": picture.black},
        created_at=step["started_at"] or step["created_at"],
        remote_url=picture.remote_url,
        width=picture.width,
        height=picture.height,
        mime_type=picture.mime_type,
        phash=picture.phash,
    )


def _find_again(subject: Subject, name: str, flaw: Flaw) -> bool:
    """Tell whether a picture could be saved again: from its content, or as it was captured."""
    if subject.upkeep.restore(_told(name, flaw.row or {})):
        return True
    data = _captured(subject.journal, name)
    if data is None:
        return False
    # What is left of it would count as saved.
    subject.pictures.remove([name])
    with suppress(RowRejected):
        subject.pictures.save(name, data)
        return True
    return False


def _told(name: str, row: dict[str, Any]) -> StoredPicture:
    """Return the facts of a picture as its row has them."""
    return StoredPicture(
        sha256=name,
        path=row["screenshot_path"],
        file_size=row["file_size"] or 0,
        file_hash=row["file_hash"] or "",
        compressed=bool(row["compressed"]),
        mime_type=row["mime_type"] or "",
        width=row["width"],
        height=row["height"],
        phash=row["phash"],
        black=bool((row["metadata"] or {}).get("black")),
    )


def _captured(journal: Path | None, name: str) -> bytes | None:
    """Return a picture as it was captured, where the journal has it."""
    if journal is None or not journal.is_dir():
        return None
    places = [
        *(owner.picture(name) for owner in Owner.all(journal)),
        picture_in(journal / "dead", name),
        journal / "uploads" / name,
    ]
    for path in places:
        with suppress(OSError):
            if path is not None:
                data = read_regular(path, MAX_PICTURE_BYTES)
                if hashlib.sha256(data).hexdigest() == name:
                    return data
    return None
