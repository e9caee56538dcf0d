"""
The three ways in which a place for rows or pictures may fail: wait, ask a person, or give up.
"""


class StoreError(Exception):
    """
    A write did not happen: nothing of the batch is stored.

    StoreError
     ├─ StoreUnavailable   the same call may work later
     ├─ StoreOnHold        a person must act first (key, table, permission, broken file)
     │   ├─ RowOnHold      the same, for a row of this batch: others may pass
     │   └─ PictureOnHold  the same, for one picture: others may pass
     └─ RowRejected        at least one row of this batch can never be stored

    The message says what failed and what to do next, and never holds a secret.
    """


class StoreUnavailable(StoreError):
    """
    The store cannot be reached or is overloaded; the same call may work later.

    Attributes:
        retry_after_s: What the server asked for, if it did.
        halve: True where a smaller batch is likelier to pass (time-out, body too large).
    """

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, halve: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.halve = halve


class StoreOnHold(StoreError):
    """
    Nothing will pass until a person acts; everything is kept.

    Attributes:
        remedy: The command or the setting that helps, one sentence.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class RowOnHold(StoreOnHold):
    """The way to the store lets a row of this batch not pass until a person acts; others may."""


class PictureOnHold(StoreOnHold):
    """The place of pictures does not take this one until a person acts; others may pass."""


class RowRejected(StoreError):
    """
    At least one row of the batch can never be stored; which one, the caller finds by bisection.

    Attributes:
        code: The backend's code, such as a SQLSTATE, for the dead letter.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code
