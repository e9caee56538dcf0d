"""What a store can do for its own upkeep: removing, counting anew, and who is to see to it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from otel_steps.stores.archived import Archived, Keys
from otel_steps.stores.flaws import Flaw, FlawKind
from otel_steps.stores.json_object import Json
from otel_steps.stores.removal import Holding, Removal


class Upkeep(Protocol):
    """What keeps a store small and right; see `Store`, which is one."""

    def holdings(self, after: str = "", *, only: Sequence[str] | None = None) -> list[Holding]:
        """
        Return what is held of the tasks behind the id *after*, in the order of the database.

        Of all of them, or of those of *only*.

        At most `MAX_HOLDINGS`; ask again behind the last one, until there is none.
        """

    def remove(
        self,
        task_ids: Sequence[str],
        *,
        pictures_only: bool = False,
        keep_first_last_failed: bool = False,
        before: str | None = None,
    ) -> Removal:
        """
        Remove rows of tasks: so many as a moment allows, so that no writer waits for long.

        Ask again with the tasks that the answer does not speak of, until it speaks of all. A task
        that runs stays. Steps go with their pictures and spans; the totals of a task are right in
        between, and its row goes last. A task that is not there counts as removed. What arrives
        of a task afterwards makes it anew.

        Args:
            pictures_only: Remove the rows of pictures alone; their steps then say why there is
                none.
            keep_first_last_failed: Of these, only the spare ones (see `Holding`), and those that
                the spans below such steps name.
            before: A time as rows have it: a task in which something has happened since stays.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing was removed by this call.
        """

    def remove_months(self, task_ids: Sequence[str], *, before: str | None = None) -> int:
        """
        Remove the steps of a month at once, where months are kept apart and no other task has any.

        Ask again until it returns 0, and then have the tasks themselves removed with `remove`;
        their totals are right in between.

        Args:
            before: As `remove` has it.

        Returns:
            How many steps have gone.

        Raises:
            StoreUnavailable, StoreOnHold: None has gone.
        """

    def unneeded_pictures(self) -> list[str]:
        """
        Return names of some pictures that rows have let go of, and that no row needs.

        Until `forget_pictures` hears of them they are told again, whoever asks.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be told.
        """

    def forget_pictures(self, names: Sequence[str]) -> list[str]:
        """
        Note that the files of pictures are gone; return those that a row has come to need.

        Raises:
            StoreUnavailable, StoreOnHold: It is not noted.
        """

    def needed_pictures(self, names: Sequence[str]) -> list[str]:
        """Return those of *names*, at most `MAX_UNNEEDED` of them, that a row needs."""

    def stored_rows(
        self, table: str, task_id: str, *, limit: int | None = None, offset: int = 0
    ) -> list[Json]:
        """
        Return rows of a task as they are stored, in the order of its steps.

        Paths and addresses are not made such that they can be opened.

        Args:
            table: "task_steps" or "step_screenshots".
        """

    def archived(self, after: str = "") -> list[Archived]:
        """
        Return the archived tasks behind the id *after*, in the order of the database.

        At most `MAX_ARCHIVED`; ask again behind the last one, until there is none.
        """

    def let_go(self, task_id: str, place: str, keys: Keys, *, seen: str, before: str) -> str | None:
        """
        Delete rows of a task that are in the archive, at *place*, and note that they are there.

        Its own row stays, with its totals, with what is kept of what its steps add up to, and with
        what is indexed of what they say. A span that has not ended, or that another task of its
        trace may need, stays as well.

        Args:
            keys: The rows: these, and no other ones.
            seen: The version of the task (see `Store.version`) when its rows were read.
            before: A time as rows have it.

        Returns:
            The version as it is now, for the next rows; None where nothing has gone: the task is
            another one than was seen, runs, is archived elsewhere, or something has happened in it
            since *before*.

        Raises:
            StoreUnavailable, StoreOnHold: Nothing has gone by this call.
        """

    def put_back(self, task_id: str, place: str, rows: Mapping[str, Sequence[Json]]) -> bool:
        """
        Insert rows of a task that is archived at *place*; one that is there already stays.

        The task is archived until `wake`, and its totals are as they were. False where it is not
        archived there, and nothing is inserted.

        Args:
            rows: Table -> rows with all columns, as `stored_rows` has them.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: Nothing was inserted.
        """

    def wake(self, task_id: str, place: str, *, steps: int) -> bool:
        """
        Note that a task which was archived at *place* has all its rows again, and count these.

        Args:
            steps: How many it has at least; with fewer, somebody lets go of them just now.

        Returns:
            Whether it was archived there, and has so many steps.

        Raises:
            StoreUnavailable, StoreOnHold: It is archived as before.
        """

    def recount(self, after: str = "", *, mends: bool = False) -> tuple[list[str], str | None]:
        """
        Compare the totals of the tasks behind the id *after* with what their steps add up to.

        Those of an archived task are right: its steps are elsewhere.

        Args:
            mends: Count those anew that are wrong.

        Returns:
            The ids of these, and the id of the last that was looked at; ask again behind it, until
            it is None.

        Raises:
            StoreUnavailable, StoreOnHold: None was counted anew.
        """

    def close_stale(self, before: str, *, mends: bool = False) -> list[str]:
        """
        Return tasks that are `running` though nothing has happened in them since a time.

        At most `MAX_HOLDINGS` of them. Should one of them go on after all, what arrives of it takes
        the place of what was said here.

        Args:
            before: The time, as rows have it.
            mends: Make them `interrupted`, with the steps that are running.

        Raises:
            StoreUnavailable, StoreOnHold: None was changed.
        """

    def flaws(self, kind: FlawKind, after: str = "") -> list[Flaw]:
        """
        Return rows that have a flaw, those behind the key *after*, in the order of their keys.

        At most `MAX_FLAWS`; ask again behind the last one, until there is none. Nothing is changed.

        Raises:
            StoreUnavailable, StoreOnHold: It cannot be told.
        """

    def mend(self, kind: FlawKind, keys: Sequence[str]) -> None:
        """
        Take a flaw out of rows, by the keys that `flaws` has told; of those that have it still.

        Kinds that a write of rows mends have no repair here, and stay as they are. What a row loses
        by it is lost here: keep what `flaws` has told.

        Raises:
            StoreUnavailable, StoreOnHold: None was mended.
        """

    def picture_rows(self, after: str = "") -> list[Flaw]:
        """Return a page of rows of `step_screenshots`, whole or not, as `flaws` does."""

    def lose_pictures(self, keys: Sequence[str]) -> None:
        """
        Remove rows of pictures whose files are gone, by their keys; their steps say so.

        Raises:
            StoreUnavailable, StoreOnHold: None was removed.
        """

    def claim(self, chore: str, for_s: float) -> bool:
        """
        Take what one process is to do for all: True for the first who asks in *for_s* seconds.

        Raises:
            StoreUnavailable, StoreOnHold: Nobody has taken it.
        """
