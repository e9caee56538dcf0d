"""What to read: brokers, topic and group, as a URL names them, and how to reach them, as a file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from otel_steps.config import ConfigError

_FORM: Final = "kafka://broker[:port][,broker…]/topic?group=name"
_PORT: Final = 9092
_GROUP: Final = "otel-steps"
_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_BROKER: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]@/]+)(?::([0-9]{1,5}))?")
# On these hangs that nothing is told to be done with before the store has it.
_OURS: Final = frozenset(
    {
        "bootstrap.servers",
        "metadata.broker.list",
        "group.id",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.partition.eof",
        "group.protocol",
    }
)


@dataclass(frozen=True, slots=True)
class KafkaSource:
    """
    What a consumer reads.

    Attributes:
        brokers: `host:port`, with commas between.
        topic: Its messages are export requests of OTLP.
        group: Consumers of the same group share the partitions of the topic.
    """

    brokers: str
    topic: str
    group: str

    def __str__(self) -> str:
        """Return what is read, in words."""
        return f"topic {self.topic} at {self.brokers}, as group {self.group}"


def kafka_source(url: str) -> KafkaSource:
    """
    Return what *url* names.

    Raises:
        ConfigError: It cannot be read; the message quotes no password.
    """
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError as error:
        raise ConfigError(f"the URL cannot be read ({error}); write {_FORM}") from None
    if parts.scheme != "kafka":
        raise ConfigError(f"the scheme is {parts.scheme!r}, expected kafka; write {_FORM}")
    if "@" in parts.netloc:
        raise ConfigError("the URL names a user; put that into the file of --kafka-config")
    brokers = [_BROKER.fullmatch(each) for each in parts.netloc.split(",")]
    named = [f"{found[1]}:{found[2] or _PORT}" for found in brokers if found]
    if len(named) != len(brokers):
        raise ConfigError(f"the brokers {parts.netloc!r} cannot be read; write {_FORM}")
    topic = unquote(parts.path.removeprefix("/"))
    if not _TOPIC.fullmatch(topic):
        raise ConfigError(f"{topic!r} is the name of no topic; write {_FORM}")
    group = query.pop("group", [_GROUP])[-1]
    if query:
        raise ConfigError(
            f"the URL may say `group` alone, and says {', '.join(sorted(query))}; "
            "other settings go into the file of --kafka-config"
        )
    return KafkaSource(",".join(named), topic, group)


def kafka_settings(file: Path) -> Mapping[str, str]:
    """
    Return settings of librdkafka from a *file* of lines `name=value`, as Kafka's own tools read it.

    Raises:
        ConfigError: It cannot be read, or sets what is ours to set; no value is quoted.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read ({error}); mend it or name another") from None
    settings = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or not name:
            raise ConfigError(f"line {number} of {file} is no `name=value`; mend it")
        if name in _OURS:
            raise ConfigError(f"line {number} of {file} sets {name}, which is ours; leave it out")
        settings[name] = value
    return settings
