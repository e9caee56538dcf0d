"""
What happened on the way to Supabase where no answer came back, and what to do about it.

It may pass by itself and is waited for, except for what a person has to settle: a certificate that
is not trusted, a proxy that lets nothing through.
"""

import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from otel_steps.errors import StoreError, StoreOnHold, StoreUnavailable

_ADDRESS: Final = "is it running? Check host and port of SUPABASE_URL"
_PROJECT: Final = (
    "is the project paused or deleted? Check SUPABASE_URL, and that this machine is online"
)
_SCHEME: Final = "does SUPABASE_URL begin with the right one of https:// and http://?"
_ONLINE: Final = "check that this machine is online"
_AGAIN: Final = "what was sent is sent again"
_PROXY: Final = "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; NO_PROXY names hosts without a proxy"
_CERTIFICATE: Final = (
    "where a company's proxy or a CA of your own signs certificates, name the file of that CA in "
    "SSL_CERT_FILE; else check SUPABASE_URL and the clock of this machine"
)
_LOGIN: Final = "put them into the proxy's variable: HTTPS_PROXY=http://user:password@host:port"


class Route:
    """
    Tells who is being talked to; the HTTP library calls it as the trace of a request.

    Attributes:
        proxy: Host and port of a proxy, or None while it is the project itself.
    """

    def __init__(self, url: httpx.URL) -> None:
        port = url.port or (443 if url.scheme == "https" else 80)
        self._project = url.raw_host.decode("ascii"), port
        self.proxy: str | None = None

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of an event."""
        if event.endswith("connect_tcp.started"):
            peer = info["host"], info["port"]
            self.proxy = None if peer == self._project else f"{peer[0]}:{peer[1]}"
        elif event.endswith("start_tls.started") and info["server_hostname"] == self._project[0]:
            # The proxy has opened the way.
            self.proxy = None


@contextmanager
def understood_environment() -> Iterator[None]:
    """
    Make a client of what the environment says of proxies and certificates.

    Raises:
        StoreOnHold: It cannot be followed.
    """
    try:
        yield
    except ImportError as error:
        remedy = "run `pip install 'httpx[socks]'`, or unset ALL_PROXY"
        message = "the environment names a SOCKS proxy, which needs the package socksio"
        raise StoreOnHold(message, remedy=remedy) from error
    except OSError as error:
        path = os.environ.get("SSL_CERT_FILE", "")
        message = f"the certificates in SSL_CERT_FILE ({path}) cannot be read: {error.strerror}"
        remedy = "name a file of certificates (PEM) there, or unset it"
        raise StoreOnHold(message, remedy=remedy) from error
    except (ValueError, httpx.InvalidURL):
        # Its words quote the address, and so the password.
        message = "the environment names a proxy that is not one: expected http://host:port"
        raise StoreOnHold(message, remedy=_PROXY) from None


def network_error(error: httpx.HTTPError, request: httpx.Request, place: str) -> StoreError:
    """
    Return what *error* is to the caller of a store.

    The message has no words of the library: those may quote the proxy's password.

    Args:
        request: That failed; its trace is a `Route`.
        place: The project, for messages.
    """
    if isinstance(error, httpx.ProxyError):
        return refused_by_proxy(str(error), request, place)
    proxy = _proxy(request)
    way = _way(place, proxy)
    cause = _system_error(error) if isinstance(error, httpx.ConnectError) else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = f"the certificate is not trusted ({cause.verify_message})"
        return StoreOnHold(f"{way}: {reason}", remedy=_CERTIFICATE)
    reason, advice = _explained(error, cause, request)
    return StoreUnavailable(f"{way}: {reason}; {_PROXY if proxy else advice}")


def refused_by_proxy(words: str, request: httpx.Request, place: str) -> StoreError:
    """
    Return what the refusal of a proxy is to the caller of a store.

    Args:
        words: Begin with a status of HTTP where it speaks HTTP.
        request: As for `network_error`.
        place: The project, for messages.
    """
    way = _way(place, _proxy(request))
    status = words.partition(" ")[0]
    if status == "407" or "username/password" in words:
        return StoreOnHold(f"{way}: the proxy wants user and password", remedy=_LOGIN)
    if status.startswith("4"):
        message = f"{way}: the proxy refuses to go there ({status})"
        return StoreOnHold(message, remedy=f"let {request.url.host} through there, or {_PROXY}")
    message = f"{way}: the proxy does not get there ({status if status.isdigit() else words})"
    return StoreUnavailable(f"{message}; {_PROJECT}")


def _proxy(request: httpx.Request) -> str | None:
    route: Route = request.extensions["trace"]
    return route.proxy


def _way(place: str, proxy: str | None) -> str:
    return f"{place} cannot be reached" + (f" through the proxy {proxy}" if proxy else "")


def _explained(
    error: httpx.HTTPError, cause: OSError | None, request: httpx.Request
) -> tuple[str, str]:
    """Return what has happened, and what to do about it."""
    limits = request.extensions["timeout"]
    match error, cause:
        case httpx.ConnectTimeout(), _:
            return f"no connection within {limits['connect']:g} s", _ADDRESS
        case httpx.TimeoutException(), _:
            return f"no answer within {limits['read']:g} s ({type(error).__name__})", _AGAIN
        case _, socket.gaierror():
            return f"the name of the host is unknown ({cause.strerror})", _PROJECT
        case _, ConnectionRefusedError():
            return "the connection is refused", _ADDRESS
        case _, ssl.SSLError():
            return f"TLS fails ({cause.reason})", _SCHEME
        case _, OSError():
            return cause.strerror or type(cause).__name__, _ONLINE
    return f"the connection is lost ({type(error).__name__})", _AGAIN


def _system_error(error: BaseException) -> OSError | None:
    """Return what the system has said, below the errors of the libraries."""
    below = error.__cause__ or error.__context__
    while below is not None and not isinstance(below, OSError):
        below = below.__cause__ or below.__context__
    return below
