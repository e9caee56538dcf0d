"""The front door of the test stack, in place of Supabase's own: keys, routes, records, faults."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.supabase.exchange import Call, Reply, send
from tests.supabase.faults import REPLIES, Fault
from tests.supabase.http_server import HttpServer

# Whoever holds such a URL needs no key: the token in it speaks for itself.
_KEYLESS = ("/storage/v1/object/sign/", "/storage/v1/object/public/", "/storage/v1/object/upload/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    Where requests go whose path begins with *prefix*.

    Attributes:
        bearers: Role -> the token that the server behind knows it by.
        is_stripped: Whether the server behind expects the path without the prefix.
        repair: Carries out a call by the function it is given, and returns a better reply.
    """

    prefix: str
    port: int
    bearers: Mapping[str, str]
    is_stripped: bool = False
    repair: Callable[[Call, Callable[[Call], Reply]], Reply] | None = None

    def answer(self, call: Call) -> Reply:
        """Pass *call* on and return the reply."""
        if self.is_stripped:
            call = replace(call, path=call.path.removeprefix(self.prefix) or "/")
        if self.repair:
            return self.repair(call, lambda call: send(self.port, call))
        return send(self.port, call)


@dataclass(slots=True)
class Request:
    """
    A request that has come in.

    Attributes:
        path: With its query.
        size: Of the body, bytes.
        role: That its key speaks for, or None for an unknown key.
        fault: The name of the fault that met it.
        status: Of the reply that was sent; None until then, and for good where none was sent.
    """

    method: str
    path: str
    size: int
    role: str | None
    fault: str | None = None
    status: int | None = None


class Gateway:
    """
    Listens on *port* between `start()` and `stop()`; thread-safe.

    Attributes:
        keys: Key -> role. Others are refused.
        delay_s: Added to each round trip.
        requests: All that came in since `reset()`, in the order of their coming.
    """

    def __init__(self, port: int, routes: tuple[Route, ...], keys: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.keys = keys
        self.delay_s = 0.0
        self.requests: list[Request] = []
        self._port = port
        self._routes = routes
        self._faults: list[Fault] = []
        self._changed = threading.Condition()
        self._server: HttpServer | None = None

    def start(self) -> None:
        """Listen."""
        self._server = HttpServer(self._port, self.answer)
        self._server.start()

    def stop(self) -> None:
        """Close the port and every connection: from now on connections are refused."""
        self._lift_all()
        if self._server:
            self._server.stop()
            self._server = None

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse every connection for the time of a block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def reset(self) -> None:
        """Forget requests and faults, and be fast again."""
        self._lift_all()
        self.delay_s = 0.0
        self.requests = []

    def fault(self, name: str, **conditions: Any) -> Fault:
        """Let requests meet a fault; *conditions* are the attributes of `Fault`."""
        fault = Fault(name=name, **conditions)
        with self._changed:
            self._faults.append(fault)
        return fault

    def wait_for(self, condition: Callable[[list[Request]], bool], timeout_s: float = 10) -> bool:
        """Wait until *condition* holds for the requests so far; return whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self.requests), timeout_s)

    def answer(self, call: Call) -> tuple[Reply | None, Fault | None]:
        """Return the reply to *call*, or the fault that takes its place."""
        request, fault = self._record(call)
        if self.delay_s:
            time.sleep(self.delay_s)
        reply = None
        if fault is None or fault.after_commit:
            reply = self._reply(call, request.role)
        if fault is not None:
            reply = REPLIES.get(fault.name)
        with self._changed:
            request.status = reply.status if reply else None
            self._changed.notify_all()
        return reply, fault

    def _record(self, call: Call) -> tuple[Request, Fault | None]:
        size = len(call.body)
        request = Request(call.method, call.path, size, self.keys.get(_key_of(call)))
        with self._changed:
            meeting = (each for each in self._faults if each.meets(call.method, call.path, size))
            fault = next(meeting, None)
            request.fault = fault.name if fault else None
            self.requests.append(request)
            self._changed.notify_all()
        return request, fault

    def _reply(self, call: Call, role: str | None) -> Reply:
        route = next((each for each in self._routes if call.path.startswith(each.prefix)), None)
        if route is None:
            return Reply.of_json(404, {"message": "no Route matched with those values"})
        key = _key_of(call)
        if role is None and (key or not call.path.startswith(_KEYLESS)):
            hint = "Double check your Supabase `anon` or `service_role` API key."
            return Reply.of_json(401, {"message": "Invalid API key", "hint": hint})
        return route.answer(replace(call, headers=self._credentials(call, route, role)))

    def _credentials(self, call: Call, route: Route, role: str | None) -> dict[str, str]:
        """Return the headers of *call* with the token of *role*, or of a user who has signed in."""
        headers = {k: v for k, v in call.headers.items() if k not in ("apikey", "authorization")}
        if role is None:
            return headers
        bearer = _bearer_of(call)
        if not bearer or bearer in self.keys:
            bearer = route.bearers[role]
        return {**headers, "apikey": route.bearers[role], "authorization": f"Bearer {bearer}"}

    def _lift_all(self) -> None:
        with self._changed:
            for fault in self._faults:
                fault.lift()
            self._faults = []


def _bearer_of(call: Call) -> str:
    return call.headers.get("authorization", "").removeprefix("Bearer ")


def _key_of(call: Call) -> str:
    return call.headers.get("apikey") or _bearer_of(call)
