"""What is uploaded: both distributions can be built, are whole, small and in order."""

import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parent.parent
MAX_WHEEL_BYTES = 1_600_000


@pytest.fixture(scope="module", name="wheel")
def _wheel(built: list[Path]) -> Path:
    (wheel,) = (path for path in built if path.suffix == ".whl")
    return wheel


@pytest.fixture(scope="module", name="built")
def _built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the source distribution, and the wheel that is built from that alone."""
    folder = tmp_path_factory.mktemp("dist")
    run("build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return sorted(folder.iterdir())


def run(module: str, *arguments: str) -> str:
    """Run a module; return what it prints, or fail with that."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(folder: str) -> set[str]:
    """Return the files below a folder of the project that belong to it."""
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts}


def test_the_wheel_is_whole(wheel: Path) -> None:
    """Every module, the pages of the viewer, the migrations and the licence are in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (licence,) = (name for name in archive.namelist() if name.endswith("licenses/LICENSE"))

    migrations = {f"otel_steps/_{name}" for name in files_of("migrations")}
    assert names == files_of("otel_steps") | migrations
    assert len(migrations) >= 4
    assert any(name.startswith("otel_steps/viewer/static/") for name in names)
    assert licence.startswith("otel_steps-")


def test_the_wheel_is_small(wheel: Path) -> None:
    """Whoever installs it downloads little more than a megabyte."""
    assert wheel.stat().st_size < MAX_WHEEL_BYTES


def test_the_source_distribution_can_be_tested(built: list[Path]) -> None:
    """Tests, examples and both READMEs come with the source."""
    (source,) = (path for path in built if path.suffix == ".gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert files_of("examples") | files_of("migrations") <= names
    assert {"README.md", "README.zh-CN.md", "CHANGELOG.md", "LICENSE"} <= names
    assert {"tests/conftest.py", "tests/fakes/phone.py", "pyproject.toml"} <= names


def test_the_description_is_in_order(built: list[Path]) -> None:
    """The index would take both, and shows the README."""
    said = run("twine", "check", "--strict", *map(str, built))

    assert said.count("PASSED") == 2


def test_the_metadata_say_what_is_needed(wheel: Path) -> None:
    """Python's versions are those that are tested, and nothing heavy is needed by default."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    needed = [each for each in metadata.get_all("Requires-Dist", []) if "extra ==" not in each]

    assert metadata["Requires-Python"] == ">=3.11"
    for version in ("3.11", "3.12", "3.13"):
        assert f"Programming Language :: Python :: {version}" in metadata.get_all("Classifier", [])
    assert not any(each.startswith(("fastapi", "psycopg", "pandas", "fsspec")) for each in needed)
    assert set(metadata.get_all("Provides-Extra", [])) >= {"viewer", "postgres", "dev"}
