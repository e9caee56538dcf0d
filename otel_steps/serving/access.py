"""What somebody who was let in may do, and to which tasks."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from otel_steps.serving.refusal import Refusal


class Role(StrEnum):
    """What may be done; each may do what those before it may."""

    READ = "read"
    ANNOTATE = "annotate"
    DELETE = "delete"

    def allows(self, other: "Role") -> bool:
        """Tell whether who has this role may do what *other* is for."""
        return _RANKS[self] >= _RANKS[other]


_RANKS: Final = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Access:
    """
    What may be done, by default everything.

    Attributes:
        project: Of whose tasks alone; None for all.
        remedy: Why not more may be done, and what to do; None where a token says so.
    """

    role: Role = Role.DELETE
    project: str | None = None
    remedy: str | None = None

    def require(self, role: Role) -> None:
        """
        Let whoever may do what *role* is for.

        Raises:
            Refusal: They may not.
        """
        if not self.role.allows(role):
            remedy = self.remedy or (
                f"this token is there to {self.role}; ask for one that may {role}: "
                f"`otel-steps token add NAME --role {role}`"
            )
            raise Refusal(403, remedy, code="role")
