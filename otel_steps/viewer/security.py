"""
The guard before every route: who asks, under which name, from which page; and what the browser may
do with the answer.

A viewer on this machine is in reach of every page in the browser and of every other user. So a
request needs a session or the token, must name this viewer to the letter, and must not come from a
page of anybody else.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from otel_steps.viewer.answers import failure
from otel_steps.viewer.hosts import Hosts
from otel_steps.viewer.keys import Keys

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

MAX_BODY_BYTES: Final = 2**20
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_SESSION_S: Final = 30 * 86_400
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
# Where programs ask; everywhere else a person reads the answer.
_PROGRAMS: Final = ("/api/", "/img/", "/openapi.json", "/static/")

_SIGN_IN: Final = """<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>otel-steps</title>
<h1>otel-steps</h1>
<p lang="zh">请使用 <code>otel-steps view</code> 打印的链接打开查看器。每个链接只能使用一次。</p>
<p lang="en">Open the viewer with the link that <code>otel-steps view</code> prints.
A link works once.</p>
"""


class Guard:
    """
    Lets a request pass to *app*, or answers it itself.

    Args:
        keys: Who may look.
        hosts: Under which names.
        cookie: Name of the cookie; browsers keep one jar for all ports of a host.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, hosts: Hosts, cookie: str) -> None:
        self._app = app
        self._keys = keys
        self._hosts = hosts
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with the headers that every answer has."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._answer(Request(scope)) or self._app
        await answer(scope, receive, _with_headers(send))

    def _answer(self, request: Request) -> Response | None:
        """Return what to answer in place of the routes, or None where they may."""
        if not self._hosts.allow(request.headers.get("host", "")):
            return failure(
                HTTPStatus.FORBIDDEN,
                "unknown_host",
                "this viewer has another name; open the address that `otel-steps view` prints",
            )
        if not _is_from_own_page(request):
            return failure(
                HTTPStatus.FORBIDDEN,
                "foreign_origin",
                "a page of another site asks; open the address in the browser itself",
            )
        return _too_long(request) or self._signed_in(request) or self._unknown(request)

    def _signed_in(self, request: Request) -> Response | None:
        """Return a redirect to the address without the link's secret, which opens a session."""
        opener = request.query_params.get("t")
        if opener is None or request.method != "GET" or _is_program(request):
            return None
        if not self._has_session(request) and not self._keys.opens(opener):
            return None
        rest = [pair for pair in parse_qsl(request.url.query) if pair[0] != "t"]
        # One slash: two would name another host.
        path = "/" + request.url.path.lstrip("/\\")
        target = f"{path}?{urlencode(rest)}" if rest else path
        answer = RedirectResponse(target, HTTPStatus.SEE_OTHER)
        session = self._keys.session.reveal()
        # Longer than the browser is open: the link does not work again.
        answer.set_cookie(
            self._cookie, session, max_age=_SESSION_S, httponly=True, samesite="strict"
        )
        return answer

    def _unknown(self, request: Request) -> Response | None:
        """Return a refusal, or None for who has a session or the token."""
        if request.scope["path"] == "/healthz" or self._has_token(request):
            return None
        if self._has_session(request):
            # A cookie comes along by itself, so a write must be seen to come from our page.
            if request.method in _SAFE_METHODS or _says_own_page(request):
                return None
            return failure(
                HTTPStatus.FORBIDDEN,
                "foreign_origin",
                "the browser does not say which page writes; send the token of a script",
            )
        if _is_program(request):
            return failure(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                "open the link that `otel-steps view` prints, or send `Authorization: Bearer` "
                "with OTEL_STEPS_TOKEN or the token of `otel-steps view --print-token`",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return HTMLResponse(_SIGN_IN, HTTPStatus.UNAUTHORIZED)

    def _has_session(self, request: Request) -> bool:
        return self._keys.is_session(request.cookies.get(self._cookie, ""))

    def _has_token(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._keys.is_token(token.strip())


def _is_from_own_page(request: Request) -> bool:
    """Return whether no other site's page asks; the address bar and programs are nobody's page."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == _own_origin(request)


def _says_own_page(request: Request) -> bool:
    is_same = request.headers.get("sec-fetch-site") == "same-origin"
    return is_same or request.headers.get("origin") == _own_origin(request)


def _own_origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}"


def _is_program(request: Request) -> bool:
    return bool(request.scope["path"].startswith(_PROGRAMS))


def _too_long(request: Request) -> Response | None:
    """Return a refusal for a body that is too long, or does not say how long it is."""
    if request.method in _SAFE_METHODS:
        return None
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not _LENGTH.fullmatch(length):
        return failure(
            HTTPStatus.LENGTH_REQUIRED, "length_required", "send the body with a Content-Length"
        )
    if int(length) > MAX_BODY_BYTES:
        return failure(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too_large",
            f"the body has {length} bytes; at most {MAX_BODY_BYTES} are taken",
        )
    return None


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_headers
