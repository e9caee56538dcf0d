"""
The side channel beside a span: what the OpenTelemetry API has no call for.

A span processor hears that a span started and that it ended, nothing in between, and an attribute
must not hold a picture. So an instrumentor (which knows the API only) says three more things here:
*this picture belongs to that open span*, *that open span has changed*, and *this went wrong*.
Whoever records listens; where nobody listens, the calls do nothing and cost nothing.

Listeners run on the caller's thread, which need not be the agent's, and must not raise.
"""

from typing import Protocol

from opentelemetry.trace import Span


class SpanListener(Protocol):
    """What a recorder offers to this channel."""

    def on_picture(self, span: Span, sha256: str, picture: bytes, place: int) -> None:
        """
        Keep *picture*, whose name is *sha256*, for *span* until the span ends.

        It replaces that at the same *place*: 0 is the picture before the action, others follow.
        """

    def on_change(self, span: Span) -> None:
        """Take note that attributes of the open *span* have changed."""

    def on_problem(self, kind: str, message: str) -> None:
        """Count a problem that the agent must not feel, of a *kind* that `health` knows."""


# A tuple replaced as a whole: readers need no lock.
_listeners: tuple[SpanListener, ...] = ()


def subscribe(listener: SpanListener) -> None:
    """Let *listener* hear of pictures and changes; a second call for the same one does nothing."""
    global _listeners  # noqa: PLW0603 - the channel is one for the process, as the tracer is
    if listener not in _listeners:
        _listeners = (*_listeners, listener)


def unsubscribe(listener: SpanListener) -> None:
    """Stop telling *listener*."""
    global _listeners  # noqa: PLW0603 - see subscribe
    _listeners = tuple(each for each in _listeners if each is not listener)


def is_heard() -> bool:
    """Tell whether anybody listens."""
    return bool(_listeners)


def attach_picture(span: Span, sha256: str, picture: bytes, *, place: int = 0) -> None:
    """
    Hand over *picture*, the bytes as captured; then the span's attributes may name it.

    A later one at the same *place* replaces it.
    """
    for listener in _listeners:
        listener.on_picture(span, sha256, picture, place)


def report(kind: str, message: str) -> None:
    """Count a problem that the agent must not feel; see `health.problems`."""
    for listener in _listeners:
        listener.on_problem(kind, message)


def changed(span: Span) -> None:
    """Say that *span*, still open, now knows more: a crash from here on must not lose it."""
    for listener in _listeners:
        listener.on_change(span)
