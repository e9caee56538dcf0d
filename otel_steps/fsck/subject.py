"""What is looked at."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from otel_steps.config import Settings
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pictures.upkeep import PictureUpkeep, Saved
from otel_steps.process.private_files import append_regular, make_private, sync_folder
from otel_steps.stores import Store, file_of, pack_of
from otel_steps.stores.cold import Archive, open_archive
from otel_steps.stores.flaws import Flaw
from otel_steps.stores.pictures import open_screenshots

# What is written now may be whole in a moment: only what is older is judged.
GRACE_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Subject:
    """
    A store, and what belongs to it.

    Attributes:
        pictures: Those of the store.
        others: Stores whose pictures are in the same place; see `retention.neighbours`.
        folder: The data folder; None where there is none, as of a pack.
        journal: Where steps wait; likewise.
        cold: The archive; likewise.
        file: The database, where it is a file that others may have open.
        repair: Mend what can be.
        now: Seconds since 1970, which the age of files is counted from.
        progress: Hears what is looked at, and how many of it were.
    """

    store: Store
    pictures: ScreenshotStore
    others: Sequence[Store] = ()
    folder: Path | None = None
    journal: Path | None = None
    cold: Archive | None = None
    file: Path | None = None
    repair: bool = False
    now: float = field(default_factory=time.time)
    progress: Callable[[str, int], None] = lambda *_: None
    _listed: list[dict[str, Saved]] = field(
        init=False, default_factory=list, compare=False, repr=False
    )

    @property
    def upkeep(self) -> PictureUpkeep:
        """Return what looks at the files of the pictures."""
        return PictureUpkeep(self.pictures)

    def saved(self) -> dict[str, Saved]:
        """
        Return which pictures are there: listed once, since far away each folder is a request.

        What a rule takes away it takes out here, too; what has come since is not in it.

        Raises:
            StoreUnavailable, StoreOnHold: They cannot be listed.
        """
        if not self._listed:
            names: dict[str, Saved] = {}
            for some in self.upkeep.saved():
                names |= some
                self.progress("pictures", len(names))
            self._listed.append(names)
        return self._listed[0]

    def keep(self, kind: str, flaws: Sequence[Flaw]) -> None:
        """
        Write down the rows that a repair is about to change or remove, before it does.

        In `lost+found/` of the data folder: nothing that was recorded goes without a trace.

        Raises:
            OSError: They cannot be kept, and nothing should be changed.
        """
        rows = [flaw.row for flaw in flaws if flaw.row is not None]
        if not rows or self.folder is None:
            return
        at = datetime.fromtimestamp(self.now, UTC)
        file = self.folder / "lost+found" / f"{at:%Y-%m-%d}.jsonl"
        make_private(file.parent)
        lines = (
            json.dumps({"at": at.isoformat(), "flaw": kind, "row": row}, ensure_ascii=False)
            for row in rows
        )
        with open(append_regular(file), "ab", closefd=True) as kept:  # noqa: PTH123 - a descriptor
            kept.write(("\n".join(lines) + "\n").encode("utf-8", "replace"))
        sync_folder(file.parent)


def subject_of(settings: Settings, store: Store) -> Subject:
    """
    Return what belongs to a *store* that *settings* lead to: to be looked at, and not mended.

    Raises:
        ConfigError: The settings name a place for pictures or an archive that cannot be used.
    """
    is_pack = pack_of(settings.store) is not None
    return Subject(
        store,
        open_screenshots(settings, store),
        folder=None if is_pack else settings.dir,
        journal=None if is_pack else settings.backup_dir,
        cold=None if is_pack else open_archive(settings),
        file=file_of(settings.store),
    )
