"""
Who asks, under which name, from which page.

A server on this machine is in reach of every page in the browser, which can even call it by a name
of the page's own that leads to 127.0.0.1 (DNS rebinding), and of every other user. So a request is
looked at before anything else: what it calls us, which page it says has made it, and its secret.
"""

from collections.abc import Mapping
from typing import Final

from otel_steps.config import RootPath
from otel_steps.serving.access import Access, Role
from otel_steps.serving.hosts import Hosts, is_local_name
from otel_steps.serving.keys import Keys
from otel_steps.serving.refusal import Refusal

# Header -> value; names in lower case.
Headers = Mapping[str, str]

_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


class Guard:
    """
    Looks at the headers of a request, and lets it pass or refuses it.

    Args:
        keys: Who may look and send.
        hosts: The names that pages may call this server by; a server without pages needs none.
    """

    def __init__(self, keys: Keys, hosts: Hosts | None = None) -> None:
        self._keys = keys
        self._hosts = hosts

    # --- Programs that send

    def check_sender(self, headers: Headers) -> None:
        """
        Let a program send: one with the token; where there is none, any of this machine.

        Raises:
            Refusal: It may not, or a page has made the request.
        """
        _check_no_page(headers)
        if self._keys.token is None and not is_local_name(headers.get("host", "")):
            raise _unknown_host(
                "call this machine localhost or 127.0.0.1, or set OTEL_STEPS_TOKEN on both sides"
            )
        self._check_token(headers)

    def check_caller(self, headers: Headers) -> None:
        """
        Let a program send over gRPC: as `check_sender`, but for the name it calls this server by.

        That name is asked for on account of pages, and no browser lets a page speak HTTP/2 to a
        server without TLS.

        Args:
            headers: The call's metadata.

        Raises:
            Refusal: It may not.
        """
        _check_no_page(headers)
        self._check_token(headers)

    def _check_token(self, headers: Headers) -> None:
        if self._keys.token is not None and not self.has_token(headers):
            raise Refusal(
                401,
                "send the header `Authorization: Bearer` with the token: OTEL_STEPS_TOKEN of the "
                "receiver, or what `otel-steps view --otlp --print-token` prints",
            )

    # --- People who look, and their scripts

    def check_page(self, headers: Headers, scheme: str) -> None:
        """
        Let a request pass that calls this server by its name and that no other site's page makes.

        Raises:
            Refusal: It does not, or one has made it.
        """
        if self._hosts is None or not self._hosts.allow(headers.get("host", "")):
            raise _unknown_host(
                "this viewer has another name; open the address that `otel-steps view` prints"
            )
        # The address bar and programs are nobody's page.
        is_own = headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        has_own = "origin" not in headers or self._says_own_origin(headers, scheme)
        if not is_own or not (has_own or self._is_renamed(headers)):
            raise _foreign_origin(
                "the request comes from a page of another site; "
                "open the address in the browser itself"
            )

    def check_reader(self, headers: Headers, scheme: str, *, method: str, session: str) -> Access:
        """
        Let whoever has a token, or a session, which writes from our page only.

        Args:
            session: What the request's cookie says.

        Returns:
            What may be done, which *method* is among.

        Raises:
            Refusal: It has neither, or may not do that.
        """
        access = self._keys.access_of_token(_bearer(headers))
        if access is None:
            access = self._session_access(headers, scheme, method=method, session=session)
        access.require(Role.READ if method in _SAFE_METHODS else Role.ANNOTATE)
        return access

    def _session_access(
        self, headers: Headers, scheme: str, *, method: str, session: str
    ) -> Access:
        access = self._keys.access_of_session(session)
        if access is None:
            raise Refusal(
                401,
                "open the link that `otel-steps view` prints, or send `Authorization: Bearer` "
                "with OTEL_STEPS_TOKEN or the token of `otel-steps view --print-token`",
            )
        # A cookie comes along by itself, so a write must be seen to come from our page.
        if method not in _SAFE_METHODS and not self._says_own_page(headers, scheme):
            raise _foreign_origin(
                "the browser does not say which page writes; send the token of a script"
            )
        return access

    def has_token(self, headers: Headers) -> bool:
        """Return whether a request has the token of scripts and senders."""
        return self._keys.is_token(_bearer(headers))

    def _says_own_page(self, headers: Headers, scheme: str) -> bool:
        return _is_same_origin(headers) or self._says_own_origin(headers, scheme)

    def _says_own_origin(self, headers: Headers, scheme: str) -> bool:
        own = {f"{scheme}://{headers['host']}", self._root.origin}
        return headers.get("origin", "") in own

    def _is_renamed(self, headers: Headers) -> bool:
        """
        Tell whether a proxy may have put another name in place of the one that the page knows.

        The browser has seen to it that page and address are of one origin. What a name of somebody
        else's could be pointed at is the proxy, and for that name there is no cookie.
        """
        return bool(self._root.path) and _is_same_origin(headers)

    @property
    def _root(self) -> RootPath:
        return RootPath() if self._hosts is None else self._hosts.root


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_same_origin(headers: Headers) -> bool:
    return headers.get("sec-fetch-site") == "same-origin"


def _check_no_page(headers: Headers) -> None:
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        raise _foreign_origin("web pages may not send spans; send them from a server of yours")


def is_safe(method: str) -> bool:
    """Return whether *method* only reads."""
    return method in _SAFE_METHODS


def _unknown_host(message: str) -> Refusal:
    return Refusal(403, message, code="unknown_host")


def _foreign_origin(message: str) -> Refusal:
    return Refusal(403, message, code="foreign_origin")
