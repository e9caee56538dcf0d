"""
Whether phones are asked what a tap is on, beside what their agents ask them: by default not.

It is one for the process, as the recording is that has it from its settings.
"""

_is_on = False


def set_asked(is_on: bool) -> None:
    """Ask from now on, or no more."""
    global _is_on  # noqa: PLW0603 - see above
    _is_on = is_on


def is_asked() -> bool:
    """Tell whether phones are asked."""
    return _is_on
