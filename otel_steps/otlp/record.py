"""Records of which there is one or more for each span, so that making one has to be fast."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """
    Make *cls* a dataclass with slots and keywords, that nobody changes once it is made.

    The type checker sees to the latter. At run time it would double what a record costs: a frozen
    dataclass sets each of its fields by a call.
    """
    return dataclass(slots=True, kw_only=True)(cls)
