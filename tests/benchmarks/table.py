"""What a benchmark finds: figures, each beside what it is measured against, and their table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

HEAD: Final = (
    "| work | figure | measured against | ratio | to reach |\n"
    "|---|---:|---|---:|---|"
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One figure and its ratio to another one of the same run.

    Attributes:
        work: What was done.
        figure: What was measured, in `unit`.
        unit: Such as `ms` or `steps/s`.
        against: What it is measured against.
        reference: The figure of that in the same unit; None where it is not installed here.
        at_least: What figure / reference has to reach.
        at_most: What figure / reference must not pass.
    """

    work: str
    figure: float
    unit: str
    against: str
    reference: float | None
    at_least: float | None = None
    at_most: float | None = None

    @classmethod
    def within(cls, limit: float, *, work: str, figure: float, unit: str) -> Self:
        """Return the row of a figure that must not pass a *limit*."""
        return cls(
            work=work, figure=figure, unit=unit, against="limit", reference=limit, at_most=1
        )  # fmt: skip

    def __str__(self) -> str:
        """Return the row as a line of a Markdown table."""
        if self.reference is None:
            against, ratio = f"{self.against}: not installed", "–"
        else:
            against = f"{self.against}: {_number(self.reference)} {self.unit}"
            ratio = _ratio(self.figure / self.reference)
        figure = f"{_number(self.figure)} {self.unit}"
        return f"| {self.work} | {figure} | {against} | {ratio} | {self._target()} |"

    def _target(self) -> str:
        if self.at_least is not None:
            target, reached = f"≥ {_ratio(self.at_least)}", self._reaches(self.at_least, 1)
        elif self.at_most is not None:
            target, reached = f"≤ {_ratio(self.at_most)}", self._reaches(self.at_most, -1)
        else:
            return ""
        return target if reached else f"{target}, **missed**"

    def _reaches(self, bound: float, sign: int) -> bool:
        return self.reference is None or sign * (self.figure / self.reference - bound) >= 0


# What a file of benchmarks offers: its benchmarks by name, each of which measures when it is read.
Benchmarks = dict[str, Callable[[], Iterator[Row]]]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"{value * 100:.3g} %" if value < 2 else f"{value:.3g} ×"
