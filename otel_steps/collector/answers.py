"""The two encodings of OTLP/HTTP: how a request is read, and how it is answered in its own."""

import json
from abc import ABC, abstractmethod
from typing import Any, Final

from starlette.responses import Response

from otel_steps import otlp_proto
from otel_steps.collector.receiver import Taken
from otel_steps.collector.refusal import Refusal


class Encoding(ABC):
    """
    One of the encodings.

    Attributes:
        media_type: As `Content-Type` names it.
    """

    media_type: str

    @abstractmethod
    def message(self, body: bytes) -> dict[str, Any]:
        """
        Return *body* in the shape of OTLP/JSON.

        Raises:
            ValueError: It is no trace request.
        """

    @abstractmethod
    def _status(self, code: int, message: str) -> bytes: ...

    @abstractmethod
    def _partial_success(self, rejected: int, message: str) -> bytes: ...

    def taken(self, taken: Taken) -> Response:
        """Return the answer to a request that was taken, but for some spans perhaps."""
        content = self._partial_success(taken.rejected, taken.reason)
        return Response(content, media_type=self.media_type)

    def refused(self, refusal: Refusal) -> Response:
        """Return the answer to a request that was not."""
        content = self._status(refusal.grpc_code, str(refusal))
        return Response(
            content, refusal.status, headers=refusal.headers, media_type=self.media_type
        )


class _Protobuf(Encoding):
    media_type = "application/x-protobuf"

    def message(self, body: bytes) -> dict[str, Any]:
        return otlp_proto.message_of(body)

    def _status(self, code: int, message: str) -> bytes:
        return otlp_proto.status(code, message)

    def _partial_success(self, rejected: int, message: str) -> bytes:
        return otlp_proto.partial_success(rejected, message) if rejected else b""


class _Json(Encoding):
    media_type = "application/json"

    def message(self, body: bytes) -> dict[str, Any]:
        try:
            message = json.loads(body)
        except RecursionError:
            raise ValueError("the JSON is nested too deep") from None
        if not isinstance(message, dict):
            raise ValueError(f"the JSON is a {type(message).__name__}, expected an object")
        return message

    def _status(self, code: int, message: str) -> bytes:
        return json.dumps({"code": code, "message": message}).encode()

    def _partial_success(self, rejected: int, message: str) -> bytes:
        if not rejected:
            return b"{}"
        # A 64-bit integer, which protobuf's JSON has as a string.
        partial = {"rejectedSpans": str(rejected), "errorMessage": message}
        return json.dumps({"partialSuccess": partial}).encode()


PROTOBUF: Final[Encoding] = _Protobuf()
JSON: Final[Encoding] = _Json()


def encoding_of(content_type: str) -> Encoding | None:
    """Return the encoding that a `Content-Type` names, or None where it is neither."""
    media_type = content_type.partition(";")[0].strip().lower()
    return {each.media_type: each for each in (PROTOBUF, JSON)}.get(media_type)
