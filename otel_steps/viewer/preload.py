"""
What a page needs, named in its head: a browser asks for all of it at once, and not for each module
when it has read the one before.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "zh")

_ENTRY: Final = "app.js"
# What a module cannot run without; what it imports later is not among it.
_IMPORT: Final = re.compile(r"""(?:\bfrom\s*|^import\s*)["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class View:
    """What `VIEWS` of app.js loads for a view: its module, the parts of its words, its sheets."""

    module: str
    words: tuple[str, ...]
    sheets: tuple[str, ...]


VIEWS: Final = {
    "list": View("list/view.js", ("list", "usage"), ("list.css",)),
    "task": View("task/view.js", ("task",), ("task.css",)),
    "compare": View("compare/view.js", ("compare", "task", "usage"), ("task.css", "compare.css")),
    "stats": View("stats/view.js", ("stats", "list", "usage"), ("list.css", "stats.css")),
}


def needed(root: Path, view: str, language: str) -> tuple[list[str], list[str]]:
    """Return the names below *root* of the modules, and of the style sheets, that a page needs."""
    facts = VIEWS[view]
    words = [f"words.{language}.js", *(f"words.{part}.{language}.js" for part in facts.words)]
    return modules_of(root, _ENTRY, facts.module, *words), list(facts.sheets)


def modules_of(root: Path, *entries: str) -> list[str]:
    """Return the names below *root* of the modules *entries* and of all that they import."""
    base = root.resolve()
    found: dict[Path, None] = {}
    waiting = [base / entry for entry in reversed(entries)]
    while waiting:
        path = waiting.pop().resolve()
        if path not in found:
            found[path] = None
            names = _IMPORT.findall(path.read_text(encoding="utf-8"))
            waiting += [path.parent / name for name in names]
    return [path.relative_to(base).as_posix() for path in found]


def language_of(header: str) -> str:
    """Return the first language of an `Accept-Language` header that the pages speak."""
    tags = (tag.split(";")[0].strip().split("-")[0].lower() for tag in header.split(","))
    return next((tag for tag in tags if tag in LANGUAGES), LANGUAGES[0])
