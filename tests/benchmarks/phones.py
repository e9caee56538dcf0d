"""
Some phones of a fleet, as a process of its own: each makes a step once in a while, and sends it.

    python -m tests.benchmarks.phones FIRST COUNT STEPS PERIOD_S AT WAY

where WAY is `collect URL ...` or `kafka BROKERS TOPIC`.

A step ends when it is sent, so that `ended_at` of its row says when that was. Who is not answered
asks the next replica, as a load balancer would, until one has taken it. At the end it prints how
many steps were taken, how long that took, and how often it had to ask again.
"""

import heapq
import http.client
import json
import sys
import time
from collections.abc import Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, TraceFlags

from otel_steps import semconv
from tests.patience import PATIENCE_S

_STEP_NS: Final = 2_000_000_000
_RESOURCE: Final = Resource({"service.name": "fleet", "device.model.identifier": "emulator"})
# Of a model that says what it sees: about as long as those of the recorded runs.
_THINKING: Final = (
    "The page of the settings is open; I scroll on to the entry that is asked for. " * 4
)


def task_id(phone: int) -> str:
    """Return the task of a phone."""
    return f"fleet-{phone:06}"


def body_of(phone: int, step: int) -> bytes:
    """Return an export request with one step of a phone, which ends now."""
    trace, now = phone + 1, time.time_ns()
    attributes = {
        semconv.TASK_ID: task_id(phone),
        semconv.STEP_NUMBER: step,
        semconv.STEP_TYPE: "action",
        semconv.STEP_THINKING: _THINKING,
        semconv.STEP_ACTION: '{"_metadata": "do", "action": "Tap", "element": [500, 82]}',
        semconv.STEP_SUCCESS: True,
        semconv.STEP_APP: "Settings",
        semconv.DEVICE_ID: f"phone-{phone}",
    }
    span = ReadableSpan(
        "step",
        context=_context(trace, phone * 10_000 + step + 1),
        parent=_context(trace, phone * 10_000 + 10_000),
        resource=_RESOURCE,
        attributes=attributes,
        start_time=now - _STEP_NS,
        end_time=now,
    )
    return encode_spans([span]).SerializeToString()


def _context(trace: int, span: int) -> SpanContext:
    return SpanContext(trace, span, is_remote=False, trace_flags=TraceFlags(1))


class Way(Protocol):
    """How steps are sent."""

    again: int

    def send(self, phone: int, body: bytes) -> None:
        """Send a step of *phone*, until somebody has taken it."""

    def end(self) -> None:
        """Wait until all of them are taken."""


class Collect:
    """To some replicas; each phone prefers one."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.again = 0
        self._hosts = [urlsplit(url).netloc for url in urls]
        self._connections = [http.client.HTTPConnection(host, timeout=10) for host in self._hosts]

    def send(self, phone: int, body: bytes) -> None:
        place = phone
        while not self._has_taken(place % len(self._connections), body):
            place += 1
            self.again += 1
            if (place - phone) % len(self._connections) == 0:
                time.sleep(0.05)  # nobody is there

    def _has_taken(self, replica: int, body: bytes) -> bool:
        connection = self._connections[replica]
        try:
            connection.request(
                "POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"}
            )
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
        assert answer.status in (200, 429, 503), answer.status
        return answer.status == 200

    def end(self) -> None:
        pass


class Kafka:
    """To a topic, as the exporter of a Collector that partitions by trace."""

    def __init__(self, brokers: str, topic: str) -> None:
        from confluent_kafka import Producer

        self.again = 0
        self._failed = 0
        self._topic = topic
        self._producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5, "log_level": 0})

    def send(self, phone: int, body: bytes) -> None:
        self._producer.produce(
            self._topic, body, key=f"{phone + 1:032x}", on_delivery=self._has_arrived
        )
        self._producer.poll(0)

    def _has_arrived(self, error: object, _: object) -> None:
        self._failed += error is not None

    def end(self) -> None:
        assert (self._producer.flush(PATIENCE_S), self._failed) == (0, 0)


def run(way: Way, first: int, count: int, steps: int, period_s: float, at: float) -> None:
    """Have the phones make their steps, from *at* on; a period of 0 is as fast as it goes."""
    # They do not all act at the same moment.
    due = [(at + period_s * phone / count, phone, 1) for phone in range(count)]
    heapq.heapify(due)
    while due:
        when, phone, step = heapq.heappop(due)
        time.sleep(max(0.0, when - time.time()))
        way.send(first + phone, body_of(first + phone, step))
        if step < steps:
            heapq.heappush(due, (when + period_s, phone, step + 1))
    way.end()
    facts = {"sent": count * steps, "seconds": time.time() - at, "again": way.again}
    print(json.dumps(facts), flush=True)


def main(arguments: Sequence[str]) -> None:
    first, count, steps, period_s, at, kind, *to = arguments
    way: Way = Collect(to) if kind == "collect" else Kafka(*to)
    run(way, int(first), int(count), int(steps), float(period_s), float(at))


if __name__ == "__main__":
    main(sys.argv[1:])
