"""
Moving in: what others have left behind, read as the spans that a recording would have had.

One module a kind of file; `kinds` tells files by their content, `importer` writes what is found.
Spans keep their ids; those of anything else are derived from what the source calls a thing, so the
same thing is the same row however often, and from wherever, it is imported.
"""

from otel_steps.importing.former_database import FormerDatabase
from otel_steps.importing.importer import Importer
from otel_steps.importing.item import Found, Item, Message, PictureFile, Refused
from otel_steps.importing.source import Source, find_sources, what_is

__all__ = [
    "FormerDatabase",
    "Found",
    "Importer",
    "Item",
    "Message",
    "PictureFile",
    "Refused",
    "Source",
    "find_sources",
    "what_is",
]
