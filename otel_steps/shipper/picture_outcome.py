"""What has become of a picture that was sent to where pictures live."""

from otel_steps.pictures.stored import StoredPicture


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
