"""
The names under which a server may be asked for: against pages that point a name of theirs here.
"""

import ipaddress
import socket

from otel_steps.config import RootPath

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class Hosts:
    """
    What the `Host` header of a request may be, to the letter, port included.

    Args:
        host: The address that the viewer listens on.
        port: Likewise.
        root: Where a reverse proxy has the viewer.

    Attributes:
        root: As given.
    """

    def __init__(self, host: str, port: int, root: RootPath = RootPath()) -> None:  # noqa: B008
        self.root = root
        names = {*_LOOPBACK, bracketed(host)}
        self._is_everywhere = host in _EVERYWHERE
        if self._is_everywhere:
            names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        self._port = port
        self._names = frozenset(names)

    def allow(self, header: str) -> bool:
        """Return whether a request with this `Host` header is meant for this viewer."""
        if header.lower() == self.root.name:
            return True
        name, port = _split(header.lower())
        if port != str(self._port) and not (port == "" and self._port == 80):
            return False
        # An address cannot be pointed elsewhere, as a name can.
        return name in self._names or (self._is_everywhere and _is_address(name))


def is_local_name(header: str) -> bool:
    """Return whether a `Host` header names this machine itself, with whatever port."""
    return _split(header.lower())[0] in _LOOPBACK


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches *host*."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_name(host: str) -> str:
    """Return the name that leads to a viewer which listens on *host*, as a URL has it."""
    return socket.gethostname().lower() if host in _EVERYWHERE else bracketed(host)


def bracketed(host: str) -> str:
    """Return *host* as a URL has it."""
    return f"[{host}]" if ":" in host else host.lower()


def _split(header: str) -> tuple[str, str]:
    name, colon, port = header.rpartition(":")
    # The colons of an address without a port are within its brackets.
    return (name, port) if colon and not port.endswith("]") else (header, "")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
