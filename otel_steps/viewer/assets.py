"""
The files that the pages are made of, from the package, less their comments: there is no build
step.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otel_steps.exporting.lean import lean
from otel_steps.serving.access import Role
from otel_steps.viewer.preload import needed

INDEX: Final = "index.html"

# What is served, and as what; the types of the system may say otherwise.
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_COMMENTED: Final = (".css", ".js")
_VERSIONED: Final = re.compile(r"(?P<version>[0-9a-f]{12})/(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Asset:
    """
    A file to serve.

    Attributes:
        tag: Another one for another content.
        is_fixed: True where its address means this content for ever.
    """

    content: bytes
    media_type: str
    tag: str
    is_fixed: bool


class Assets:
    """
    The files below *root*, in pages whose addresses begin with *base*.

    In the page each has an address with the version of them all, so that a browser need not ask
    again until one of them changes.
    """

    def __init__(self, root: Path, *, base: str = "/") -> None:
        self._root = root
        self._base = base
        self._version: str | None = None

    def page(self, view: str, language: str, role: Role) -> Asset:
        """
        Return the one page, with the version as it is now in the addresses of its files.

        Args:
            view: Of `preload.VIEWS`: what it needs is named in the page, so that it comes at once.
            language: Of `preload.LANGUAGES`, likewise.
            role: What its reader may do; the page hides what would be refused.
        """
        self._version = _version_of(self._root)
        text = (self._root / INDEX).read_text(encoding="utf-8")
        text = text.replace("<!-- preload -->\n", self._links(view, language))
        text = text.replace('<html lang="en">', f'<html lang="en" data-role="{role}">')
        text = text.replace('"static/', f'"static/{self._version}/')
        content = text.replace('<base href="/">', f'<base href="{self._base}">').encode()
        return Asset(content, _TYPES[".html"], self._version, is_fixed=False)

    def _links(self, view: str, language: str) -> str:
        modules, sheets = needed(self._root, view, language)
        return "".join(
            [
                *(f'<link rel="preload" as="style" href="static/{name}">\n' for name in sheets),
                *(f'<link rel="modulepreload" href="static/{name}">\n' for name in modules),
            ]
        )

    def find(self, name: str) -> Asset | None:
        """Return a file by its name, or by version and name; None where there is none."""
        versioned = _VERSIONED.fullmatch(name)
        # A page from before an upgrade gets the file as it is now, and may not keep it.
        is_fixed = versioned is not None and versioned["version"] == self._version
        path = self._path_of(versioned["name"] if versioned else name)
        if path is None:
            return None
        return Asset(_content_of(path), _TYPES[path.suffix], _mark(path), is_fixed)

    def _path_of(self, name: str) -> Path | None:
        parts = name.split("/")
        is_below = all(part and not part.startswith(".") and "\\" not in part for part in parts)
        path = self._root.joinpath(*parts) if is_below else self._root
        is_served = path.suffix in _TYPES and path.is_relative_to(self._root) and path.is_file()
        return path if is_served else None


def _content_of(path: Path) -> bytes:
    if path.suffix not in _COMMENTED:
        return path.read_bytes()
    return lean(path.read_text(encoding="utf-8")).encode()


def _version_of(root: Path) -> str:
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    marks = "".join(f"{path} {_mark(path)}\n" for path in paths)
    return hashlib.sha256(marks.encode()).hexdigest()[:12]


def _mark(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_mtime_ns:x}-{facts.st_size:x}"
