"""`otel-steps consume`: what a Collector has put into Kafka, once each, whoever dies meanwhile."""

import json
import re
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from confluent_kafka import Consumer
from opentelemetry.exporter.otlp.json.common.trace_encoder import encode_spans as encode_json

from otel_steps import semconv
from otel_steps.cli.receiving import intake_of
from otel_steps.config import ConfigError, resolve
from otel_steps.consuming import member
from otel_steps.consuming.consumption import Consumption
from otel_steps.consuming.kafka_source import KafkaSource, kafka_settings, kafka_source
from otel_steps.consuming.message_taker import MessageTaker
from otel_steps.consuming.order import Order, Partition
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.serving import server
from otel_steps.stores import open_store
from tests.collecting import body_of, eventually, rows, span
from tests.commands import command
from tests.kafka import PARTITIONS, Kafka, consuming, ended
from tests.patience import PATIENCE_S
from tests.test_probes import figures

TOPIC, GROUP = "otlp_spans", "phones"
FORM = "kafka://broker[:port][,broker…]/topic?group=name"


@pytest.fixture(name="kafka", scope="module")
def _kafka() -> Kafka:
    """Run one cluster; each test has a topic of its own."""
    return Kafka()


@pytest.fixture(name="topic")
def _topic(request: pytest.FixtureRequest) -> str:
    return f"spans-{abs(hash(request.node.name))}"


def message(number: int, *, is_json: bool = False) -> bytes:
    """Return a message of one step."""
    step = span(
        "step",
        {semconv.TASK_ID: f"task-{number % 7}", semconv.STEP_NUMBER: number + 1},
        span_id=number + 1,
        trace_id=number % 7 + 1,
    )
    if not is_json:
        return body_of([step])
    return json.dumps(encode_json([step]).to_dict()).encode()


def numbers(store: str) -> list[int]:
    """Return the numbers of all steps in the store, in order."""
    found = rows(resolve(store=store))
    return sorted(step["step_number"] for steps in found.steps.values() for step in steps)


def url(kafka: Kafka, topic: str) -> str:
    return f"kafka://{kafka.brokers}/{topic}?group={GROUP}"


def test_a_consumer_tells_how_it_stands(kafka: Kafka, topic: str, tmp_path: Path) -> None:
    """It is ready once its group has let it in; its figures have what waits in Kafka."""
    kafka.write(topic, [message(number) for number in range(8)])
    away = {"OTEL_STEPS_STORE": "postgresql://127.0.0.1:1/none", "OTEL_STEPS_TOKEN": "t" * 16}
    process = consuming(url(kafka, topic), tmp_path / "a", "--port", "0", **away)
    try:
        assert process.stderr is not None
        while not (found := re.search(r"answers (http://\S+)/readyz", process.stderr.readline())):
            assert process.poll() is None, "it has ended"
        bearer = {"Authorization": f"Bearer {'t' * 16}"}
        with httpx.Client(base_url=found[1], headers=bearer, trust_env=False) as client:
            eventually(lambda: client.get("/readyz").text == "ok\n")
            assert client.get("/healthz").text == "ok\n"
            assert client.get("/metrics", headers={"Authorization": ""}).status_code == 401

            def lag() -> float:
                return figures(client.get("/metrics"))["otel_steps_lag_messages"]

            eventually(lambda: lag() == 8)
            known = figures(client.get("/metrics"))
            assert known["otel_steps_partitions"] == PARTITIONS
            assert known["otel_steps_messages_acknowledged_total"] == 0
            assert known["otel_steps_span_recorded_total"] == known["otel_steps_messages_total"]
    finally:
        ended(process, signal.SIGKILL)


def test_the_doctor_looks_at_the_brokers(kafka: Kafka, topic: str, tmp_path: Path) -> None:
    """Whether they answer and have the topic, and how far the group is behind."""
    kafka.write(topic, [message(0), message(1)])
    listener = server.listen("127.0.0.1", 0)
    nobody = f"kafka://127.0.0.1:{listener.getsockname()[1]}/t"

    def said(source: str) -> tuple[str, str]:
        checks = command("doctor", "--json", "--kafka", source, "--dir", tmp_path).json["checks"]
        (check,) = (each for each in checks if each["name"] == "kafka")
        return check["status"], check["message"]

    listener.close()
    there = f"1 broker, {PARTITIONS} partitions of topic {topic}; group {GROUP}"
    assert said(url(kafka, topic)) == ("ok", f"{there} has committed nothing yet")
    ended(consuming(url(kafka, topic), tmp_path / "a", "--until-end"))
    kafka.write(topic, [message(2)])
    assert said(url(kafka, topic)) == ("ok", f"{there} is 1 message behind")
    assert said(url(kafka, "elsewhere"))[0] == "warn"
    assert said(nobody)[0] == "fail"
    assert said("kafka://b") == ("fail", "'' is the name of no topic; write " + FORM)


