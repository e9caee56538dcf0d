"""Packages that some tests need beside those of the environment: downloaded once, then kept."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock


def wheel_folder(name: str, *requirements: str) -> Path:
    """Return a folder with *requirements* alone, to be put on the path; *name* is its own."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path(__file__).parent.parent / ".cache")
    folder = cache / "wheels" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    marker = folder / "requirements.txt"
    contents = "\n".join(requirements)
    with FileLock(folder.parent / f"{name}.lock"):
        # Written last: a download that was interrupted is made again.
        if not marker.exists() or marker.read_text(encoding="utf-8") != contents:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
                    *("--no-compile", "--disable-pip-version-check", "--target", str(folder)),
                    *requirements,
                ],
                check=True,
            )
            marker.write_text(contents, encoding="utf-8")
    return folder


def path_with(*folders: Path) -> str:
    """Return a PYTHONPATH with *folders* in front."""
    return os.pathsep.join(filter(None, [*map(str, folders), os.environ.get("PYTHONPATH", "")]))
