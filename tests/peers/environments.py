"""Virtual environments of programs that would not fit into ours, made once in the cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parent.parent.parent
SUPPORTED = ("3.11", "3.12", "3.13")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

_INSTALL_TIMEOUT_S = 900
_TELL = "import sys; print('%d.%d' % sys.version_info[:2])"


def environment(
    name: str, *requirements: str, stamp: str = "", interpreter: str | Path = sys.executable
) -> Path:
    """Return the Python of an environment that has *requirements*; made anew if *stamp* differs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or ROOT / ".cache") / "peers"
    folder = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    contents = "\n".join((*requirements, stamp))
    marker = folder / "contents.txt"
    with FileLock(f"{folder}.lock"):
        if not marker.exists() or marker.read_text(encoding="utf-8") != contents:
            shutil.rmtree(folder, ignore_errors=True)
            _run(str(interpreter), "-m", "venv", str(folder))
            pip(python, "install", *requirements)
            marker.write_text(contents, encoding="utf-8")
    return python


def pip(python: Path, *arguments: str) -> str:
    """Run pip in the environment of *python*; return what it prints, or fail with that."""
    return _run(str(python), "-m", "pip", "--disable-pip-version-check", *arguments)


def package_stamp() -> str:
    """Return what changes with the requirements of our own package."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def interpreters() -> dict[str, Path]:
    """Return the Pythons of this machine that the package is for, by version; ours among them."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = {VERSION: Path(sys.executable)}
    for version in SUPPORTED:
        candidates = [*pyenv.glob(f"{version}.*/bin/python"), shutil.which(f"python{version}")]
        for candidate in filter(None, candidates):
            # Pyenv puts a program on the path for a version that is not switched on, too.
            done = subprocess.run([candidate, "-c", _TELL], capture_output=True, text=True)
            if done.stdout.strip() == version:
                found.setdefault(version, Path(candidate))
    return found


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
