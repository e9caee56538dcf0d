"""
Which part of a list: `page` from 1, and `per_page`, of which at most 100 are given.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Query

MAX_PER_PAGE: Final = 100
# The largest offset that a database takes.
_MAX_OFFSET: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, counted from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return min((self.number - 1) * self.size, _MAX_OFFSET)

    def limit(self, total: int) -> int:
        """Rows on the page of a list with *total* rows."""
        return max(0, min(self.size, total - self.offset))

    def pagination(self, total: int) -> dict[str, int]:
        """Return the `pagination` object of an answer."""
        pages = -(-total // self.size)
        return {"page": self.number, "per_page": self.size, "total": total, "pages": pages}


async def _page(
    page: Annotated[int, Query(ge=1, description="From 1.")] = 1,
    per_page: Annotated[int, Query(ge=1, description="At most 100 are given.")] = 20,
) -> Page:
    return Page(page, min(per_page, MAX_PER_PAGE))


PageDependency = Annotated[Page, Depends(_page)]
