"""
What PostgreSQL's errors mean to the caller of a store.
"""

from collections.abc import Mapping
from typing import Final

from otel_steps.errors import RowRejected, StoreError, StoreOnHold, StoreUnavailable
from otel_steps.stores.shared.ingest import MIGRATE

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

_ADDRESS: Final = "Check host and port in OTEL_STEPS_STORE"
_CERTIFICATE: Final = (
    "check host, `sslmode` and `sslrootcert` (the file of the CA) in OTEL_STEPS_STORE"
)
_NAME: Final = (
    "is the server, or the Supabase project, paused or deleted? Check the host in "
    "OTEL_STEPS_STORE, and that this machine is online"
)
_LOGIN: Final = "check user and database of OTEL_STEPS_STORE"

# A connection that does not come about carries no SQLSTATE; words of server, pooler and driver ->
# what to do. These do not pass by themselves; where the server speaks another language, it is
# simply tried again.
_CONNECT_REMEDIES: Final = {
    "password authentication failed": _CREDENTIALS,
    "no password supplied": _CREDENTIALS,
    "no pg_hba.conf entry": "let this machine and user in (pg_hba.conf), or use `sslmode=require`",
    "root certificate file": _CERTIFICATE,
    "certificate verify failed": _CERTIFICATE,
    "does not match host name": _CERTIFICATE,
    "server does not support SSL": "set `sslmode=prefer` in OTEL_STEPS_STORE",
    "unsupported startup parameter": (
        "a pooler takes no settings: remove them from OTEL_STEPS_STORE, PGOPTIONS and the like"
    ),
    # Supavisor, for a project that is paused, and for a user without the project in its name.
    "Tenant or user not found": (
        "restore the project in the dashboard of Supabase if it is paused, and use the address "
        "that it shows for the pooler (user `postgres.<project>`)"
    ),
    "does not exist": _LOGIN,
    # pgbouncer
    "no such database": _LOGIN,
    "no such user": _LOGIN,
}

# Likewise, but these may pass.
_CONNECT_ADVICE: Final = {
    "failed to resolve host": _NAME,
    "Name or service not known": _NAME,  # in the words of an older driver
    "Connection refused": f"is the server running? {_ADDRESS}",
    "No such file or directory": f"is the server running? {_ADDRESS}",
    "timeout expired": f"is a firewall in the way? {_ADDRESS}",
    "unreachable": (
        "check that this machine is online; a direct connection to Supabase needs IPv6, one to "
        "its pooler does not"
    ),
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
    # The first line: hints follow, and where a name has several addresses each attempt.
    reason = words.partition("\n")[0] or type(error).__name__
    message = f"{place} cannot be reached: {reason}"
    if remedy := _known(words, _CONNECT_REMEDIES):
        return StoreOnHold(message, remedy=remedy)
    advice = _known(words, _CONNECT_ADVICE)
    return StoreUnavailable(f"{message}; {advice}" if advice else message)


def _known(words: str, meanings: Mapping[str, str]) -> str | None:
    return next((meaning for part, meaning in meanings.items() if part in words), None)


def _name(error: Exception) -> str:
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    name = type(error).__name__
    return f"{name} of {constraint}" if constraint else name
