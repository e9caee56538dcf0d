"""What a pack says of itself: what made it, which tasks are in it, and what each file must be."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

MANIFEST: Final = "manifest.json"
DATABASE: Final = "steps.db"
PICTURES: Final = "screenshots/"
FORMAT: Final = "otel-steps pack"
VERSION: Final = 1
# Of the manifest: some 130 for each file, and four files for each picture.
MAX_BYTES: Final = 256 * 2**20

_PICTURE: Final = re.compile(PICTURES + r"([0-9a-f]{2})/\1[0-9a-f]{62}(\.[0-9]{1,5})?\.[a-z]{3,4}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of a pack: how many bytes it has, and the sha256 of these."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    Attributes:
        made_by: Name and version of the program.
        tasks: Of each task: task_id, task_description, status, created_at, steps.
        files: By name; the manifest itself is not among them.
    """

    made_by: str
    tasks: Sequence[Mapping[str, Any]]
    files: Mapping[str, PackedFile]


def is_file_name(name: str) -> bool:
    """Tell whether a pack may have a file of that name, beside its manifest."""
    return name == DATABASE or _PICTURE.fullmatch(name) is not None


def encoded(manifest: Manifest) -> bytes:
    """Return the text of `manifest.json`; the same for the same manifest."""
    value = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def decoded(data: bytes) -> Manifest:
    """
    Return what `manifest.json` says.

    Raises:
        ValueError: It is none, or of another version; the text says so.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError(f"its {MANIFEST} is not JSON") from None
    match value:
        case {"format": str(form), "version": int(version)} if form == FORMAT:
            if version != VERSION:
                raise ValueError(
                    f"it is of version {version} and this otel-steps reads {VERSION}: use the "
                    f"otel-steps that made it, {str(value.get('made_by'))[:80]!r}"
                )
        case _:
            raise ValueError(f"its {MANIFEST} is not that of a pack")
    match value:
        case {"made_by": str(made_by), "tasks": list(tasks), "files": dict(files)}:
            return Manifest(made_by, tasks, {name: _file(name, files[name]) for name in files})
    raise ValueError(f"its {MANIFEST} lacks something")


def _file(name: str, value: Any) -> PackedFile:
    if not is_file_name(name):
        raise ValueError(f"its {MANIFEST} names the file {name[:80]!r}, which no pack has")
    match value:
        case {"size": int(size), "sha256": str(digest)} if size >= 0 and _SHA256.fullmatch(digest):
            return PackedFile(size, digest)
    raise ValueError(f"its {MANIFEST} does not say what {name!r} must be")
