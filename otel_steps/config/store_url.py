"""
The URL of a store: which of them it names, and whether it can be read.

Nothing is opened and no driver is loaded here.
"""

import re
from pathlib import Path
from typing import Final

from otel_steps.config.config_error import ConfigError
from otel_steps.config.secret import HOST, redacted_url
from otel_steps.config.values import text

SUPABASE: Final = "supabase"
SQLITE: Final = "sqlite:///"
# A recording in one file; see `otel_steps.packing`.
PACK: Final = "osz:///"
PACK_SUFFIX: Final = ".osz"
POSTGRES: Final = ("postgresql://", "postgres://")

_NOT_ENCODED: Final = re.compile(r"[#\s]|%(?![0-9A-Fa-f]{2})")

_STORES: Final = "sqlite:///path, postgresql://host/database, supabase or the path of an .osz file"


def store_url(source: str, value: object) -> str:
    """
    Return *value* where it is the URL of a store; the path of a pack becomes its URL.

    Raises:
        ConfigError: It is none; the message says which there are and quotes no secret.
    """
    url = text(source, value)
    scheme, colon, _ = url.partition(":")
    if url == SUPABASE:
        return url
    if url.endswith(PACK_SUFFIX) and "://" not in url:
        url = pack_url(Path(url))
    elif url.startswith(PACK):
        pack_path(url, source)
    elif scheme == "sqlite":
        sqlite_path(url, source)
    elif scheme in ("postgresql", "postgres"):
        _check_postgres(url, source)
    else:
        # Without a scheme it may be anything, a key for instance.
        problem = f"names the unknown store scheme {scheme!r}" if colon else "is not a URL"
        raise ConfigError(f"{source} {problem}; use {_STORES}")
    return url


def sqlite_path(url: str, source: str = "the store") -> Path:
    """Return the file that *url* names; raises as `store_url` does."""
    name = url.removeprefix(SQLITE)
    if name in ("", ":memory:", url) or "\0" in name:
        raise ConfigError(
            f"{source} has the value {redacted_url(url)!r}, which names no file; use three slashes "
            "and a path, sqlite:///relative/path, sqlite:////absolute/path or sqlite:///C:/path"
        )
    return Path(name).expanduser().absolute()


def pack_url(path: Path) -> str:
    """Return the URL of the pack at *path*."""
    return f"{PACK}{path.expanduser().absolute().as_posix()}"


def pack_path(url: str, source: str = "the store") -> Path:
    """Return the pack that *url* names; raises as `store_url` does."""
    name = url.removeprefix(PACK)
    if name in ("", url) or "\0" in name:
        raise ConfigError(
            f"{source} has the value {redacted_url(url)!r}, which names no file; use the path of "
            f"a pack, such as run{PACK_SUFFIX}"
        )
    return Path(name).expanduser().absolute()


def absolute_url(url: str) -> str:
    """Return the *url* of a store so that it names the same one from every folder."""
    if url.startswith(PACK):
        return pack_url(pack_path(url))
    return f"{SQLITE}{sqlite_path(url).as_posix()}" if url.startswith(SQLITE) else url


def _check_postgres(url: str, source: str) -> None:
    head, _, tail = url.partition("://")[2].partition("/")
    login, _, beyond = head.rpartition("@")
    # Where a special character of a password stands as it is, the rest of it is taken for more.
    is_cut = "@" in tail.partition("?")[0] or not {"@", "?"}.isdisjoint(login)
    hosts = beyond.partition("?")[0].split(",")
    is_read = url.startswith(POSTGRES) and all(map(_is_host, hosts))
    if is_cut or not is_read or _NOT_ENCODED.search(url):
        raise unreadable(source)


def _is_host(name: str) -> bool:
    read = HOST.fullmatch(name)
    return read is not None and int((read[2] or "")[1:] or 0) < 2**16


def unreadable(source: str = "the URL of the store") -> ConfigError:
    """Return what to raise for a URL of PostgreSQL; a password may be anywhere in it."""
    return ConfigError(
        f"{source} cannot be read; expected postgresql://user:password@host:port/database with "
        "special characters of user and password percent-encoded: %40 for @, %23 for #, %2F for /, "
        "%3F for ?, %25 for %"
    )
