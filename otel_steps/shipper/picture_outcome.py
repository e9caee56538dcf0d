"""What has become of pictures that were sent to where pictures live."""

from collections.abc import Mapping
from dataclasses import dataclass

from otel_steps.pictures.change import Change
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.mapping import Changes


class PictureRefusal(str):
    """
    Why a picture is refused for good, in a sentence.

    Attributes:
        code: Of the place that has refused it, if it has one.
    """

    __slots__ = ("code",)

    def __new__(cls, reason: str, code: str | None = None) -> "PictureRefusal":
        refusal = super().__new__(cls, reason)
        refusal.code = code
        return refusal

    code: str | None


# What has become of a picture: where it lives, or why it never will.
PictureOutcome = StoredPicture | str


@dataclass(frozen=True, slots=True)
class Compared:
    """That two pictures were compared: what has changed, None where that cannot be told."""

    change: Change | None


@dataclass(frozen=True, slots=True)
class Settled:
    """
    What is known of the pictures of some spans.

    Attributes:
        pictures: By sha256; those that are not here are on their way.
        changes: What has changed since the pictures before them.
    """

    pictures: Mapping[str, PictureOutcome]
    changes: Changes
