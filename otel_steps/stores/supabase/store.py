"""
The store of those who have a Supabase project: rows through its API, pictures in a private bucket.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from otel_steps.config import ScreenshotFormat, Settings
from otel_steps.errors import RowOnHold, StoreOnHold, StoreUnavailable
from otel_steps.pictures.location import folder_of
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow
from otel_steps.stores.contract import Written
from otel_steps.stores.json_object import Json
from otel_steps.stores.shared import ingest
from otel_steps.stores.shared.functions import SharedFunctions
from otel_steps.stores.supabase.bucket import SupabaseBucket
from otel_steps.stores.supabase.client import SupabaseClient
from otel_steps.stores.supabase.errors import Blocked, TooLarge, remedy_for_size

# Of a batch; the API names no limit, proxies on the way have theirs.
MAX_BYTES: Final = 2**20

_INGEST: Final = "otel_steps_ingest"
_ATTACH: Final = "otel_steps_attach"


class SupabaseStore(SharedFunctions):
    """
    Tasks, steps, screenshots and spans in a Supabase project that `otel-steps migrate` has seen.

    The address of a picture in the bucket, as readers get it, opens without a key for ten minutes.

    Args:
        settings: Name the project, its key and, where pictures are to live elsewhere, the folder.

    Raises:
        ConfigError: The settings name a place for pictures that is no folder.
        StoreUnavailable, StoreOnHold: The project cannot be reached, refuses the key or lacks the
            tables.
    """

    name = "supabase"
    is_embedded = False
    # A statement may take 8 seconds, and proxies on the way wait for an answer.
    page_rows = 1_000

    def __init__(self, settings: Settings) -> None:
        self._folder: Path | None = None if settings.screenshot_url is None else folder_of(settings)
        self._client = SupabaseClient(settings)
        self._bucket = SupabaseBucket(self._client)
        self.schema = self._client.schema

    def open_screenshots(self, picture_format: ScreenshotFormat) -> ScreenshotStore:
        """Return the bucket of the project; it is closed with the store."""
        return ScreenshotStore(self._bucket, picture_format)

    def write(self, batch: Batch) -> Written:
        """Store *batch* in one request: all of it, or nothing; see `Store.write`."""
        answer = self._give(_INGEST, ingest.encode(batch), is_one=_is_one_span(batch))
        return ingest.written(answer, batch)

    def attach(self, steps: Sequence[StepRow], screenshots: Sequence[ScreenshotRow]) -> None:
        """Give stored *steps* their pictures, in one request; see `Store.attach`."""
        rows = ingest.encode_pictures(steps, screenshots)
        ingest.check_attached(self._give(_ATTACH, rows, is_one=len(steps) <= 1), steps)

    def _give(self, function: str, rows: bytes, *, is_one: bool) -> Any:
        size = len(rows)
        if size > MAX_BYTES and not is_one:
            raise StoreUnavailable(f"a batch of {size} bytes is too large", halve=True)
        try:
            return self._client.call(function, "batch", rows)
        except TooLarge as error:
            if not is_one:
                raise
            # Not the database says so, which names its own limits: the row is not to blame.
            raise RowOnHold(
                f"{error}; a row of {size:,} bytes waits", remedy=remedy_for_size(size)
            ) from error
        except Blocked as error:
            # By what is in it, perhaps: a firewall reads what passes.
            raise RowOnHold(str(error), remedy=error.remedy) from error

    def close(self) -> None:
        """Release connections; any number of times."""
        self._client.close()

    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        return self._client.run(lambda client: client.rpc(function, arguments).execute().data)

    def _to_show(self, rows: list[Json], column: str) -> list[Json]:
        try:
            signed = self._bucket.signed(row[column] for row in rows)
        except (StoreUnavailable, StoreOnHold):
            signed = {}  # Storage is away: rows are worth showing without their pictures
        for row in rows:
            row[column] = signed.get(row[column], row[column])
            if self._folder is not None and row["screenshot_path"] is not None:
                row["screenshot_path"] = str(self._folder / row["screenshot_path"])
        return rows


def _is_one_span(batch: Batch) -> bool:
    tasks = sum(task.status is not None for task in batch.tasks)
    return tasks + len(batch.steps) + len(batch.spans) <= 1
