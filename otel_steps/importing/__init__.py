"""
Moving in: what other recorders have left behind, read as the spans that a recording would have had.

One file a source; `importer` writes what they find. Ids are derived from what the source calls a
thing, so the same thing is the same row however often, and from wherever, it is imported.
"""

from otel_steps.importing.former_database import FormerDatabase
from otel_steps.importing.importer import Importer
from otel_steps.importing.item import Found, Item, PictureFile, Refused
from otel_steps.importing.source import Source, find_sources

__all__ = [
    "FormerDatabase",
    "Found",
    "Importer",
    "Item",
    "PictureFile",
    "Refused",
    "Source",
    "find_sources",
]
