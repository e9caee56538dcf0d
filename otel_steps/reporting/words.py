"""The words of a report, in one language: those of the viewer's pages, which has the one list."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

Language = Literal["en", "zh"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
# Of HTML's `lang`.
TAGS: Final[Mapping[Language, str]] = {"en": "en", "zh": "zh-CN"}

_STATIC: Final = Path(__file__).parent.parent / "viewer" / "static"
_PARTS: Final = ("words", "words.task", "words.usage", "words.report")
# A line of such a file: a key and its phrase, both as JSON has them.
_ENTRY: Final = re.compile(r'^\s*("[^"]+"):\s*("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
_PLACE: Final = re.compile(r"\{(\w+)\}")


class Words:
    """
    Phrases by their keys, and times as the language says them.

    Attributes:
        language: Which one.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._phrases = _phrases(language)

    def __call__(self, key: str, **values: Any) -> str:
        """Return a phrase with its places filled; a key that nobody knows as it is."""
        one = self._phrases.get(f"{key}.one") if values.get("count") == 1 else None
        phrase = one or self._phrases.get(key, key)
        return _PLACE.sub(lambda place: _written(values.get(place[1], place[0])), phrase)

    def known(self, key: str, otherwise: str) -> str:
        """Return the phrase of *key*, or *otherwise* where there is none."""
        return self._phrases.get(key, otherwise)

    def duration(self, ms: float | None) -> str:
        """Return how long something took: the two largest units that say something."""
        if ms is None:
            return ""
        if ms < 1000:
            return self("duration.ms", ms=round(ms))
        if ms < 60_000:
            return self("duration.s", s=f"{ms / 1000:.1f}" if ms < 10_000 else round(ms / 1000))
        minutes = int(ms // 60_000)
        if minutes < 60:
            return self("duration.min", min=minutes, s=int(ms % 60_000 // 1000))
        return self("duration.h", h=minutes // 60, min=minutes % 60)


def _written(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


@cache
def _phrases(language: Language) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in _PARTS:
        source = (_STATIC / f"{part}.{language}.js").read_text(encoding="utf-8")
        found.update({json.loads(key): json.loads(text) for key, text in _ENTRY.findall(source)})
    return found
