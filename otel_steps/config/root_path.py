"""Where a reverse proxy has our servers: below a path, and perhaps under a name of its own."""

import re
from dataclasses import dataclass
from typing import Final

from otel_steps.config.config_error import ConfigError

_ROOT: Final = re.compile(
    r"((?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]{1,5})?)?"
    r"(?P<path>(/[\w.~-]+)*)/?",
    re.ASCII | re.IGNORECASE,
)
# What our own addresses begin with: below one of them, theirs could not be told from ours.
_OURS: Final = frozenset(
    {"api", "compare", "healthz", "img", "metrics", "openapi.json", "readyz", "static", "t", "v1"}
)
_USUAL_PORTS: Final = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class RootPath:
    """
    What stands before the addresses of a server.

    Attributes:
        path: Such as `/otel-steps`, or empty.
        origin: Scheme, name and port that people and programs call the proxy by, as a browser's
            `Origin` has them; None where the proxy calls us by the address that we listen on.
    """

    path: str = ""
    origin: str | None = None

    @property
    def name(self) -> str | None:
        """Name and port of *origin*, as `Host` has them."""
        return None if self.origin is None else self.origin.partition("://")[2]

    @property
    def hostname(self) -> str | None:
        """The name in *origin* without its port, an address of version 6 without its brackets."""
        return None if self.name is None else re.sub(r":\d+$", "", self.name).strip("[]")


def root_path(source: str, value: str) -> RootPath:
    """
    Return what *value* says: a path, or a whole address.

    Raises:
        ConfigError: It says neither.
    """
    read = _ROOT.fullmatch(value.strip())
    if read is None or not read[0] or {".", ".."} & {*read["path"].split("/")}:
        raise ConfigError(
            f"{source} has the value {value[:100]!r}; expected a path, such as /otel-steps, or the "
            "whole address that people open, such as https://phones.example.com/otel-steps"
        )
    if (first := read["path"].split("/")[1:2]) and first[0] in _OURS:
        raise ConfigError(
            f"{source} has the value {value[:100]!r}; /{first[0]} begins addresses of the viewer "
            "itself, so take another one, such as /otel-steps"
        )
    if read["scheme"] is None:
        return RootPath(read["path"])
    scheme, port = read["scheme"].lower(), read["port"] or ""
    # As browsers write it.
    shown = "" if port == _USUAL_PORTS[scheme] else port
    return RootPath(read["path"], f"{scheme}://{read['host'].lower()}{shown}")
