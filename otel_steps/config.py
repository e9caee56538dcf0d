"""
Settings: arguments of `configure()`, else environment, else defaults. Pure: reads no file.

Every variable stands in `VARIABLES`; the README's table and `doctor` are checked against it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

Durability = Literal["process", "power", "memory"]
ScreenshotMode = Literal["on", "off", "on_error"]
ScreenshotFormat = Literal["webp", "png", "jpeg"]

# A text that may hold several of them is recorded where all of them are.
TEXT_PARTS: Final = frozenset({"thinking", "action", "result"})
CONTENT_PARTS: Final = TEXT_PARTS | {"screenshot"}

# The schema of a database that our tables are in by default.
PUBLIC: Final = "public"
# One that needs no escaping wherever it is written, but for quotes.
_SCHEMA: Final = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")

# Whoever can reach the viewer may guess as often as they like.
MIN_TOKEN_CHARS: Final = 16

# Variable -> the setting it fills.
VARIABLES: Final[Mapping[str, str]] = {
    "OTEL_STEPS_STORE": "store",
    "OTEL_STEPS_DIR": "dir",
    "OTEL_STEPS_BACKUP_DIR": "backup_dir",
    "OTEL_STEPS_DURABILITY": "durability",
    "OTEL_STEPS_BUFFER_SIZE": "buffer_size",
    "OTEL_STEPS_FLUSH_INTERVAL": "flush_interval_s",
    "OTEL_STEPS_MAX_DISK": "max_disk_bytes",
    "OTEL_STEPS_SCREENSHOTS": "screenshots",
    "OTEL_STEPS_SCREENSHOT_FORMAT": "screenshot_format",
    "OTEL_STEPS_SCREENSHOT_URL": "screenshot_url",
    "OTEL_STEPS_CAPTURE_CONTENT": "capture_content",
    "OTEL_STEPS_OPENINFERENCE": "openinference",
    "OTEL_STEPS_RECORD_UNSAMPLED": "record_unsampled",
    "OTEL_STEPS_TOKEN": "token",
    "OTEL_STEPS_TRACE_URL": "trace_url",
    "OTEL_STEPS_SCHEMA": "schema",
    "SUPABASE_URL": "supabase_url",
    "SUPABASE_SECRET_KEY": "supabase_key",
    "SUPABASE_SERVICE_ROLE_KEY": "supabase_key",
}

# These may hold a user and a password, or a parameter that opens something.
_URLS: Final = ("store", "screenshot_url", "trace_url", "supabase_url")

_SWITCHES: Final = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
# Of a URL: where a link of a chain ends; one of several hosts.
_CHAIN: Final = re.compile(r"::(?=[A-Za-z][A-Za-z0-9+.-]*:)")
_HOST: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(:[0-9]*)?")
# A user and a password before a host, without a scheme.
_BARE_LOGIN: Final = re.compile(r"^\S*:\S*@")
# A value that opens something, by its name; in paths, and in DSNs of names and values.
_SECRET_PAIR: Final = re.compile(
    r"(?i)([\w.-]*(?:pass|pwd|secret|token|key|sig|cred|auth)[\w.-]*)\s*=\s*"
    r"('(?:[^'\\]|\\.)*'|[^\s&;/]*)"
)

_UNITS: Final = {"": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


class ConfigError(ValueError):
    """A setting has a value that cannot be used; the message names it, the value and the remedy."""


class Secret(str):
    """A string that never shows itself: not in a `repr`, a log line or a traceback."""

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        """Take the value of *value*, not what it shows, where that is a secret itself."""
        return super().__new__(cls, value.reveal() if isinstance(value, Secret) else value)

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def reveal(self) -> str:
        """Return the value, for the one call that needs it."""
        return "".join(self)


class Url(Secret):
    """An address, which shows itself without what opens it: see `redacted_url`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(str(self))

    def __str__(self) -> str:
        return redacted_url(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    Everything that can be set, checked; printed, it shows no key, token or password.

    Attributes:
        store: URL of the store: `sqlite:///path`, `postgresql://...` or `supabase`.
        dir: The data folder; holds `steps.db`, `screenshots/` and `problems/`.
        backup_dir: The journal; by default `backup/steps` in the data folder.
        durability: `process` survives the death of the process, `power` a power cut too,
            `memory` neither.
        buffer_size: Steps that go to the store at once; a full buffer does not wait.
        flush_interval_s: Seconds after which fewer go, too.
        max_disk_bytes: Cap of the journal.
        screenshots: `on`, `off`, or `on_error` (kept for steps that failed only).
        screenshot_format: What pictures are compressed to; `png` keeps them as captured.
        screenshot_url: Where pictures live, if not in the data folder.
        capture_content: The parts of the content that are recorded.
        openinference: Whether spans also carry OpenInference's attributes, for other backends.
        record_unsampled: Whether spans that the sampler drops are recorded nevertheless.
        token: What programs send to the viewer and the receiver, as `Authorization: Bearer`.
        trace_url: Where another backend shows a trace: a web address with `{trace_id}` in it.
        schema: The schema of a PostgreSQL or Supabase database that holds our tables.
    """

    store: Url
    dir: Path
    backup_dir: Path
    durability: Durability = "process"
    buffer_size: int = 50
    flush_interval_s: float = 5.0
    max_disk_bytes: int = 2 * 2**30
    screenshots: ScreenshotMode = "on"
    screenshot_format: ScreenshotFormat = "webp"
    screenshot_url: Url | None = None
    capture_content: frozenset[str] = CONTENT_PARTS
    openinference: bool = False
    record_unsampled: bool = False
    token: Secret | None = None
    trace_url: Url | None = None
    schema: str = PUBLIC
    supabase_url: Url | None = None
    supabase_key: Secret | None = None

    def __post_init__(self) -> None:
        # Here, where every way to settings leads through: `dataclasses.replace` is one, too.
        for name in _URLS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, Url(value))

    @property
    def problems_dir(self) -> Path:
        """Where problems are noted for `otel-steps doctor`."""
        return self.dir / "problems"


def resolve(environ: Mapping[str, str] | None = None, /, **arguments: Any) -> Settings:
    """
    Return the settings for *arguments*, which win over *environ* (by default that of the process).

    An argument that is None counts as not given; so does a variable that is empty.

    Raises:
        ConfigError: A value cannot be used, or an argument is not a setting.
    """
    known = {field.name for field in fields(Settings)}
    if unknown := sorted(set(arguments) - known):
        raise ConfigError(f"unknown setting {unknown[0]!r}; the settings are {sorted(known)}")
    environ = os.environ if environ is None else environ
    given: dict[str, tuple[str, Any]] = {}
    for variable, name in VARIABLES.items():
        if environ.get(variable) and name not in given:
            given[name] = (variable, environ[variable])
    given |= {name: (name, value) for name, value in arguments.items() if value is not None}
    values = {name: _PARSERS[name](source, value) for name, (source, value) in given.items()}
    data_dir = values.setdefault("dir", Path.home() / ".otel-steps")
    values.setdefault("backup_dir", data_dir / "backup" / "steps")
    values.setdefault("store", _default_store(values))
    return Settings(**values)


def _default_store(values: Mapping[str, Any]) -> str:
    if "supabase_url" in values and "supabase_key" in values:
        return "supabase"
    return f"sqlite:///{(values['dir'] / 'steps.db').as_posix()}"


def redacted_url(url: str) -> str:
    """
    Return *url* fit for a message: scheme, host and path, without user, password and parameters.

    Takes any text and never raises: what cannot be read as a URL is shown as far as that is safe.
    A password with one of `@ : / ? #` in it as it stands ends up where host or path are looked for;
    where something looks like the rest of one, neither is shown.
    """
    # A chain of fsspec has a URL in each link, such as simplecache::s3://key:secret@bucket.
    return "::".join(_redacted_link(link) for link in _CHAIN.split(url))


def _redacted_link(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    if not mark:  # a path, a word, a DSN of names and values, or a URL that lacks its beginning
        return _masked(_BARE_LOGIN.sub("***@", url).split("?", 1)[0])
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    beyond = rest[len(authority) :]
    hosts = authority.rpartition("@")[2]
    is_cut = ":" in hosts and "@" in beyond
    if is_cut or not all(_HOST.fullmatch(host) for host in hosts.split(",")):
        return f"{scheme}://***"
    return f"{scheme}://{hosts}{_masked(re.split('[?#]', beyond, maxsplit=1)[0])}"


def _masked(text: str) -> str:
    return _SECRET_PAIR.sub(r"\1=***", text)


def _bad(source: str, value: object, expected: str) -> ConfigError:
    # A URL with a password may have got into any variable.
    shown = redacted_url(value) if isinstance(value, str) else value
    return ConfigError(f"{source} has the value {shown!r}; expected {expected}")


def _store(source: str, value: Any) -> str:
    text = _text(source, value)
    scheme, colon, _ = text.partition(":")
    if text != "supabase" and scheme not in ("sqlite", "postgresql", "postgres"):
        # Without a scheme it may be anything, a key for instance.
        problem = f"names the unknown store scheme {scheme!r}" if colon else "is no URL"
        raise ConfigError(
            f"{source} {problem}; use sqlite:///path, postgresql://host/database or supabase"
        )
    return text


def _path(source: str, value: Any) -> Path:
    try:
        # Absolute now: the agent may change its working folder later.
        return Path(value).expanduser().absolute()
    except (TypeError, RuntimeError) as error:
        raise _bad(source, value, "the path of a folder") from error


def _count(source: str, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise _bad(source, value, "a whole number from 1")
    return number


def _seconds(source: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number <= 86_400:
        raise _bad(source, value, "seconds above 0, at most 86400")
    return number


def _size(source: str, value: Any) -> int:
    text = str(value).replace(" ", "").upper()
    digits = text.rstrip("KMGTIB")
    unit = text[len(digits) :].removesuffix("IB").removesuffix("B")
    try:
        size = int(float(digits) * _UNITS[f"{unit}IB" if unit else ""])
    except (KeyError, ValueError, OverflowError):
        size = 0
    if size < 2**20:
        raise _bad(source, value, "a size of at least 1 MiB, such as 500MiB or 2GiB")
    return size


def _choice(*choices: str) -> Any:
    def parse(source: str, value: Any) -> str:
        text = str(value).strip().lower()
        if text not in choices:
            raise _bad(source, value, "one of " + ", ".join(choices))
        return text

    return parse


def _content(source: str, value: Any) -> frozenset[str]:
    words = value.split(",") if isinstance(value, str) else list(value)
    parts = frozenset(word.strip().lower() for word in words if word.strip())
    if parts in ({"all"}, {"true"}):
        return CONTENT_PARTS
    if parts in ({"none"}, {"false"}):
        return frozenset()
    if not parts <= CONTENT_PARTS:
        raise _bad(source, value, f"all, none, or a list of {sorted(CONTENT_PARTS)}")
    return parts


def _switch(source: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _SWITCHES:
        raise _bad(source, value, "one of " + ", ".join(_SWITCHES))
    return _SWITCHES[word]


def _text(source: str, value: Any) -> str:
    # As text, a secret is but its mask.
    return value.reveal() if isinstance(value, Secret) else str(value)


def _secret(source: str, value: Any) -> Secret:
    return Secret(value)


def _token(source: str, value: Any) -> Secret:
    secret = _secret(source, value)
    # The value stays out of the message. A header holds visible ASCII.
    if len(secret) < MIN_TOKEN_CHARS or not re.fullmatch(r"[!-~]+", secret.reveal()):
        raise ConfigError(
            f"{source} cannot be used; expected at least {MIN_TOKEN_CHARS} letters and digits "
            "without spaces, such as `openssl rand -hex 32` prints"
        )
    return secret


def _trace_url(source: str, value: Any) -> str:
    text = _text(source, value)
    if not text.startswith(("http://", "https://")) or "{trace_id}" not in text:
        raise _bad(source, text, "a web address with {trace_id} in it")
    return text


def _schema(source: str, value: Any) -> str:
    if not _SCHEMA.fullmatch(str(value)) or value == "information_schema":
        raise _bad(source, value, "lower-case letters, digits and _, such as otel_steps")
    return str(value)


_PARSERS: Final[Mapping[str, Any]] = {
    "store": _store,
    "dir": _path,
    "backup_dir": _path,
    "durability": _choice(*get_args(Durability)),
    "buffer_size": _count,
    "flush_interval_s": _seconds,
    "max_disk_bytes": _size,
    "screenshots": _choice(*get_args(ScreenshotMode)),
    "screenshot_format": _choice(*get_args(ScreenshotFormat)),
    "screenshot_url": _text,
    "capture_content": _content,
    "openinference": _switch,
    "record_unsampled": _switch,
    "token": _token,
    "trace_url": _trace_url,
    "schema": _schema,
    "supabase_url": _text,
    "supabase_key": _secret,
}
