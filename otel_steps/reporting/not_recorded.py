"""What is asked of and is not there."""


class NotRecorded(LookupError):
    """Nothing of the kind was recorded; the message says what there is instead."""