def test_both_encodings_are_read_and_the_poisoned_are_kept(
    kafka: Kafka, topic: str, tmp_path: Path
) -> None:
    """What cannot be read holds up nobody: it is counted, reported and kept, whole."""
    poison = b"\xff not OTLP", b'{"resourceSpans": 7}', b"{" * 3000
    open_span = json.loads(message(2, is_json=True))
    del open_span["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["endTimeUnixNano"]
    values = [message(0), poison[0], message(1, is_json=True), None, poison[1], poison[2]]
    kafka.write(topic, [*values, json.dumps(open_span).encode(), message(3)])

    status, out, err = ended(consuming(url(kafka, topic), tmp_path / "a", "--until-end", "--json"))

    assert json.loads(out) == {"messages": 8, "acknowledged": 8, "aside": 4}, err
    assert status == 1
    assert numbers(f"sqlite:///{tmp_path}/a/steps.db") == [1, 2, 4]
    assert kafka.committed(topic, GROUP) == 8
    dead = {each.read_bytes() for each in (tmp_path / "a" / "backup/steps/dead").iterdir()}
    assert dead == {*poison, json.dumps(open_span).encode()}
    checks = command("doctor", "--json", "--dir", tmp_path / "a").json["checks"]
    said = {each["name"]: each for each in checks}
    assert said["dead letters"]["message"] == "4: 4 x message that is no OTLP"
    assert f"of topic {topic} cannot be taken" in said["noted: consumer"]["message"]


def test_nothing_of_a_message_is_kept_where_content_is_not(
    kafka: Kafka, topic: str, tmp_path: Path
) -> None:
    """The letter says where it is, for whoever may read it there."""
    kafka.write(topic, [b"\xff my password"])

    status, _, _ = ended(
        consuming(
            url(kafka, topic), tmp_path / "a", "--until-end", OTEL_STEPS_CAPTURE_CONTENT="none"
        )
    )

    (letter,) = (tmp_path / "a" / "backup/steps/dead").iterdir()
    assert (status, letter.read_text()) == (1, f"message 0 of partition 0 of topic {topic}")


def test_no_offset_is_committed_before_the_store_has_it(
    kafka: Kafka, topic: str, tmp_path: Path
) -> None:
    """A member whose store is away, and that dies with its disk, takes nothing along."""
    kafka.write(topic, [message(number) for number in range(300)])
    journal = tmp_path / "a" / "backup" / "steps"

    away = consuming(
        url(kafka, topic), tmp_path / "a", OTEL_STEPS_STORE="postgresql://127.0.0.1:1/none"
    )
    eventually(lambda: any(each.stat().st_size for each in journal.glob("*/*.jsonl")))
    assert kafka.committed(topic, GROUP) == 0
    ended(away, signal.SIGKILL)
    assert kafka.committed(topic, GROUP) == 0
    shutil.rmtree(tmp_path / "a")
    status, out, _ = ended(consuming(url(kafka, topic), tmp_path / "b", "--until-end", "--json"))

    assert status == 0, out
    assert numbers(f"sqlite:///{tmp_path}/b/steps.db") == list(range(1, 301))
    assert kafka.committed(topic, GROUP) == 300


@pytest.mark.full
def test_a_member_that_is_killed_costs_nothing(kafka: Kafka, topic: str, tmp_path: Path) -> None:
    """Two share a topic, one is killed in the middle with its disk: every step is there, once."""
    store = f"sqlite:///{tmp_path}/steps.db"
    with closing(open_store(store)):
        first, second = (
            consuming(url(kafka, topic), tmp_path / each, OTEL_STEPS_STORE=store) for each in "ab"
        )
        kafka.write(topic, [message(number) for number in range(400)])
        eventually(lambda: len(numbers(store)) > 0)
        kafka.write(topic, [message(number) for number in range(400, 800)])
        ended(first, signal.SIGKILL)
        shutil.rmtree(tmp_path / "a")
        kafka.write(topic, [message(number) for number in range(800, 900)])
        eventually(lambda: kafka.committed(topic, GROUP) == 900)
        status, _, err = ended(second, signal.SIGTERM)

    assert (status, numbers(store)) == (0, list(range(1, 901))), err


def test_what_somebody_removes_from_the_journal_is_read_again(
    kafka: Kafka, topic: str, tmp_path: Path
) -> None:
    """Kafka has it still; and Ctrl-C ends the command with 0 once all is stored."""
    kafka.write(topic, [message(number) for number in range(20)])
    journal, store = tmp_path / "a" / "backup" / "steps", tmp_path / "steps.db"
    store.write_text("no database, so that nothing can be stored")
    process = consuming(
        url(kafka, topic), tmp_path / "a", "--json", OTEL_STEPS_STORE=f"sqlite:///{store}"
    )
    assert process.stderr is not None
    while "the store does not take them" not in (line := process.stderr.readline()):
        assert line, "it has ended"
    for each in journal.glob("*/*.jsonl"):
        each.unlink()
    store.unlink()

    eventually(lambda: kafka.committed(topic, GROUP) == 20)
    status, out, err = ended(process, signal.SIGINT)

    assert json.loads(out) == {"messages": 20, "acknowledged": 20, "aside": 0}
    assert (status, numbers(f"sqlite:///{store}")) == (0, list(range(1, 21))), err


class Leaving(Consumption):
    """Is written to in the moment when partitions have gone, with more to come in that fetch."""

    on_gone: Callable[[], None]
    left: frozenset[Partition] = frozenset()

    def gone(self, partitions: set[Partition]) -> None:
        super().gone(partitions)
        self.left = self.left or frozenset(partitions)
        self.on_gone()


def test_what_comes_with_a_farewell_to_partitions_is_taken(
    kafka: Kafka, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fetch that has partitions go brings messages of those that stay: none is lost."""
    settings = resolve(dir=tmp_path / "a")
    taking = intake_of(settings, None)
    taker = MessageTaker(taking.intake, DeadLetters(settings.backup_dir), taking.problems)
    is_ended, has_gone, values = Event(), Event(), [message(number) for number in range(80)]
    timeouts = {"session.timeout.ms": "4000", "heartbeat.interval.ms": "100"}
    reading = Leaving(
        kafka_source(url(kafka, topic)),
        timeouts,
        taker=taker,
        journal=taking.journal,
        shipper=taking.shipper,
        on_trouble=lambda _: None,
        on_ready=lambda _: None,
    )

    def on_gone() -> None:
        if not has_gone.is_set():
            has_gone.set()
            monkeypatch.undo()
            kafka.write(topic, values[PARTITIONS:])

    reading.on_gone = on_gone
    kafka.write(topic, values[:PARTITIONS])
    thread = Thread(target=reading.run, args=(is_ended.is_set,), daemon=True)
    thread.start()
    eventually(lambda: reading.consumed.acknowledged >= PARTITIONS)
    # So long that it is one fetch that has partitions go and brings what is written then.
    monkeypatch.setattr(member, "_POLL_S", PATIENCE_S)
    other = Consumer(
        {
            "bootstrap.servers": kafka.brokers,
            "group.id": GROUP,
            "partition.assignment.strategy": "cooperative-sticky",
            "enable.auto.commit": False,
            **timeouts,
        }
    )
    other.subscribe([topic])
    eventually(lambda: other.poll(0.1) is None and has_gone.is_set())
    kept = {place for place in range(PARTITIONS) if (topic, place) not in reading.left}
    due = [number + 1 for number in range(len(values)) if number % PARTITIONS in kept]
    eventually(lambda: set(due) <= set(numbers(settings.store)))
    is_ended.set()
    thread.join(PATIENCE_S)
    other.close()
    taking.shipper.shutdown(PATIENCE_S)


def test_a_message_that_was_passed_over_is_sought_once() -> None:
    """What lies behind it is not taken before; a gap that stays is the topic's own."""
    order, one, other = Order(), ("t", 0), ("t", 1)
    order.begin(one, 5)

    assert order.gaps([(one, 7), (other, 3), (one, 8)]) == {one: 5}
    assert order.gaps([(one, 5), (one, 6), (one, 8), (other, 4)]) == {one: 7}
    assert order.gaps([(one, 8), (one, 9)]) == {}
    assert order.gaps([(one, 12)]) == {one: 10}
    order.not_sought(one)
    assert order.gaps([(one, 12)]) == {one: 10}
    order.end([one])
    assert order.gaps([(one, 20)]) == {}


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("kafka://b/t", KafkaSource("b:9092", "t", "otel-steps")),
        ("kafka://b:1,c/t.x?group=g%20h", KafkaSource("b:1,c:9092", "t.x", "g h")),
        ("kafka://[::1]:9/t", KafkaSource("[::1]:9", "t", "otel-steps")),
    ],
)
def test_a_url_names_brokers_topic_and_group(url: str, source: KafkaSource) -> None:
    """The port is Kafka's own where none is named."""
    assert kafka_source(url) == source


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://b/t", "expected kafka"),
        ("kafka://b", "no topic"),
        ("kafka://b/t/u", "no topic"),
        ("kafka:///t", "brokers"),
        ("kafka://me:hunter2@b/t", "--kafka-config"),
        ("kafka://b/t?groop=x", "groop"),
        ("kafka://b/t?group", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_read_is_explained(url: str, said: str) -> None:
    """The command ends with 2, and quotes no password."""
    done = command("consume", url)

    assert done.status == 2
    assert said in done.err
    assert "hunter2" not in done.err


def test_settings_that_are_ours_are_refused(tmp_path: Path) -> None:
    """An offset that was committed by itself would be one that nobody has stored."""
    file = tmp_path / "kafka.properties"
    file.write_text("sasl.password=hunter2\nenable.auto.commit = true\n")

    with pytest.raises(ConfigError, match=r"line 2 .* enable\.auto\.commit"):
        kafka_settings(file)


def test_a_setting_that_kafka_does_not_know_ends_it(tmp_path: Path) -> None:
    """librdkafka says which."""
    file = tmp_path / "kafka.properties"
    file.write_text("no.such.thing=1\n")

    done = command("consume", "kafka://127.0.0.1:1/t", "--kafka-config", file)

    assert done.status == 1
    assert "no.such.thing" in done.err
