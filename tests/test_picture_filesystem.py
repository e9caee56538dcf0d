"""Pictures in a file system that fsspec knows: the same files as in a folder, and its failures."""

import hashlib
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations

from otel_steps import open_store
from otel_steps.config import ConfigError, resolve
from otel_steps.pictures.filesystem import PictureFilesystem
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.location import folder_of
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores import StoreOnHold, StoreUnavailable
from otel_steps.stores.pictures import open_screenshots
from tests.pictures import png

PICTURE = png(640, 1280)
SHA256 = hashlib.sha256(PICTURE).hexdigest()


class Failing(MemoryFileSystem):  # type: ignore[misc] # fsspec has no types
    """A file system whose calls fail with what a test says."""

    protocol = "failing"
    error: Exception | None = None

    def cat_file(self, *arguments: Any, **options: Any) -> bytes:
        if Failing.error is not None:
            raise Failing.error
        content: bytes = super().cat_file(*arguments, **options)
        return content


fsspec.register_implementation("failing", Failing, clobber=True)


@pytest.fixture
def url() -> Iterator[str]:
    """Return the address of an empty place; what is in memory is one for the process."""
    name = f"/{uuid.uuid4().hex}"
    yield f"memory:/{name}"
    filesystem = fsspec.filesystem("memory")
    if filesystem.exists(name):
        filesystem.rm(name, recursive=True)


def files_of(filesystem: Any, root: str) -> dict[str, bytes]:
    start = len(root.rstrip("/")) + 1
    return {path[start:]: filesystem.cat_file(path) for path in filesystem.find(root)}


def test_the_files_are_those_of_a_folder(url: str, tmp_path: Path) -> None:
    """Picture, thumbnails and facts: the same names, the same bytes, and the same is found."""
    here, there = ScreenshotStore(PictureFolder(tmp_path)), ScreenshotStore(PictureFilesystem(url))
    saved, found = here.save(SHA256, PICTURE), there.save(SHA256, PICTURE)

    local = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*")
    }
    filesystem, root = fsspec.core.url_to_fs(url)
    assert files_of(filesystem, root) == local
    assert (found.sha256, found.phash, found.path) == (saved.sha256, saved.phash, saved.path)
    assert found.remote_url == f"{url}/{saved.path}"
    assert there.find(SHA256) == there.save(SHA256, PICTURE) == found
    for width in (None, 100, 120, 300, 540, 600):
        assert there.read(SHA256, width) == here.read(SHA256, width)


def test_what_was_not_saved_is_not_found(url: str) -> None:
    """An unknown name and one that is none are not there."""
    store = ScreenshotStore(PictureFilesystem(url))

    assert store.find(SHA256) is None
    assert store.find("../secret") is None
    assert store.read(SHA256) is None
    with pytest.raises(ValueError, match="not the name of a picture"):
        store.save("../secret", PICTURE)


def test_what_a_crash_left_half_done_is_saved_again(url: str) -> None:
    """Facts that are cut off are no facts."""
    store = ScreenshotStore(PictureFilesystem(url))
    saved = store.save(SHA256, PICTURE)
    filesystem, root = fsspec.core.url_to_fs(url)
    filesystem.pipe_file(f"{root}/{SHA256[:2]}/{SHA256}.json", b'{"sha256":')
    assert store.find(SHA256) is None

    assert store.save(SHA256, PICTURE) == saved == store.find(SHA256)


def test_a_thumbnail_without_facts_is_not_shown(url: str, tmp_path: Path) -> None:
    """It may be cut off, or left of a picture that somebody has deleted."""
    for place in (PictureFilesystem(url), PictureFolder(tmp_path)):
        store = ScreenshotStore(place)
        store.save(SHA256, PICTURE)
        place.put({f"{SHA256[:2]}/{SHA256}.json": b'{"sha256":'})

        assert place.get(f"{SHA256[:2]}/{SHA256}.120.webp") is not None
        assert store.read(SHA256, 120) is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError("hunter2"), StoreOnHold),
        (ConnectionResetError("hunter2"), StoreUnavailable),
        (ZeroDivisionError("hunter2"), StoreUnavailable),
    ],
)
def test_a_failure_waits_or_asks(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[Exception]
) -> None:
    """What a driver raises keeps the picture waiting, and no secret is told."""
    store = ScreenshotStore(PictureFilesystem("failing://key:hunter2@host/x"))
    monkeypatch.setattr(Failing, "error", error)

    with pytest.raises(kind, match="failing://host/x") as failed:
        store.save(SHA256, PICTURE)
    assert "hunter2" not in str(failed.value)

    monkeypatch.setattr(Failing, "error", None)
    assert store.save(SHA256, PICTURE).remote_url == f"failing://host/x/{SHA256[:2]}/{SHA256}.webp"


def test_a_recording_may_keep_its_pictures_there(url: str, tmp_path: Path) -> None:
    """The settings open it, beside any store of rows."""
    settings = resolve(dir=tmp_path, screenshot_url=url)
    with closing(open_store(settings=settings)) as store:
        pictures = open_screenshots(settings, store)
        saved = pictures.save(SHA256, PICTURE)

    assert saved.remote_url == f"{url}/{saved.path}"
    assert folder_of(settings) == tmp_path / "screenshots"
    assert not (tmp_path / "screenshots").exists()


def test_a_missing_fsspec_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Without it the message names the command that installs it."""
    monkeypatch.setitem(sys.modules, "fsspec", None)

    with pytest.raises(ConfigError, match=r"pip install 'otel-steps\[archive\]'"):
        folder_of(resolve(screenshot_url=url))


def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol that fsspec knows needs its package, which fsspec names."""
    unknown = {"class": "no_such_package.Files", "err": "Install no-such-package to use it"}
    monkeypatch.setitem(known_implementations, "missing", unknown)

    with pytest.raises(ConfigError, match="Install no-such-package"):
        folder_of(resolve(screenshot_url="missing://bucket/x"))
