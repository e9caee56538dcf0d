"""
The viewer's JavaScript in one page: a page opened from `file://` may load no module from a file.

Each module becomes a `data:` URL in an import map, under a name in place of its path; two
things are changed in it: how it names the modules that it imports, and that comments are left out.
"""

import base64
import re
from pathlib import Path
from typing import Final

from otel_steps.exporting.lean import lean

_PREFIX: Final = "otel-steps/"
# `from "./x.js"`, `import "./x.js"` and `import("./x.js")`; our own modules name no other way.
_IMPORT: Final = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}/[^"'\n]+)\2""")


def import_map(root: Path, entry: str) -> dict[str, str]:
    """
    Return names and `data:` URLs of the module *entry* below *root* and of all that it imports.

    Raises:
        OSError: A module is not there.
    """
    found: dict[str, str] = {}
    waiting = [(root / entry).resolve()]
    while waiting:
        path = waiting.pop()
        name = name_of(root, path)
        if name in found:
            continue
        source = path.read_text(encoding="utf-8")
        waiting += [(path.parent / each[2]).resolve() for each in _IMPORT.findall(source)]
        found[name] = _data_url(_renamed(root, path, source))
    return found


def name_of(root: Path, path: Path) -> str:
    """Return the name in the import map of the module at *path*."""
    return _PREFIX + path.resolve().relative_to(root.resolve()).as_posix()


def _renamed(root: Path, path: Path, source: str) -> str:
    def named(match: re.Match[str]) -> str:
        keyword, quote, relative = match.groups()
        return f"{keyword}{quote}{name_of(root, path.parent / relative)}{quote}"

    return _IMPORT.sub(named, lean(source))


def _data_url(source: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(source.encode()).decode()}"
