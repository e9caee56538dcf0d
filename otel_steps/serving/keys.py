"""
Who may look: the link that is printed, the cookie it becomes, and the token of scripts.
"""

import hashlib
import hmac
import secrets
import threading

from otel_steps.config import Secret
from otel_steps.serving.kept_secret import KeptSecret


class Keys:
    """
    The secrets of one viewer. None of them shows itself in a log.

    Args:
        token: What scripts send as `Authorization: Bearer`, and what opens a browser's session any
            number of times; None where there is only the link, which opens one session.
        kept: Of this, where there is no token, sessions are made: whoever is signed in stays so
            when the viewer is started again. By default they end with it.

    Attributes:
        token: As given.
        link: Opens one session, then no more: a browser leaves it in its history, and the command
            that opened the browser in the list of processes.
    """

    def __init__(self, token: Secret | None = None, *, kept: KeptSecret | None = None) -> None:
        self.link = Secret(secrets.token_urlsafe(32))
        self.token = token
        self._kept = kept
        self._is_link_used = False
        self._lock = threading.Lock()
        self._session = _session_of(token.reveal().encode()) if token is not None else None

    @property
    def session(self) -> Secret:
        """The cookie of a session; all browsers have the same."""
        with self._lock:
            if self._session is None:
                self._session = _session_of(
                    self._kept.make() if self._kept else secrets.token_bytes(32)
                )
            return self._session

    def opens(self, text: str) -> bool:
        """Return whether *text* opens a session; the link does once."""
        if self.is_token(text):
            return True
        if not _equal(text, self.link):
            return False
        with self._lock:
            is_first, self._is_link_used = not self._is_link_used, True
        return is_first

    def is_token(self, text: str) -> bool:
        """Return whether *text* is the token of scripts."""
        return self.token is not None and _equal(text, self.token)

    def is_session(self, text: str) -> bool:
        """Return whether *text* is the cookie of a session that was opened."""
        session = self._session
        if session is None and self._kept and (seed := self._kept.read()):
            session = _session_of(seed)
        return session is not None and _equal(text, session)


def _session_of(seed: bytes) -> Secret:
    return Secret(hmac.new(seed, b"otel-steps viewer session", hashlib.sha256).hexdigest())


def _equal(text: str, secret: Secret) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "replace"), secret.reveal().encode())
