"""
The file of a pack, opened and checked: a stranger may have made it, or a line may have cut it off.

What is checked at once needs no look at the files: their names, sizes and kinds. What is in them is
compared with the manifest when it is read.
"""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from otel_steps.config.store_url import PACK_SUFFIX
from otel_steps.errors import StoreOnHold
from otel_steps.stores.pack.manifest import DATABASE, MANIFEST, MAX_BYTES, Manifest, decoded

REMEDY: Final = "get the pack again from whoever made it"

_CHUNK_BYTES: Final = 2**20
_ENCRYPTED: Final = 0x1
# What `zipfile` raises over a file that is damaged.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def is_pack(path: Path) -> bool:
    """Tell whether the file at *path* is meant to be a pack: it may still be a damaged one."""
    if path.suffix == PACK_SUFFIX and path.is_file():
        return True
    try:
        with zipfile.ZipFile(path) as file:
            return {MANIFEST, DATABASE} <= set(file.namelist())
    except (OSError, *_BROKEN):
        return False


class Archive:
    """
    The files of the pack at *path*; any thread may read.

    Attributes:
        manifest: What the pack says of itself.

    Raises:
        StoreOnHold: It is no pack, or none that can be trusted to be whole; the message says why.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._translated():
            self._zip = zipfile.ZipFile(path)
        try:
            with self._translated():
                self._infos = self._checked_infos()
                self.manifest = decoded(self._manifest())
                self._check_files(self.manifest)
        except BaseException:
            self.close()
            raise

    def __contains__(self, name: str) -> bool:
        return name in self.manifest.files

    def read(self, name: str) -> bytes | None:
        """
        Return the content of a file, or None where there is none.

        Raises:
            StoreOnHold: It is not what the manifest says.
        """
        return b"".join(self._chunks(name)) if name in self else None

    def extract(self, name: str, target: Path) -> None:
        """Write a file to *target*; raises as `read` does."""
        with target.open("wb") as file:
            file.writelines(self._chunks(name))

    def verify(self) -> None:
        """Read all files; raises as `read` does."""
        for name in self.manifest.files:
            for _ in self._chunks(name):
                pass

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def _chunks(self, name: str) -> Iterator[bytes]:
        digest = hashlib.sha256()
        with self._translated(), self._zip.open(self._infos[name]) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != self.manifest.files[name].sha256:
            raise self.refused(f"{name!r} is not what its {MANIFEST} says")

    def _checked_infos(self) -> dict[str, zipfile.ZipInfo]:
        infos = {info.filename: info for info in self._zip.infolist()}
        if len(infos) != len(self._zip.infolist()):
            raise ValueError("it has two files of one name")
        for name, info in infos.items():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir() or kind not in (0, stat.S_IFREG):
                raise ValueError(f"{name[:80]!r} is no regular file")
            is_plain = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & _ENCRYPTED
            if not is_plain or info.file_size != info.compress_size:
                raise ValueError(f"{name[:80]!r} is compressed or encrypted, as nothing in a pack")
        # Files that lie upon each other would unpack to more than there is.
        if sum(info.file_size for info in infos.values()) > self._path.stat().st_size:
            raise ValueError("its files are larger than itself")
        return infos

    def _manifest(self) -> bytes:
        info = self._infos.get(MANIFEST)
        if info is None:
            raise ValueError(f"it has no {MANIFEST}")
        if info.file_size > MAX_BYTES:
            raise ValueError(f"its {MANIFEST} has more than {MAX_BYTES} bytes")
        return self._zip.read(info)

    def _check_files(self, manifest: Manifest) -> None:
        if DATABASE not in manifest.files:
            raise ValueError(f"it has no {DATABASE}")
        there = {name: info.file_size for name, info in self._infos.items() if name != MANIFEST}
        said = {name: file.size for name, file in manifest.files.items()}
        if odd := sorted(there.items() ^ said.items()):
            raise ValueError(f"{odd[0][0][:80]!r} is not what its {MANIFEST} says")

    def refused(self, reason: str) -> StoreOnHold:
        """Return what to raise where something in the pack is not as it must be."""
        return StoreOnHold(f"{self._path} is no pack that can be read: {reason}", remedy=REMEDY)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreOnHold(
                f"the pack {self._path} cannot be read: {error.strerror or error}",
                remedy="check the path, and let this user read the file",
            ) from error
        except _BROKEN as error:
            raise self.refused(str(error)) from error
