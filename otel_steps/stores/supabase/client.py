"""
The connection to one Supabase project: its address, its key, and what its client may be asked.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx

from otel_steps.config import Secret, Settings
from otel_steps.errors import RowRejected, StoreUnavailable
from otel_steps.process.forks import no_fork
from otel_steps.stores.shared.ingest import check_version
from otel_steps.stores.supabase.errors import KeyRefused, LostConnection
from otel_steps.stores.supabase.project import address_of, keys_of
from otel_steps.stores.supabase.transport import CONNECT_S, TIMEOUT_S, HttpClient

if TYPE_CHECKING:
    from supabase import Client

_T = TypeVar("_T")

_VERSION: Final = "otel_steps_schema_version"

# A crash of the database cuts every connection that the API keeps to it, ten by default.
_TRIES: Final = 12


class SupabaseClient:
    """
    One project, seen by one process; any thread may use it.

    Args:
        settings: Name address and key. Where the project refuses that key, the one that stands in
            the environment now is tried, so a replaced key is picked up.

    Attributes:
        place: The project, for messages.
        url: Its address, without a slash at the end.
        schema: The schema that holds our tables and functions.

    Raises:
        StoreUnavailable, StoreOnHold: The project cannot be reached, refuses the key or lacks the
            tables.
    """

    def __init__(self, settings: Settings) -> None:
        self.url = address_of(settings)
        self.place = f"Supabase at {urlsplit(self.url).hostname}"
        self.schema = settings.schema
        self._is_closed = False
        self._of_parents: list[httpx.Client] = []
        self._connect(keys_of(settings))

    def run(self, work: Callable[["Client"], _T]) -> _T:
        """
        Return what *work* returns for the client; it must be harmless to repeat.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: As the reply means.
        """
        if self._is_closed:
            raise StoreUnavailable(f"the store {self.place} has been closed; open it again")
        if self._pid != os.getpid():
            # Kept, never closed: two processes must not share a connection.
            self._of_parents.append(self._http)
            self._connect([self._key])
        return self._run(work)

    def call(self, function: str, parameter: str, value: bytes) -> Any:
        """
        Return what a database function of one *parameter* answers; *value* is JSON text.

        `rpc` of the client would encode the value anew, and the API would take it apart to learn
        the names of the parameters, unless it is told: that is half of what a batch costs.

        Raises:
            StoreUnavailable, StoreOnHold, RowRejected: As the reply means.
        """

        def send(client: "Client") -> Any:
            response = self._http.post(
                f"{self.url}/rest/v1/rpc/{function}",
                params={"columns": parameter},
                content=b'{"%b":%b}' % (parameter.encode(), value),
                headers={**client.postgrest.headers, "content-type": "application/json"},
            )
            return response.json()

        return self.run(send)

    def close(self) -> None:
        """Close all connections of this process; any number of times."""
        self._is_closed = True
        if self._pid == os.getpid():
            self._http.close()

    def _connect(self, keys: list[Secret]) -> None:
        self._pid = os.getpid()
        with no_fork():  # loads the half of httpx that it has not needed so far
            self._http = HttpClient(self.place, httpx.Timeout(TIMEOUT_S, connect=CONNECT_S))
        try:
            self._client, self._key = self._first_that_opens(keys)
        except BaseException:
            self._http.close()
            raise

    def _first_that_opens(self, keys: list[Secret]) -> tuple["Client", Secret]:
        *others, last = keys
        for key in others:
            with suppress(KeyRefused):
                return self._opened_with(key)
        return self._opened_with(last)

    def _opened_with(self, key: Secret) -> tuple["Client", Secret]:
        self._client = self._client_for(key)
        version = self._run(lambda client: client.rpc(_VERSION).execute().data)
        check_version(version, self.place)
        return self._client, key

    def _client_for(self, key: Secret) -> "Client":
        with no_fork():
            from supabase import ClientOptions, create_client

        options = ClientOptions(
            schema=self.schema,
            httpx_client=self._http,
            postgrest_client_retry=False,  # it knows neither Retry-After nor our back-off
            auto_refresh_token=False,
            persist_session=False,
        )
        return create_client(self.url, key.reveal(), options)

    def _run(self, work: Callable[["Client"], _T]) -> _T:
        for _ in range(_TRIES - 1):
            with suppress(LostConnection):
                return self._run_once(work)
        return self._run_once(work)

    def _run_once(self, work: Callable[["Client"], _T]) -> _T:
        with _translated(self.place):
            return work(self._client)


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise RowRejected("text has no encoding: half a character") from error
    except (ValueError, KeyError) as error:
        # The client's words quote what it could not read.
        raise StoreUnavailable(f"{place} has sent a broken answer") from error
