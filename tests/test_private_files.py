"""What is recorded is for this user alone, and no link leads a reader to what was not recorded."""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import ConfigError, resolve
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.location import folder_of
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.process.private_files import read_below
from otel_steps.stores import StoreOnHold
from tests.commands import command, python, store_tasks
from tests.pictures import png
from tests.viewing import client_of, opened_library

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes and links")

# As large as a screen, so that it has thumbnails.
OURS, THEIRS = png(640, 1280), png(700, 1280, (1, 2, 3))
SHA256 = hashlib.sha256(OURS).hexdigest()
NAMES = (f"{SHA256}.png", f"{SHA256}.webp")

RECORD = """
import os, sys
os.umask(int(sys.argv[1], 8))
import otel_steps
from otel_steps.health.problems import Problems
recording = otel_steps.configure()
with otel_steps.task("Open the camera"), otel_steps.step(screenshot=sys.argv[2]):
    pass
assert recording.flush(600)
Problems(recording.settings.problems_dir).report("journal", "a test")
recording.shutdown()
"""


@pytest.mark.parametrize("umask", ["000", "022", "077"])
@pytest.mark.parametrize("is_there", [True, False], ids=["folder is there", "folder is new"])
def test_whatever_the_umask_only_the_user_may_look(
    tmp_path: Path, umask: str, is_there: bool
) -> None:
    """Each folder that a recording makes is 0700, each file 0600, in whatever folder they lie."""
    data = tmp_path / "parent" / "data"
    if is_there:
        data.mkdir(parents=True)
        data.chmod(0o755)
    picture = tmp_path / "screen.png"
    picture.write_bytes(OURS)

    done = python("-c", RECORD, umask, picture, OTEL_STEPS_DIR=str(data))

    assert done.returncode == 0, done.stderr
    made = [*data.rglob("*"), *(() if is_there else (data, data.parent))]
    assert {path.name for path in made} >= {"screenshots", "steps.db", "journal.json", "backup"}
    assert {str(path): mode_of(path) for path in made if mode_of(path) != wanted(path)} == {}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def wanted(path: Path) -> int:
    return 0o700 if path.is_dir() else 0o600


def test_doctor_tells_of_what_others_may_open() -> None:
    """Folders of an older version stay as they are, and doctor says what to run."""
    store_tasks("aaaaaaaa-1")
    folder = resolve().dir / "screenshots"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (resolve().dir / "steps.db").chmod(0o644)

    told = privacy()

    assert told["status"] == "warn"
    assert "screenshots" in told["message"]
    assert f"chmod go-rwx {folder} {resolve().dir / 'steps.db'}" in told["remedy"]
    folder.chmod(0o700)
    for path in resolve().dir.glob("steps.db*"):
        path.chmod(0o600)
    assert privacy()["status"] == "ok"


def privacy() -> dict[str, Any]:
    (check,) = (c for c in command("doctor", "--json").json["checks"] if c["name"] == "privacy")
    return dict(check)


# --- links ----------------------------------------------------------------------------------------


def picture_is_a_link(root: Path, elsewhere: Path) -> None:
    (saved,) = (
        path for path in root.rglob(f"{SHA256}.*") if path.suffixes in ([".png"], [".webp"])
    )
    saved.unlink()
    saved.symlink_to(elsewhere / "secret.png")


def thumbnail_is_a_link(root: Path, elsewhere: Path) -> None:
    thumbnail = root / SHA256[:2] / f"{SHA256}.120.webp"
    thumbnail.unlink()
    thumbnail.symlink_to(elsewhere / "secret.png")


def folder_is_a_link(root: Path, elsewhere: Path) -> None:
    (root / SHA256[:2]).rename(elsewhere / "pictures")
    for path in (elsewhere / "pictures").iterdir():
        if path.suffix != ".json":
            path.write_bytes(THEIRS)
    (root / SHA256[:2]).symlink_to(elsewhere / "pictures")


def picture_is_a_pipe(root: Path, _: Path) -> None:
    for path in (root / SHA256[:2]).iterdir():
        if path.suffix != ".json":
            path.unlink()
            os.mkfifo(path)


def facts_name_another_file(root: Path, elsewhere: Path) -> None:
    for path in (root / SHA256[:2]).iterdir():
        if path.suffix != ".json":
            path.unlink()
    facts = root / SHA256[:2] / f"{SHA256}.json"
    told = json.loads(facts.read_text())
    facts.write_text(json.dumps({**told, "path": str(elsewhere / "secret.png")}))


@pytest.mark.parametrize("width", [None, 100])
@pytest.mark.parametrize(
    "tamper",
    [
        picture_is_a_link,
        thumbnail_is_a_link,
        folder_is_a_link,
        picture_is_a_pipe,
        facts_name_another_file,
    ],
)
def test_no_link_leads_to_another_picture(
    tmp_path: Path, tamper: Callable[[Path, Path], None], width: int | None
) -> None:
    """What lies in the folder under a picture's name and is not its file is never served."""
    store_tasks("aaaaaaaa-1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.png").write_bytes(THEIRS)
    with opened_library() as library:
        library.pictures.save(SHA256, OURS)
        tamper(resolve().dir / "screenshots", elsewhere)

        served = library.pictures.read(SHA256, width)
        answer = client_of(library).get(f"/img/{SHA256}", params={"w": width} if width else {})

    assert served != THEIRS
    assert answer.content != THEIRS
    assert answer.status_code == (404 if served is None else 200)


def test_a_link_in_place_of_a_picture_is_made_good(tmp_path: Path) -> None:
    """Saving replaces the link, and what it led to stays as it was."""
    folder = ScreenshotStore(PictureFolder(tmp_path / "pictures"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.png").write_bytes(THEIRS)
    saved = folder.save(SHA256, OURS)
    picture_is_a_link(tmp_path / "pictures", elsewhere)

    assert folder.save(SHA256, OURS) == saved
    assert folder.read(SHA256) == (tmp_path / "pictures" / saved.path).read_bytes() != THEIRS
    assert (elsewhere / "secret.png").read_bytes() == THEIRS


def test_pictures_are_not_written_through_a_link(tmp_path: Path) -> None:
    """A link in place of one of our folders holds the picture back, and says where it is."""
    folder = ScreenshotStore(PictureFolder(tmp_path / "pictures"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / SHA256[:2]).symlink_to(elsewhere)

    with pytest.raises(StoreOnHold, match=f"{SHA256[:2]} is a link"):
        folder.save(SHA256, OURS)
    assert list(elsewhere.iterdir()) == []


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """Who has little room leads the folder of pictures to another disk."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "pictures").symlink_to(tmp_path / "disk")
    folder = ScreenshotStore(PictureFolder(tmp_path / "pictures"))

    folder.save(SHA256, OURS)

    assert folder.read(SHA256) is not None


def test_folders_are_ours_by_whatever_name_they_go(tmp_path: Path) -> None:
    """A driver of fsspec would make files that others may read, and follow links."""
    place = tmp_path / "pictures"

    assert folder_of(resolve(screenshot_url=f"local://{place}")) == place
    for chain in (f"simplecache::file://{place}", f"simplecache::{place}"):
        with pytest.raises(ConfigError, match="name the folder itself"):
            folder_of(resolve(screenshot_url=chain))


def test_what_is_read_is_bounded(tmp_path: Path) -> None:
    """A file that has grown beyond measure is an error that names it."""
    (tmp_path / "a").write_bytes(b"12345")

    with pytest.raises(OSError, match="more than 4 bytes"):
        read_below(tmp_path, "a", max_bytes=4)
