"""
What PostgreSQL's errors mean to the caller of a store.
"""

from typing import Final

from otel_steps.stores.contract import RowRejected, StoreError, StoreOnHold, StoreUnavailable
from otel_steps.stores.ingest import MIGRATE

_CREDENTIALS: Final = "check user and password of OTEL_STEPS_STORE"
_DATABASE: Final = "check the name of the database in OTEL_STEPS_STORE, or create it"
_PERMISSION: Final = "connect as the role that ran `otel-steps migrate`, or as service_role"

# SQLSTATE, or its class (two characters), -> what a person can do. These do not pass by themselves.
_REMEDIES: Final = {
    "28": _CREDENTIALS,
    "3D": _DATABASE,
    "3F": MIGRATE,
    "42": MIGRATE,
    "42501": _PERMISSION,
}

# The row is to blame: its values, a rule of the table, its size, a trigger that refuses it.
_REJECTED: Final = frozenset({"21", "22", "23", "54", "P0"})

# A smaller batch may pass: cancelled by the time limit, out of memory.
_HALVE: Final = frozenset({"57014", "53200"})

# A refused connection carries no SQLSTATE; words of the server and of the driver -> what to do.
# Where the server speaks another language, it is simply tried again.
_CONNECT_REMEDIES: Final = {
    "password authentication failed": _CREDENTIALS,
    "no password supplied": _CREDENTIALS,
    "no pg_hba.conf entry": "let this machine and user in (pg_hba.conf), or use `sslmode=require`",
    "does not exist": "check user and database of OTEL_STEPS_STORE",
    "certificate verify failed": "check `sslmode` and `sslrootcert` of OTEL_STEPS_STORE",
    "server does not support SSL": "set `sslmode=prefer` in OTEL_STEPS_STORE",
}


def store_error(error: Exception, place: str) -> StoreError:
    """
    Return what *error*, raised by a call on the database at *place*, is to the caller.

    The message has the SQLSTATE and the name of a constraint, never the server's own words: those
    quote the row.
    """
    import psycopg

    code: str | None = getattr(error, "sqlstate", None)
    if code is None:
        if isinstance(error, psycopg.DataError | UnicodeEncodeError | OverflowError):
            # The driver refused a value before the server saw it.
            return RowRejected(f"PostgreSQL cannot hold a value: {type(error).__name__}")
        return StoreUnavailable(f"the connection to {place} is lost: {type(error).__name__}")
    message = f"{place} answers {_name(error)} ({code})"
    if code[:2] in _REJECTED:
        return RowRejected(f"PostgreSQL refuses a row: {_name(error)} ({code})", code=code)
    if remedy := _REMEDIES.get(code) or _REMEDIES.get(code[:2]):
        return StoreOnHold(message, remedy=remedy)
    return StoreUnavailable(message, halve=code in _HALVE)


def connect_error(error: Exception, place: str) -> StoreError:
    """Return what *error*, raised by connecting to *place*, is to the caller."""
    if getattr(error, "sqlstate", None) is not None:
        return store_error(error, place)
    words = str(error)
    for part, remedy in _CONNECT_REMEDIES.items():
        if part in words:
            return StoreOnHold(f"{place} refuses the connection: {part}", remedy=remedy)
    # The first line: hints follow, and where a name has several addresses each attempt.
    reason = words.partition("\n")[0] or type(error).__name__
    return StoreUnavailable(f"{place} cannot be reached: {reason}")


def _name(error: Exception) -> str:
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    name = type(error).__name__
    return f"{name} of {constraint}" if constraint else name
