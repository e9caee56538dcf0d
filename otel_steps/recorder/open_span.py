"""A task or a step in flight."""

from opentelemetry.sdk.trace import ReadableSpan

from otel_steps.otlp.sdk import copied, events_of


class OpenSpan:
    """
    A span in flight.

    Its states are read and encoded by several threads at once, and foreign code runs meanwhile, so
    no lock is held; instead each is numbered before it is read. A state with a higher number knows
    all that whoever wrote the lower one had set. So of two the higher one counts.

    Attributes:
        has_ended: Whether its end is being written, which says more than any state.
        written: What it `says` in a state that the journal has, or a later one has come before.
    """

    def __init__(self, span: ReadableSpan) -> None:
        self.span = span
        self.has_ended = False
        self.written: object = None
        self._newest = 0  # of the states that the journal has; changes in the journal's turn only

    def says(self) -> object:
        """Return what changes of it while it is open; equal where nothing has changed."""
        return copied(self.span.attributes), self.span.status, len(events_of(self.span))

    def claim(self, state: int) -> bool:
        """Tell, in the journal's turn, whether the state of that number is still to be written."""
        if self.has_ended or state < self._newest:
            return False
        self._newest = state
        return True
