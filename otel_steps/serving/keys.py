"""
Who may look: the link that is printed, the cookie it becomes, and the token of scripts.
"""

import hashlib
import hmac
import secrets
import threading

from otel_steps.config import Secret
from otel_steps.serving.access import Access
from otel_steps.serving.kept_secret import KeptSecret
from otel_steps.serving.tokens import Tokens


class Keys:
    """
    The secrets of one viewer. None of them shows itself in a log.

    Args:
        token: What scripts send as `Authorization: Bearer`, and what opens a browser's session any
            number of times; None where there is only the link, which opens one session.
        kept: Of this, where there is no token, sessions are made: whoever is signed in stays so
            when the viewer is started again. By default they end with it.
        tokens: Of people who may see a part; each opens sessions that end when it is taken away.
        most: What *token* and link let somebody do, by default everything.

    Attributes:
        token: As given.
        link: Opens one session, then no more: a browser leaves it in its history, and the command
            that opened the browser in the list of processes.
    """

    def __init__(
        self,
        token: Secret | None = None,
        *,
        kept: KeptSecret | None = None,
        tokens: Tokens | None = None,
        most: Access | None = None,
    ) -> None:
        self.link = Secret(secrets.token_urlsafe(32))
        self.token = token
        self._kept = kept
        self._tokens = tokens
        self._most = most or Access()
        self._is_link_used = False
        self._lock = threading.Lock()
        self._session = _session_of(token.reveal().encode()) if token is not None else None

    @property
    def session(self) -> Secret:
        """The cookie of a session as *token* and link open it; all browsers have the same."""
        with self._lock:
            if self._session is None:
                self._session = _session_of(
                    self._kept.make() if self._kept else secrets.token_bytes(32)
                )
            return self._session

    def opened(self, text: str) -> Secret | None:
        """Return the cookie of the session that *text* opens, or None; the link does once."""
        if self.is_token(text):
            return self.session
        named = self._tokens and self._tokens.find(text)
        if named:
            return _session_of(named.sha256.encode())
        if not _equal(text, self.link):
            return None
        with self._lock:
            is_first, self._is_link_used = not self._is_link_used, True
        return self.session if is_first else None

    def is_token(self, text: str) -> bool:
        """Return whether *text* is the token of scripts and senders."""
        return self.token is not None and _equal(text, self.token)

    def access_of_token(self, text: str) -> Access | None:
        """Return what a token lets somebody do, or None where it is none."""
        if self.is_token(text):
            return self._most
        named = self._tokens and self._tokens.find(text)
        return named.access if named else None

    def access_of_session(self, text: str) -> Access | None:
        """Return what may be done in the session with the cookie *text*, or None: there is none."""
        if self._is_session(text):
            return self._most
        for named in self._tokens.usable() if self._tokens and text else ():
            if _equal(text, _session_of(named.sha256.encode())):
                return named.access
        return None

    def _is_session(self, text: str) -> bool:
        session = self._session
        if session is None and self._kept and (seed := self._kept.read()):
            session = _session_of(seed)
        return session is not None and _equal(text, session)


def _session_of(seed: bytes) -> Secret:
    return Secret(hmac.new(seed, b"otel-steps viewer session", hashlib.sha256).hexdigest())


def _equal(text: str, secret: Secret) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "replace"), secret.reveal().encode())
