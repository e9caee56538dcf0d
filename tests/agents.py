"""The real agents, as their authors have published them: never changed, never simulated."""

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

# The current shape of `phone_agent`, and the one from before it knew device kinds.
CURRENT, EARLY = "1.5.0", "0.3.2"
VERSIONS = (CURRENT, EARLY)


def agent_folder(version: str) -> Path:
    """Return a folder whose `phone_agent` is that of *version*; downloaded once, then kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path(__file__).parent.parent / ".cache")
    folder = cache / "agents" / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f"{version}.lock"):
        if not (folder / "phone_agent").is_dir():
            subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
                    *("--no-compile", "--disable-pip-version-check", "--target", str(folder)),
                    f"autoglm-gui=={version}",
                ],
                check=True,
            )
    return folder


def python_path(version: str) -> str:
    """Return a PYTHONPATH with the agent of *version* in front."""
    path = [str(agent_folder(version)), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(filter(None, path))
