"""
Before every route: the guard, the link that opens a session, and what a browser may do with an
answer.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from otel_steps.config import RootPath
from otel_steps.serving.body import Held
from otel_steps.serving.envelope import refused
from otel_steps.serving.guard import Guard, is_safe
from otel_steps.serving.keys import Keys
from otel_steps.serving.probes import OPEN_PATHS
from otel_steps.serving.refusal import Refusal
from otel_steps.viewer import sign_in
from otel_steps.viewer.library import ACCESS

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'self'; form-action 'none'; "
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
# Where programs ask; everywhere else a person reads the answer.
_PROGRAMS: Final = ("/api/", "/img/", "/metrics", "/openapi.json", "/static/")


class Entrance:
    """
    Lets a request pass to *app*, or answers it itself.

    Args:
        guard: Who may ask.
        keys: What opens a session.
        cookie: Name of the cookie; browsers keep one jar for all ports of a host.
        root: What stands before the addresses of *app* outside.
    """

    def __init__(
        self, app: ASGIApp, guard: Guard, *, keys: Keys, cookie: str, root: RootPath
    ) -> None:
        self._root = root
        self._app = app
        self._guard = guard
        self._keys = keys
        self._cookie = cookie
        self._held = Held(MAX_BODY_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with the headers that every answer has."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = await self._answer(request)
        if answer is not None:
            await answer(scope, receive, _with_headers(send))
        elif is_safe(request.method):
            await self._app(scope, receive, _with_headers(send))
        else:
            await self._with_body(request, _with_headers(send))

    async def _with_body(self, request: Request, send: Send) -> None:
        """Let a request pass whose body has come, in time and not too much of it."""
        with self._held.body() as held:
            try:
                body = await held.read(request.stream())
            except Refusal as refusal:
                await refused(refusal)(request.scope, request.receive, send)
                return
            await self._app(request.scope, _replaying(body, request.receive), send)

    async def _answer(self, request: Request) -> Response | None:
        """Return what to answer in place of the routes, or None where they may."""
        try:
            self._guard.check_page(request.headers, request.url.scheme)
            _check_length(request)
            offered = await self._offered(request)
            if offered is not None and (session := self._session_for(request, offered)):
                return self._opened(request, session)
            self._check_reader(request)
        except Refusal as refusal:
            if refusal.status == HTTPStatus.UNAUTHORIZED and not _is_program(request):
                return sign_in.page(is_refused=request.method == "POST")
            return refused(refusal)
        return None

    async def _offered(self, request: Request) -> str | None:
        """Return the secret that a link or the page to sign in brings; no other page is posted."""
        if _is_program(request):
            return None
        if request.method == "GET":
            return request.query_params.get("t")
        if request.method != "POST":
            return None
        with self._held.body() as held:
            return sign_in.secret_in(await held.read(request.stream()))

    def _session_for(self, request: Request, secret: str) -> str | None:
        """Return the session to go on with: one that *secret* opens, or that there is already."""
        if opened := self._keys.opened(secret):
            return opened.reveal()
        session = self._session_of(request)
        return session if self._keys.access_of_session(session) else None

    def _check_reader(self, request: Request) -> None:
        if request.scope["path"] not in OPEN_PATHS:
            request.scope[ACCESS] = self._guard.check_reader(
                request.headers,
                request.url.scheme,
                method=request.method,
                session=self._session_of(request),
            )

    def _opened(self, request: Request, session: str) -> Response:
        """Return a redirect to the address without the link's secret, which opens a session."""
        rest = [pair for pair in parse_qsl(request.url.query) if pair[0] != "t"]
        # As it was sent: decoded, an id in it might read as more. One slash: two name another host.
        path = self._root.path + "/" + request.scope["raw_path"].decode("ascii").lstrip("/\\")
        target = f"{path}?{urlencode(rest)}" if rest else path
        answer = RedirectResponse(target, HTTPStatus.SEE_OTHER)
        # Longer than the browser is open: the link does not work again.
        answer.set_cookie(
            self._cookie,
            session,
            max_age=_SESSION_S,
            path=self._root.path or "/",
            secure=(self._root.origin or "").startswith("https:"),
            httponly=True,
            samesite="strict",
        )
        return answer

    def _session_of(self, request: Request) -> str:
        return request.cookies.get(self._cookie, "")


def _is_program(request: Request) -> bool:
    return bool(request.scope["path"].startswith(_PROGRAMS))


def _check_length(request: Request) -> None:
    """
    Let a body pass that is not too long, and says how long it is.

    Raises:
        Refusal: It is, or does not.
    """
    if is_safe(request.method):
        return
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not _LENGTH.fullmatch(length):
        raise Refusal(411, "send the body with a Content-Length")
    if int(length) > MAX_BODY_BYTES:
        raise Refusal(413, f"the body has {length} bytes; at most {MAX_BODY_BYTES} are taken")


def _replaying(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_headers
