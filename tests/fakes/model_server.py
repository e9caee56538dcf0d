"""A model on 127.0.0.1 whose replies are written beforehand: OpenAI-compatible, or Anthropic's."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from tests.fakes.local_server import LocalHandler, LocalServer
from tests.fakes.model_apis import messages_answer, responses_answer
from tests.patience import PATIENCE_S

# Pieces of a reply as a stream sends them; small, so that a marker is cut in two now and then.
_PIECE_CHARS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    One reply of the model, or a fault in its place.

    Attributes:
        text: Thinking followed directly by one call: `去设置。do(action="Launch", app="Chrome")`.
        status: Of HTTP; any but 200 is an error.
        times: For how many requests the fault holds before the text comes; None is for good.
        ending: `cut` closes the connection after half of the reply; `held` waits for `release()`,
            in a stream after the first half.
        delay_s: Between two pieces of the stream.
        tool: Name and arguments (JSON) of a tool that is called besides, where nothing is streamed.
        tools: The same of further tools, called at once.
        finish_reason: Why the model stopped: `length` at the limit of its tokens.
        usage: What the reply has used, in a stream as well; by default 9 and 4 tokens where nothing
            is streamed, and nothing in a stream.
    """

    text: str = 'finish(message="done")'
    status: int = 200
    times: int | None = None
    ending: Literal["whole", "cut", "held"] = "whole"
    delay_s: float = 0.0
    tool: tuple[str, str] | None = None
    tools: tuple[tuple[str, str], ...] = ()
    finish_reason: str = "stop"
    usage: dict[str, Any] | None = None

    @property
    def calls(self) -> list[tuple[str, str]]:
        """All tools that are called."""
        return [*filter(None, [self.tool]), *self.tools]


class ModelServer(LocalServer):
    """
    Stands for the model; a context manager.

    A script is chosen by the model's name, and a reply by the number of assistant messages in the
    request: retries get the same one, and several agents can share a server.

    Attributes:
        base_url: What an agent takes as such.
        requests: Bodies of the requests so far, as they came.
        held: Set as soon as a reply is held back.
    """

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.base_url = f"{self.origin}/v1"
        self.requests: list[dict[str, Any]] = []
        self.held = threading.Event()
        self._released = threading.Event()
        self._scripts: dict[str, Sequence[Reply]] = {}
        self._failures: dict[tuple[str, int], int] = {}

    def script(self, model: str, replies: Sequence[Reply | str]) -> None:
        """Set the replies of *model*, one a step; the last one repeats."""
        self._scripts[model] = [
            Reply(text=reply) if isinstance(reply, str) else reply for reply in replies
        ]

    def requests_of(self, model: str) -> list[dict[str, Any]]:
        """Return the requests that *model* has had."""
        return [request for request in self.requests if request["model"] == model]

    def release(self) -> None:
        """Let replies that are held back go on, now and from now on."""
        self._released.set()

    def __exit__(self, *failure: Any) -> None:
        self.release()
        super().__exit__(*failure)

    def hold(self) -> None:
        """Wait for `release()`."""
        self.held.set()
        self._released.wait(PATIENCE_S)

    def take(self, request: dict[str, Any]) -> Reply:
        """Return the reply to a request, which is an error as long as its fault holds."""
        self.requests.append(request)
        model = request["model"]
        script = self._scripts.get(model) or [Reply()]
        number = sum(map(_is_answer, request.get("messages") or request["input"]))
        reply = script[min(number, len(script) - 1)]
        if reply.status == 200 or reply.times is None:
            return reply
        failures = self._failures[(model, number)] = self._failures.get((model, number), 0) + 1
        return reply if failures <= reply.times else Reply(text=reply.text)


class _Handler(LocalHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.read_body())
        reply = self.server.take(request)
        if reply.status != 200:
            self._refuse(reply.status)
        elif self.path.endswith("/messages"):
            self._send(messages_answer(request["model"], reply.text, reply.calls))
        elif self.path.endswith("/responses"):
            self._send(responses_answer(request["model"], reply.text, reply.calls))
        elif request.get("stream"):
            self._stream(request["model"], reply)
        else:
            choice = {"index": 0, "message": _message(reply)}
            choice["finish_reason"] = reply.finish_reason
            if reply.ending == "held":
                self.server.hold()
            is_cut = reply.ending == "cut"
            completion = _chunk(request["model"], "chat.completion", choice)
            completion["usage"] = reply.usage or {
                "prompt_tokens": 9,
                "completion_tokens": 4,
                "total_tokens": 13,
                "prompt_tokens_details": {"cached_tokens": 5},
            }
            self._send(completion, is_cut=is_cut)

    def _refuse(self, status: int) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        message = f"Incorrect key: {key}" if status == 401 else "the model is overloaded"
        # The client would wait half a second and more before it tries again.
        self._send({"error": {"message": message}}, status, {"retry-after-ms": "1"})

    def _send(
        self,
        value: dict[str, Any],
        status: int = 200,
        headers: dict[str, str] | None = None,
        *,
        is_cut: bool = False,
    ) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.close_connection = is_cut
        with suppress(OSError):
            self.wfile.write(body[: len(body) // 2] if is_cut else body)

    def _stream(self, model: str, reply: Reply) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        # The agent may go in the middle, which is what some tests are about.
        with suppress(OSError):
            for data in self._events(model, reply):
                body = f"data: {data}\n\n".encode()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
                self.wfile.flush()
            if reply.ending != "cut":
                self.wfile.write(b"0\r\n\r\n")

    def _events(self, model: str, reply: Reply) -> Iterator[str]:
        pieces = [
            reply.text[start : start + _PIECE_CHARS]
            for start in range(0, len(reply.text), _PIECE_CHARS)
        ]
        for number, piece in enumerate(pieces):
            if number == len(pieces) // 2 and reply.ending == "cut":
                return
            if number == len(pieces) // 2 and reply.ending == "held":
                self.server.hold()
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            yield json.dumps(_chunk(model, "chat.completion.chunk", choice))
            time.sleep(reply.delay_s)
        choice = {"index": 0, "delta": {}, "finish_reason": reply.finish_reason}
        last = _chunk(model, "chat.completion.chunk", choice)
        yield json.dumps(last | ({"usage": reply.usage} if reply.usage else {}))
        yield "[DONE]"


def _is_answer(message: dict[str, Any]) -> bool:
    """Tell what the model has said, in a conversation of any kind; a turn has one of these."""
    return message.get("role") == "assistant" or message.get("type") == "computer_call"


def _message(reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": f"call-{number}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for number, (name, arguments) in enumerate(reply.calls)
        ]
    return message


def _chunk(model: str, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "reply", "object": kind, "created": 0, "model": model, "choices": [choice]}
