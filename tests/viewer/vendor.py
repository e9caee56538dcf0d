"""
Fetch the viewer's three libraries from npm into `static/vendor/`: `python -m tests.viewer.vendor`.

To take another version, change it here and run this; the manifest says what was taken from where.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.supabase.packages import NODE_ENV, node, npm

VENDOR = Path(__file__).parents[2] / "otel_steps" / "viewer" / "static" / "vendor"


@dataclass(frozen=True)
class Package:
    """A package of npm, and which of its files (name there -> name here) the viewer serves."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PACKAGES = [
    Package(
        "preact",
        "11.2.0",
        "MIT",
        {
            "dist/preact.mjs": "preact.js",
            "hooks/dist/hooks.mjs": "hooks.js",
            "LICENSE": "preact.LICENSE.txt",
        },
    ),
    Package(
        "htm",
        "3.1.1",
        "Apache-2.0",
        {"dist/htm.mjs": "htm.js", "LICENSE": "htm.LICENSE.txt"},
    ),
]


def main() -> None:
    """Write the files and `VENDOR.json`."""
    VENDOR.mkdir(exist_ok=True)
    manifest = [_taken(package) for package in PACKAGES]
    text = json.dumps(manifest, indent=2) + "\n"
    (VENDOR / "VENDOR.json").write_text(text, encoding="utf-8")


def _taken(package: Package) -> dict[str, Any]:
    """Write the files of *package* and return its entry in the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        archive = _packed(package, Path(folder))
        files = {}
        with tarfile.open(archive) as members:
            for source, target in package.files.items():
                member = members.extractfile(f"package/{source}")
                assert member is not None, f"{package.name} {package.version} has no {source}"
                data = served(member.read().decode()).encode()
                (VENDOR / target).write_bytes(data)
                files[target] = {"from": source, "sha256": hashlib.sha256(data).hexdigest()}
        digest = hashlib.sha512(archive.read_bytes()).digest()
    integrity = f"sha512-{base64.b64encode(digest).decode()}"
    return {**asdict(package), "integrity": integrity, "files": files}


def served(source: str) -> str:
    """
    Return a file as the viewer serves it.

    A browser finds a module by its address and not by its package's name, and the source maps
    are not here.
    """
    source = re.sub(r'from"preact"', 'from"./preact.js"', source)
    return re.sub(r"\n//# sourceMappingURL=\S+\n?$", "\n", source)


def _packed(package: Package, folder: Path) -> Path:
    what = f"{package.name}@{package.version}"
    subprocess.run(
        [str(node()), str(npm()), "pack", "--silent", what, "--pack-destination", str(folder)],
        env={**os.environ, **NODE_ENV},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return folder / f"{package.name}-{package.version}.tgz"


if __name__ == "__main__":
    main()
