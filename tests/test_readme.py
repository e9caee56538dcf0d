"""The READMEs say what is true, and both say the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"


def blocks(path: Path, language: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands(path: Path) -> list[str]:
    lines = "".join(blocks(path, "sh")).splitlines()
    return [line.split("  #")[0].rstrip() for line in lines]


def test_both_readmes_give_the_same_commands() -> None:
    """Whoever reads Chinese first types the same as everybody else."""
    assert commands(CHINESE) == commands(ENGLISH)


@pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=lambda path: path.name)
def test_python_examples_run(path: Path, tmp_path: Path) -> None:
    """Every Python block works as it stands, each in a new process."""
    for block in blocks(path, "python"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

        assert (done.returncode, done.stderr) == (0, ""), block


@pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=lambda path: path.name)
def test_files_that_are_named_exist(path: Path) -> None:
    """A path in the README leads somewhere."""
    text = path.read_text(encoding="utf-8")

    named = re.findall(r"`((?:otel_steps|tests|migrations)/[\w./-]*)`|\]\(([\w./-]+)\)", text)

    for code, link in named:
        assert (ROOT / (code or link)).exists(), code or link
