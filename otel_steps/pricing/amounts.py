"""Amounts of money in words. Pure."""

from math import floor, log10


def amount_text(amount: float) -> str:
    """Return an amount of money: two digits behind the point, and more where it is small."""
    if amount >= 1 or amount == 0:
        return f"{amount:,.2f}"
    return f"{amount:.{1 - floor(log10(amount))}f}" if amount >= 1e-6 else f"{amount:.1e}"
