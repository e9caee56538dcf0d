"""The two encodings of OTLP/HTTP: how a request is read, and how it is answered in its own."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.responses import Response

from otel_steps.collector import parts
from otel_steps.collector.receiver import Taken
from otel_steps.otlp import log_events, message, protobuf
from otel_steps.otlp.raw import RawSpan
from otel_steps.sanitize import MAX_VALUE_BYTES
from otel_steps.serving.refusal import Refusal

# HTTP status -> code of `google.rpc.Status`, which OTLP's answers speak.
GRPC_CODES: Final[Mapping[int, int]] = {
    400: 3,  # INVALID_ARGUMENT, as 413 and 415
    413: 3,
    415: 3,
    401: 16,  # UNAUTHENTICATED
    403: 7,  # PERMISSION_DENIED
    408: 4,  # DEADLINE_EXCEEDED
    429: 8,  # RESOURCE_EXHAUSTED
    503: 14,  # UNAVAILABLE
}


class Encoding(ABC):
    """
    One of the encodings.

    Attributes:
        media_type: As `Content-Type` names it.
    """

    media_type: str

    @abstractmethod
    def spans(self, body: bytes) -> Iterable[RawSpan | ValueError]:
        """
        Return what *body* says of each span, or why that cannot be read.

        Raises:
            ValueError: It is no trace request; for some reasons not before it is iterated.
            RecursionError: As above: it is nested too deep.
            Refusal: It holds too much.
        """

    @abstractmethod
    def events(self, body: bytes) -> Iterable[RawSpan | ValueError]:
        """Return the events among the log records of *body*; raises as `spans` does."""

    @abstractmethod
    def _status(self, code: int, message: str) -> bytes: ...

    @abstractmethod
    def success(self, rejected: int = 0, message: str = "") -> bytes:
        """Return what the answer says of a request that was taken, but for *rejected* spans."""

    def taken(self, taken: Taken) -> Response:
        """Return the answer to a request that was taken, but for some spans perhaps."""
        content = self.success(taken.rejected, taken.reason)
        return Response(content, media_type=self.media_type)

    def ignored(self, message: str) -> Response:
        """Return the answer to a request of which nothing is kept, now or when sent again."""
        return Response(self.success(message=message), media_type=self.media_type)

    def refused(self, refusal: Refusal) -> Response:
        """Return the answer to a request that was not."""
        content = self._status(GRPC_CODES[refusal.status], str(refusal))
        return Response(
            content, refusal.status, headers=refusal.headers, media_type=self.media_type
        )


class _Protobuf(Encoding):
    media_type = "application/x-protobuf"

    def spans(self, body: bytes) -> Iterable[RawSpan | ValueError]:
        parts.check_protobuf(body)
        return protobuf.raw_spans(body, max_bytes=MAX_VALUE_BYTES)

    def events(self, body: bytes) -> Iterable[RawSpan | ValueError]:
        parts.check_protobuf(body, are_logs=True)
        return protobuf.raw_events(body, max_bytes=MAX_VALUE_BYTES)

    def _status(self, code: int, message: str) -> bytes:
        return protobuf.status(code, message)

    def success(self, rejected: int = 0, message: str = "") -> bytes:
        return protobuf.partial_success(rejected, message) if message else b""


class _Json(Encoding):
    media_type = "application/json"

    def spans(self, body: bytes) -> Iterable[RawSpan | ValueError]:
        return message.raw_spans(_object_in(body), max_bytes=MAX_VALUE_BYTES)

    def events(self, body: bytes) -> Iterable[RawSpan | ValueError]:
        return log_events.raw_events(_object_in(body), max_bytes=MAX_VALUE_BYTES)

    def _status(self, code: int, message: str) -> bytes:
        return json.dumps({"code": code, "message": message}).encode()

    def success(self, rejected: int = 0, message: str = "") -> bytes:
        if not message:
            return b"{}"
        # A 64-bit integer, which protobuf's JSON has as a string.
        partial = {"rejectedSpans": str(rejected), "errorMessage": message}
        return json.dumps({"partialSuccess": partial}).encode()


def _object_in(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in *body*; raises as `Encoding.spans` does."""
    parts.check_json(body)
    try:
        # Python of ours in between, so that other threads have their turn.
        data = json.loads(body, object_hook=lambda found: found)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    if not isinstance(data, dict):
        raise ValueError(f"the JSON is a {type(data).__name__}, expected an object")
    return data


PROTOBUF: Final[Encoding] = _Protobuf()
JSON: Final[Encoding] = _Json()


def encoding_of(content_type: str) -> Encoding | None:
    """Return the encoding that a `Content-Type` names, or None where it is neither."""
    media_type = content_type.partition(";")[0].strip().lower()
    return {each.media_type: each for each in (PROTOBUF, JSON)}.get(media_type)
