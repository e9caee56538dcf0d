"""One call that a step makes, watched: when it begins, what it returns, how it fails."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from otel_steps.emit.protection import unharmed
from otel_steps.instrumentation.begun_call import BegunCall
from otel_steps.instrumentation.call_span import CallSpan
from otel_steps.instrumentation.outcome import Mask

T = TypeVar("T")


class Watching(NamedTuple):
    """
    What becomes of what is seen of a call.

    Attributes:
        before: Called first; returns the call, if it is to have a span.
        spent: Called with the milliseconds it took, however it ended.
        returned: Called with its result.
        content: Called with its result; tells what of it the span says.
        raised: Called with its exception.
    """

    before: Callable[[], BegunCall | None]
    spent: Callable[[float], None]
    returned: Callable[[Any], None]
    content: Callable[[Any], Mapping[str, Any]] = lambda _: {}
    raised: Callable[[BaseException], Any] = lambda _: None


class CallWatch:
    """
    A context manager around the call, in which `saw` is called with its result.

    The call may be awaited; its exceptions pass untouched.
    """

    def __init__(self, mask: Mask, watching: Watching) -> None:
        self._watching = watching
        self._child = CallSpan(mask)
        self._result: Any = None

    def saw(self, result: T) -> T:
        """Take note of what the call returned, and return it."""
        self._result = result
        with unharmed("record what a call returned"):
            self._child.note(result, self._watching.content)
        return result

    def __enter__(self) -> "CallWatch":
        with unharmed("record the beginning of a call"):
            self._child.open(self._watching.before())
        self._child.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._child.__exit__(kind, error, traceback)
        with unharmed("record the end of a call"):
            self._watching.spent(self._child.milliseconds)
            if error is None:
                self._watching.returned(self._result)
            else:
                self._watching.raised(error)
