"""
What one setting may be: each function takes what somebody wrote, and returns what it means.

*source* is where it was written, a variable or an argument, for the message.
"""

import base64
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from otel_steps.config.config_error import ConfigError
from otel_steps.config.secret import Secret, redacted_url
from otel_steps.config.settings import CONTENT_PARTS

# Whoever can reach the viewer may guess as often as they like.
MIN_TOKEN_CHARS: Final = 16

# A schema that needs no escaping wherever it is written, but for quotes.
_SCHEMA: Final = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_SIZE: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([KMGT]?)(?:I?B)?", re.IGNORECASE | re.ASCII)
_UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_MOST_SECONDS: Final = 86_400
_ON: Final = ("on", "true", "yes", "1")
_OFF: Final = ("off", "false", "no", "0")


def bad(source: str, value: object, expected: str) -> ConfigError:
    """Return what to raise for a *value* that cannot be used; it is shown without secrets."""
    if isinstance(value, str):
        shown = repr(redacted_url(value))  # a URL with a password may have got into any variable
    elif isinstance(value, int | float | Path):
        shown = repr(value)
    else:
        shown = f"of type {type(value).__name__}"
    return ConfigError(f"{source} has the value {shown}; expected {expected}")


def switched(value: object) -> bool | None:
    """Return whether a word for on or off means on; None where it is neither."""
    word = str(value).strip().lower()
    return (word in _ON) if word in (*_ON, *_OFF) else None


def switch(source: str, value: object) -> bool:
    """Return whether something is on."""
    is_on = switched(value)
    if is_on is None:
        raise bad(source, value, "one of " + ", ".join((*_ON, *_OFF)))
    return is_on


def choice(*choices: str) -> Callable[[str, object], str]:
    """Return what reads one of *choices*; where `on` and `off` are two, in all words for them."""

    def read(source: str, value: object) -> str:
        text = str(value).strip().lower()
        if text not in choices and (is_on := switched(text)) is not None:
            text = "on" if is_on else "off"
        if text not in choices:
            raise bad(source, value, "one of " + ", ".join(choices))
        return text

    return read


def content(source: str, value: object) -> frozenset[str]:
    """Return the parts of the content that are meant: names, or a word for all or none."""
    is_on = {"all": True, "none": False}.get(str(value).strip().lower(), switched(value))
    if is_on is not None:
        return CONTENT_PARTS if is_on else frozenset()
    words = value.split(",") if isinstance(value, str) else value
    if isinstance(words, Iterable):
        parts = frozenset(str(word).strip().lower() for word in words) - {""}
        if parts <= CONTENT_PARTS:
            return parts
    raise bad(source, value, f"all, none, or a list of {', '.join(sorted(CONTENT_PARTS))}")


def folder(source: str, value: Any) -> Path:
    """Return the absolute path of a folder; it need not exist."""
    return _path(source, value, "the path of a folder")


def file(source: str, value: Any) -> Path:
    """Return the absolute path of a file; it is looked at by whoever reads it."""
    return _path(source, value, "the path of a file")


def _path(source: str, value: Any, expected: str) -> Path:
    try:
        # Absolute now: the agent may change its working folder later.
        path = Path(value).expanduser().absolute()
    except (TypeError, RuntimeError) as error:
        raise bad(source, value, expected) from error
    if "\0" in str(path):
        raise bad(source, value, expected)
    return path


def count(source: str, value: object) -> int:
    """Return a whole number from 1."""
    number = _number(value)
    if not number.is_integer() or number < 1:
        raise bad(source, value, "a whole number from 1")
    return int(number)


def seconds(source: str, value: object) -> float:
    """Return a time in seconds, at most a day."""
    number = _number(value)
    if not 0 < number <= _MOST_SECONDS:
        raise bad(source, value, f"seconds above 0, at most {_MOST_SECONDS}")
    return number


def _number(value: object) -> float:
    """Return *value* as a number, NaN where it is none; True is none."""
    try:
        return float("nan" if isinstance(value, bool) else str(value))
    except ValueError:
        return float("nan")


def size(source: str, value: object) -> int:
    """Return a size in bytes, from 1 MiB; it may have a unit."""
    read = _SIZE.fullmatch(str(value).strip())
    number = int(float(read[1]) * _UNITS[read[2].upper()]) if read and len(read[1]) < 20 else 0
    if number < 2**20:
        raise bad(source, value, "a size of at least 1 MiB, such as 500MiB or 2GiB")
    return number


def text(source: str, value: object) -> str:
    """Return the text as it stands."""
    # As text, a secret is but its mask.
    return value.reveal() if isinstance(value, Secret) else str(value)


def secret(source: str, value: object) -> Secret:
    """Return the text as one that never shows itself."""
    return Secret(text(source, value))


def token(source: str, value: object) -> Secret:
    """Return what programs are to send as `Authorization: Bearer`."""
    given = secret(source, value)
    # The value stays out of the message. A header holds visible ASCII.
    if len(given) < MIN_TOKEN_CHARS or not re.fullmatch(r"[!-~]+", given.reveal()):
        raise ConfigError(
            f"{source} cannot be used; expected at least {MIN_TOKEN_CHARS} letters and digits "
            "without spaces, such as `openssl rand -hex 32` prints"
        )
    return given


def trace_url(source: str, value: object) -> str:
    """Return the address at which another backend shows a trace."""
    address = text(source, value)
    if not address.startswith(("http://", "https://")) or "{trace_id}" not in address:
        raise bad(source, address, "a web address with {trace_id} in it")
    return address


def web_address(source: str, value: object) -> str:
    """Return an address that a browser opens."""
    address = text(source, value)
    if not _is_web(address):
        raise bad(source, address, "a web address, such as https://phones.example.com/otel-steps")
    return address


def webhook(source: str, value: object) -> Secret:
    """Return the address that a message is posted to: who has it may write there."""
    given = secret(source, value)
    if not _is_web(given.reveal()):
        raise ConfigError(
            f"{source} cannot be used; expected the address that messages are posted to, such as "
            "https://hooks.example.com/..."
        )
    return given


def webhook_secret(source: str, value: object) -> Secret:
    """Return what messages are signed with; behind `whsec_` stands Base64."""
    given = secret(source, value)
    encoded = given.reveal().removeprefix("whsec_")
    if encoded != given.reveal() and not _is_base64(encoded):
        raise ConfigError(
            f"{source} cannot be used; expected Base64 behind whsec_, such as "
            "`openssl rand -base64 32` prints, or another secret without that beginning"
        )
    return given


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def schema(source: str, value: object) -> str:
    """Return the name of a schema that is ours to make."""
    if not _SCHEMA.fullmatch(str(value)) or value == "information_schema":
        raise bad(source, value, "lower-case letters, digits and _, such as otel_steps")
    return str(value)
