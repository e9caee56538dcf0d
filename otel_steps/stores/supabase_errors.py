"""
What the replies of Supabase mean to the caller of a store: one table, by the code in the body.

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

from otel_steps.stores.contract import RowRejected, StoreError, StoreOnHold, StoreUnavailable
from otel_steps.stores.ingest import MIGRATE

_KEY: Final = (
    "set SUPABASE_SECRET_KEY to a secret key of the project (dashboard: Settings, API keys); "
    "the publishable key may not read or write"
)
_ADDRESS: Final = "check SUPABASE_URL: the address of the project, https://<project>.supabase.co"
_PAUSED: Final = "restore the project in the dashboard of Supabase"

# SQLSTATE as a whole, its class (two characters), or the group of a PostgREST code -> what a person
# can do. These do not pass by themselves.
_REMEDIES: Final = {
    "28": _KEY,
    "3D": _ADDRESS,
    "3F": MIGRATE,
    "42": MIGRATE,
    "42501": f"{_KEY}; with a secret key, {MIGRATE}",
    "PGRST1": MIGRATE,
    "PGRST2": MIGRATE,
    "PGRST3": _KEY,
}

# The row is to blame: its values, a rule of the table, its size, a trigger that refuses it.
_REJECTED: Final = frozenset({"21", "22", "23", "54", "P0"})

# A smaller batch may pass: cancelled by the time limit, out of memory.
_HALVE: Final = frozenset({"57014", "53200"})

# What an object itself may be refused for: it is there, too large, of another type, misnamed.
_OBJECT_REJECTED: Final = frozenset({"409", "413", "415"})

_SQLSTATE: Final = re.compile(r"[0-9A-Z]{5}")


class KeyRefused(StoreOnHold):
    """The key is unknown, has expired or was replaced by another."""


class NotFound(StoreOnHold):
    """There is no such object, bucket or address."""


class PastTheEnd(StoreError):
    """A page begins behind the last row."""


class TooLarge(StoreUnavailable):
    """Something on the way takes no request of this size; a smaller one may pass."""


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
        status: Of the body where it has one, as Storage's has.
        code: Of the body; None where there is none.
        is_html: True where a proxy or a sign-in page has answered in the server's place.
    """

    status: int
    code: str | None
    is_storage: bool
    is_html: bool
    retry_after_s: float | None

    @classmethod
    def of(cls, response: httpx.Response, path: str) -> Self:
        body = _body(response)
        text = str(body.get("statusCode", ""))
        code = body.get("code")
        return cls(
            status=int(text) if text.isdigit() else response.status_code,
            code=code if isinstance(code, str) else None,
            is_storage="/storage/v1/" in path,
            is_html="html" in response.headers.get("content-type", ""),
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
    known = _storage_error(refusal, place) if refusal.is_storage else _rest_error(refusal, place)
    return known or _status_error(refusal, place)


def _storage_error(refusal: _Refusal, place: str) -> StoreError | None:
    status = str(refusal.status)
    if status in _OBJECT_REJECTED or refusal.code == "InvalidKey":
        return RowRejected(f"Storage refuses an object ({status})", code=status)
    if status == "404" and not refusal.is_html:
        return NotFound(f"the Storage of {place} has no such bucket or object", remedy=MIGRATE)
    return None


def _rest_error(refusal: _Refusal, place: str) -> StoreError | None:
    code = refusal.code
    if code is None:
        return None
    message = f"{place} answers {refusal.status} with the code {code}"
    if code == "":
        return LostConnection(f"{place} has lost a connection to its database")
    if code == "PGRST103":
        return PastTheEnd(message)
    if _SQLSTATE.fullmatch(code) and code[:2] in _REJECTED:
        return RowRejected(f"the database refuses a row ({code})", code=code)
    if remedy := _REMEDIES.get(code) or _REMEDIES.get(_group(code)):
        kind = KeyRefused if refusal.status == 401 else StoreOnHold
        return kind(message, remedy=remedy)
    if _SQLSTATE.fullmatch(code) or code.startswith("PGRST0"):
        return StoreUnavailable(message, retry_after_s=refusal.retry_after_s, halve=code in _HALVE)
    return None


def _status_error(refusal: _Refusal, place: str) -> StoreError:
    status = refusal.status
    message = f"{place} answers {status}"
    if status == 401:
        return KeyRefused(f"{place} does not know the key (401)", remedy=_KEY)
    if status == 403:
        return StoreOnHold(message, remedy=_KEY)
    if status == 404:
        return NotFound(message, remedy=_ADDRESS)
    if status == 540:
        return StoreOnHold(f"{place} is paused (540)", remedy=_PAUSED)
    if status == 413:
        return TooLarge(f"{place} takes no request of this size (413)", halve=True)
    if 400 <= status < 500 and status not in (408, 425, 429) and not refusal.is_html:
        # Nobody has seen it yet: whoever calls tries a few times before the row is blamed.
        return StoreError(f"{message}, code {refusal.code}")
    return StoreUnavailable(message, retry_after_s=refusal.retry_after_s)


def _group(code: str) -> str:
    return code[:6] if code.startswith("PGRST") else code[:2]


def _body(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


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
