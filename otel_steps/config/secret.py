"""Texts that open something: they work where they are needed, and show themselves nowhere."""

import re
from typing import Final, Self

# One of several hosts in a URL, with its port.
HOST: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(:[0-9]*)?")
# Where a link of a chain of URLs ends.
_CHAIN: Final = re.compile(r"::(?=[A-Za-z][A-Za-z0-9+.-]*:)")
# A user and a password before a host, without a scheme.
_BARE_LOGIN: Final = re.compile(r"^\S*:\S*@")
# A value that opens something, by its name; in paths, and in DSNs of names and values.
_SECRET_PAIR: Final = re.compile(
    r"(?i)([\w.-]*(?:pass|pwd|secret|token|key|sig|cred|auth)[\w.-]*)\s*=\s*"
    r"('(?:[^'\\]|\\.)*'|[^\s&;/]*)"
)


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
    if is_cut or not all(HOST.fullmatch(host) for host in hosts.split(",")):
        return f"{scheme}://***"
    return f"{scheme}://{hosts}{_masked(re.split('[?#]', beyond, maxsplit=1)[0])}"


def _masked(text: str) -> str:
    return _SECRET_PAIR.sub(r"\1=***", text)
