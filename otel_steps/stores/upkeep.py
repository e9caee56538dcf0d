"""What a store can do for its own upkeep: removing, counting anew, and who is to see to it."""

from collections.abc import Sequence
from typing import Protocol

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

    def recount(self, after: str = "", *, mends: bool = False) -> tuple[list[str], str | None]:
        """
        Compare the totals of the tasks behind the id *after* with what their steps add up to.

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

    def claim(self, chore: str, for_s: float) -> bool:
        """
        Take what one process is to do for all: True for the first who asks in *for_s* seconds.

        Raises:
            StoreUnavailable, StoreOnHold: Nobody has taken it.
        """
