"""Tokens of people who may see a part, each with a name, a role and perhaps a project."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from otel_steps.config import ConfigError, Secret
from otel_steps.process.private_files import make_private, read_regular, write_private
from otel_steps.serving.access import Access, Role

# Below the data folder.
FILE: Final = "viewer-tokens.json"

_PREFIX: Final = "ost_"
# Thousands of tokens.
_MAX_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class NamedToken:
    """
    A token, which itself is known to nobody but the one it was given to.

    Attributes:
        sha256: Of the token, as hex digits: it is random and long, so that nobody can guess it from
            that.
        created_at: ISO 8601, UTC.
    """

    name: str
    role: Role
    project: str | None
    sha256: str
    created_at: str

    @property
    def access(self) -> Access:
        """What it lets somebody do."""
        return Access(self.role, self.project)


class Tokens:
    """
    The tokens in the file *path*, which is for this user alone; any thread may ask.

    The file is read when a token is looked for, so that one that was taken away opens nothing more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[NamedToken]:
        """
        Return all tokens in the order in which they were made.

        Raises:
            ConfigError: The file cannot be read, or is none of ours.
        """
        try:
            text = read_regular(self._path, _MAX_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be read: {error.strerror}") from error
        try:
            return [_token_of(each) for each in json.loads(text)["tokens"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{self._path} is no file of tokens; remove it and make the tokens anew with "
                "`otel-steps token add`"
            ) from error

    def find(self, text: str) -> NamedToken | None:
        """Return the token that *text* is, or None; none where the file cannot be read."""
        if not text.startswith(_PREFIX):
            return None
        sha256 = _sha256(text)
        return next((each for each in self.usable() if each.sha256 == sha256), None)

    def usable(self) -> Sequence[NamedToken]:
        """Return all tokens, none where the file cannot be read."""
        try:
            return self.all()
        except ConfigError:
            return ()

    def add(self, name: str, role: Role, project: str | None) -> Secret:
        """
        Make a token and return it; it is shown to nobody again.

        Raises:
            ConfigError: There is one of that name, or it cannot be written.
        """
        known = self.all()
        if any(each.name == name for each in known):
            raise ConfigError(f"there is a token {name!r} already; remove it, or take another name")
        token = _PREFIX + secrets.token_urlsafe(32)
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._write([*known, NamedToken(name, role, project, _sha256(token), made_at)])
        return Secret(token)

    def remove(self, name: str) -> NamedToken | None:
        """
        Take a token away, and with it the sessions that it has opened; None where there is none.

        Raises:
            ConfigError: The file cannot be read or written.
        """
        known = self.all()
        removed = next((each for each in known if each.name == name), None)
        if removed is not None:
            self._write([each for each in known if each is not removed])
        return removed

    def _write(self, tokens: Sequence[NamedToken]) -> None:
        content = {"tokens": [asdict(each) for each in tokens]}
        partial = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            make_private(self._path.parent)
            write_private(partial, json.dumps(content, indent=1).encode())
            partial.replace(self._path)
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be written: {error.strerror}") from error
        finally:
            with suppress(OSError):
                partial.unlink()


def _token_of(fields: dict[str, Any]) -> NamedToken:
    return NamedToken(**{**fields, "role": Role(fields["role"])})


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
