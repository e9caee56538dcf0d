"""
What the replies of Supabase mean to the caller of a store: first who answers, then what it says.

Only the database and Storage may blame a row or a picture, in their own words: JSON with a code.
The front door of the project speaks of the project, and whatever else answers (a proxy, a firewall,
a sign-in page) speaks of the way there: a person can settle that, and nothing is set aside.

The status alone misleads: Storage says 400 for nearly everything, and PostgREST 500 for a row that
is too large.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self

import httpx

from otel_steps.errors import RowRejected, StoreError, StoreOnHold, StoreUnavailable
from otel_steps.stores.shared.ingest import MIGRATE

_KEY: Final = (
    "set SUPABASE_SECRET_KEY to a secret key of the project (dashboard: Settings, API keys); "
    "the publishable key may not read or write"
)
_ADDRESS: Final = "check SUPABASE_URL: the address of the project, https://<project>.supabase.co"
_EXPOSE: Final = (
    "add the schema of OTEL_STEPS_SCHEMA to the exposed schemas of the project (dashboard: "
    "Settings, Data API), after `otel-steps migrate --schema`"
)
_PAUSED: Final = "restore the project in the dashboard of Supabase"
_BILLING: Final = (
    "see Usage and Billing of the organization in the dashboard of Supabase: upgrade the plan, "
    "lift the spend cap, or wait for the next billing period"
)
_ON_THE_WAY: Final = (
    "find out what answers instead of Supabase: a proxy, a firewall or a sign-in page of this "
    "network, or a wrong SUPABASE_URL"
)

# SQLSTATE as a whole, its class (two characters), or the group of a PostgREST code -> what a person
# can do. These do not pass by themselves.
_REMEDIES: Final = {
    "28": _KEY,
    "3D": _ADDRESS,
    "3F": MIGRATE,
    "42": MIGRATE,
    "42501": f"{_KEY}; with a secret key, {MIGRATE}",
    "PGRST106": _EXPOSE,
    "PGRST1": MIGRATE,
    "PGRST2": MIGRATE,
    "PGRST3": _KEY,
}

# The row is to blame: its values, a rule of the table, its size, a trigger that refuses it.
_REJECTED: Final = frozenset({"21", "22", "23", "54", "P0"})

# A smaller batch may pass: cancelled by the time limit, out of memory.
_HALVE: Final = frozenset({"57014", "53200"})

_SQLSTATE: Final = re.compile(r"[0-9A-Z]{5}")
# PostgREST's errors have all of these, whatever their values.
_DATABASE_KEYS: Final = frozenset({"code", "message", "details", "hint"})

# Codes of Storage that speak of the project, whatever status they come with.
_STORAGE_REMEDIES: Final = {
    "AccessDenied": _KEY,
    "ExpiredToken": _KEY,
    "InvalidJWT": _KEY,
    "InvalidSignature": _KEY,
    "SignatureDoesNotMatch": _KEY,
    "TenantNotFound": _ADDRESS,
}
# The word of older servers, and the code of newer ones.
_NO_BUCKET: Final = frozenset({"Bucket not found", "NoSuchBucket"})
_STORAGE_CODE: Final = re.compile(r"([A-Z][a-z0-9]*){2,}")
# What an object itself may be refused for: it is there, too large, of another type, misnamed.
_OBJECT_REJECTED: Final = frozenset({409, 413, 415})

# "Service for this project is restricted due to the following violations: exceed_egress_quota."
_VIOLATION: Final = re.compile(r"\bexceed_[a-z_]{1,40}")
_SEARCHED_CHARS: Final = 4096
_WORD_CHARS: Final = 40

_PASSING: Final = frozenset({408, 423, 425, 429})


class KeyRefused(StoreOnHold):
    """The key is unknown, has expired or was replaced by another."""


class NotFound(StoreOnHold):
    """There is no such bucket or address."""


class ObjectMissing(NotFound):
    """Storage itself says that its bucket has no such object."""


class Blocked(StoreOnHold):
    """Something on the way to the project has refused a request, whatever was in it."""


class TooLarge(StoreUnavailable):
    """Something on the way does not accept a request of this size; a smaller one may pass."""


class LostConnection(StoreUnavailable):
    """
    The API has sent the request over a connection to the database that a crash had cut.

    It has dropped that connection; the next request takes another.
    """


@dataclass(frozen=True, slots=True)
class _Refusal:
    """
    A reply that is no success.

    Attributes:
        status: Of the body where Storage has one there.
        code: Of the database, or of Storage; None where neither has answered.
        is_storage: True where the code is Storage's.
        is_foreign: True where the body is not JSON: nothing of Supabase's has written it.
        violation: Of the plan of the project, as Supabase names it.
    """

    status: int
    code: str | None
    is_storage: bool
    is_foreign: bool
    violation: str | None
    retry_after_s: float | None

    @classmethod
    def of(cls, response: httpx.Response, path: str) -> Self:
        body = _json(response)
        fields = body if isinstance(body, dict) else {}
        is_storage = "/storage/v1/" in path
        inner = str(fields.get("statusCode", ""))
        is_foreign = body is None and bool(response.content.strip())
        text = "" if is_foreign else response.text[:_SEARCHED_CHARS]
        return cls(
            status=int(inner) if is_storage and inner.isdigit() else response.status_code,
            code=_storage_code(fields) if is_storage else _database_code(fields),
            is_storage=is_storage,
            is_foreign=is_foreign,
            violation=found[0] if (found := _VIOLATION.search(text)) else None,
            retry_after_s=_retry_after_s(response.headers.get("retry-after")),
        )


def error_of(response: httpx.Response, path: str, place: str) -> StoreError:
    """
    Return what *response*, the whole of a reply that is no success, is to the caller.

    The message has status and code, never the server's own words: those quote the row.

    Args:
        path: That was asked for; Storage and the database speak differently.
        place: The project, for messages.
    """
    refusal = _Refusal.of(response, path)
    if error := _project_error(refusal, place):
        return error
    if refusal.is_foreign:
        return _foreign_error(refusal, place)
    if refusal.code is None:
        return _gateway_error(refusal, place)
    return _storage_error(refusal, place) if refusal.is_storage else _rest_error(refusal, place)


def remedy_for_size(size_bytes: int) -> str:
    """Return what to do where something on the way takes no request of that size."""
    return (
        f"let requests of {size_bytes:,} bytes and more pass: raise the body limit of the proxy or "
        "gateway (nginx: client_max_body_size), or go past it"
    )


def _project_error(refusal: _Refusal, place: str) -> StoreError | None:
    """Return what speaks of the project as a whole, whoever of Supabase's says so."""
    if refusal.violation or (refusal.status == 402 and not refusal.is_foreign):
        what = ", ".join(filter(None, (str(refusal.status), refusal.violation)))
        return StoreOnHold(f"{place} is restricted, its plan is used up ({what})", remedy=_BILLING)
    if refusal.status == 540:
        return StoreOnHold(f"{place} is paused (540)", remedy=_PAUSED)
    return None


