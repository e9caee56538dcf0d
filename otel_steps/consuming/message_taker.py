"""One message out of a queue: into the journal, or aside; it never holds up others."""

from typing import Final

from otel_steps.collector.answers import JSON, PROTOBUF, Encoding
from otel_steps.collector.intake import Intake
from otel_steps.health.problems import Problems
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.serving.refusal import Refusal

_UNAVAILABLE: Final = 503
_SPACE: Final = b" \t\r\n"


class NotNow(Exception):
    """The disk does not take a message now; the same may work later."""


class MessageTaker:
    """
    Takes messages as the receiver takes bodies, by the same intake.

    Nobody hears an answer here, so what a sender would be told is reported, and what cannot be read
    is kept.

    Args:
        intake: Has the journal.
        dead_letters: Of that journal.
        problems: Hears of what is set aside.
    """

    def __init__(self, intake: Intake, dead_letters: DeadLetters, problems: Problems) -> None:
        self._intake = intake
        self._dead_letters = dead_letters
        self._problems = problems

    def take(self, value: bytes, place: str) -> bool:
        """
        Put the spans of a message into the journal; what returns is on disk.

        Args:
            value: The message, protobuf or JSON.
            place: Where it comes from, in words.

        Returns:
            False where it is set aside, as a whole or for some of its spans.

        Raises:
            NotNow: Some may be kept; bring it again.
        """
        try:
            taken = self._intake.take(_encoding_of(value), value)
        except Refusal as refusal:
            if refusal.status == _UNAVAILABLE:
                raise NotNow(str(refusal)) from None
            reason = str(refusal)
        except Exception as error:  # noqa: BLE001 - one message never holds up the others; kept and reported
            reason = f"{type(error).__name__}: {error}"
        else:
            if not taken.rejected:
                return True
            reason = f"{taken.rejected} of its spans are not kept: {taken.reason}"
        self._set_aside(value, place, reason)
        return False

    def _set_aside(self, value: bytes, place: str, reason: str) -> None:
        # What cannot be read cannot be kept from saying too much either.
        if not self._intake.hides_nothing:
            reason = "it may hold content that is not to be kept, so it is left where it is"
            value = place.encode()
        try:
            self._dead_letters.add_message(value)
        except OSError as error:
            raise NotNow(f"{place} cannot be set aside: {error}") from error
        self._problems.report("consumer", f"{place} cannot be taken: {reason}")


def _encoding_of(value: bytes) -> Encoding:
    # An object begins with a brace, which as protobuf would be a group: no request has one.
    return JSON if value.lstrip(_SPACE)[:1] == b"{" else PROTOBUF
