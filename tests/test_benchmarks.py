"""The table of the benchmarks says what was measured, against what, and what was missed."""

import subprocess
import sys

import pytest

from tests.benchmarks.table import HEAD, Row


def _row(figure: float, reference: float | None, **target: float) -> Row:
    return Row(
        work="a drain",
        figure=figure,
        unit="steps/s",
        against="a peer",
        reference=reference,
        **target,
    )


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (
            _row(12_500.4, 50_000, at_least=0.25),
            "| a drain | 12,500 steps/s | a peer: 50,000 steps/s | 25 % | ≥ 25 % |",
        ),
        (
            _row(200, 100, at_least=50),
            "| a drain | 200 steps/s | a peer: 100 steps/s | 2 × | ≥ 50 ×, **missed** |",
        ),
        (
            _row(200, None, at_least=50),
            "| a drain | 200 steps/s | a peer: not installed | – | ≥ 50 × |",
        ),
        (
            Row.within(5, work="a step", figure=1.254, unit="ms"),
            "| a step | 1.25 ms | limit: 5 ms | 25.1 % | ≤ 100 % |",
        ),
        (
            Row.within(5, work="a step", figure=6, unit="ms"),
            "| a step | 6 ms | limit: 5 ms | 120 % | ≤ 100 %, **missed** |",
        ),
    ],
    ids=["reached", "missed", "absent peer", "within a limit", "over a limit"],
)
def test_a_row_tells_its_ratio_and_what_it_missed(row: Row, line: str) -> None:
    assert str(row) == line


def test_one_command_prints_the_table() -> None:
    """The benchmarks that are named, each row below one head."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "importing"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )

    assert (done.returncode, done.stderr) == (0, "")
    _, table = done.stdout.split("\n\n")
    assert table.startswith(f"{HEAD}\n| `import otel_steps` after the SDK | ")