def _foreign_error(refusal: _Refusal, place: str) -> StoreError:
    """Return what an answer means that is not Supabase's: nothing but that the way is barred."""
    status = refusal.status
    message = f"something between here and {place} answers {status}"
    if status == 413:
        return TooLarge(f"{message}: it does not accept a request of this size", halve=True)
    if status < 400 or status >= 500 or status in _PASSING:
        return StoreUnavailable(message, retry_after_s=refusal.retry_after_s)
    return Blocked(message, remedy=_ON_THE_WAY)


def _gateway_error(refusal: _Refusal, place: str) -> StoreError:
    """Return what the front door of the project says, which knows no rows: the status decides."""
    status = refusal.status
    message = f"{place} answers {status}"
    if status == 401:
        return KeyRefused(f"{place} does not know the key (401)", remedy=_KEY)
    if status == 403:
        return StoreOnHold(message, remedy=_KEY)
    if status == 404:
        return NotFound(message, remedy=_ADDRESS)
    if status == 413:
        return TooLarge(f"{place} does not accept a request of this size (413)", halve=True)
    if status < 400 or status >= 500 or status in _PASSING:
        return StoreUnavailable(message, retry_after_s=refusal.retry_after_s)
    return Blocked(f"{message} without a code of its own", remedy=_ON_THE_WAY)


def _storage_error(refusal: _Refusal, place: str) -> StoreError:
    status, code = refusal.status, refusal.code
    message = f"the Storage of {place} answers {status} with the code {code}"
    if status == 404 and code in _NO_BUCKET:
        return NotFound(f"the Storage of {place} has no such bucket", remedy=MIGRATE)
    if status == 404:
        return ObjectMissing(f"the Storage of {place} has no such object", remedy=MIGRATE)
    if remedy := _STORAGE_REMEDIES.get(code or "") or (_KEY if status in (401, 403) else None):
        return (KeyRefused if status == 401 else StoreOnHold)(message, remedy=remedy)
    if status in _OBJECT_REJECTED or code == "InvalidKey":
        return RowRejected(f"Storage refuses an object ({status})", code=str(status))
    return _unknown_error(refusal, message)


def _rest_error(refusal: _Refusal, place: str) -> StoreError:
    code = refusal.code or ""
    message = f"{place} answers {refusal.status} with the code {code}"
    if code == "":
        return LostConnection(f"{place} has lost a connection to its database")
    if _SQLSTATE.fullmatch(code) and code[:2] in _REJECTED:
        return RowRejected(f"the database refuses a row ({code})", code=code)
    if remedy := _REMEDIES.get(code) or _REMEDIES.get(_group(code)):
        kind = KeyRefused if refusal.status == 401 else StoreOnHold
        return kind(message, remedy=remedy)
    if _SQLSTATE.fullmatch(code) or code.startswith("PGRST0"):
        return StoreUnavailable(message, retry_after_s=refusal.retry_after_s, halve=code in _HALVE)
    return _unknown_error(refusal, message)


def _unknown_error(refusal: _Refusal, message: str) -> StoreError:
    if 400 <= refusal.status < 500 and refusal.status not in _PASSING:
        # Nobody has seen it yet: whoever calls tries a few times before the row is blamed.
        return StoreError(message)
    return StoreUnavailable(message, retry_after_s=refusal.retry_after_s)


def _group(code: str) -> str:
    return code[:6] if code.startswith("PGRST") else code[:2]


def _json(response: httpx.Response) -> Any:
    """Return the body, or None where it is no JSON."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _database_code(body: Mapping[str, Any]) -> str | None:
    code = body.get("code")
    is_whole = body.keys() >= _DATABASE_KEYS or code == ""
    return code if isinstance(code, str) and is_whole else None


def _storage_code(body: Mapping[str, Any]) -> str | None:
    """Return the code, or the word that older servers have in its place."""
    code, error = body.get("code"), body.get("error")
    if isinstance(code, str) and _STORAGE_CODE.fullmatch(code):
        return code
    return error[:_WORD_CHARS] if isinstance(error, str) and "statusCode" in body else None


def _retry_after_s(text: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, in either of its forms."""
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
