"""
Whatever an agent hands over, made storable, and what people read, freed of secrets. Pure.

| module | knows |
|---|---|
| `cleaning` | what of a value can be stored, and how the rest is told |
| `json_text` | values as JSON text, and those that need no cleaning |
| `secrets` | what a secret looks like |
| `limits`, `text` | how much is kept, and how a text is cut |
"""

from otel_steps.sanitize.cleaning import clean
from otel_steps.sanitize.json_text import from_json, is_clean, to_json
from otel_steps.sanitize.limits import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEY_BYTES,
    MAX_MESSAGE_CHARS,
    MAX_READ_BYTES,
    MAX_REPR_BYTES,
    MAX_TEXT_BYTES,
    MAX_VALUE_BYTES,
)
from otel_steps.sanitize.secrets import masked, scrub
from otel_steps.sanitize.text import REPLACEMENT

__all__ = [
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_KEY_BYTES",
    "MAX_MESSAGE_CHARS",
    "MAX_READ_BYTES",
    "MAX_REPR_BYTES",
    "MAX_TEXT_BYTES",
    "MAX_VALUE_BYTES",
    "REPLACEMENT",
    "clean",
    "from_json",
    "is_clean",
    "masked",
    "scrub",
    "to_json",
]
