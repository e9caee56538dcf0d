"""Pictures at rest: what is kept, what is made of it, and what broken ones and full disks do."""

import errno
import hashlib
import io
import json
import os
import random
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from otel_steps.config import ScreenshotFormat
from otel_steps.errors.disk import store_error
from otel_steps.pictures.decoding import decode
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import UNDECODABLE, ScreenshotStore
from otel_steps.pictures.stored import StoredPicture
from otel_steps.stores import RowRejected, StoreOnHold, StoreUnavailable
from tests.odd_pictures import odd_pictures
from tests.patience import PATIENCE_S
from tests.pictures import png

PICTURES = odd_pictures()
# Of 255: what WebP and JPEG take from colours that change fast.
LOSSY = 8

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes, fork or open files")


def sha256(data: bytes) -> str:
    """Return the name of a picture."""
    return hashlib.sha256(data).hexdigest()


def a_screen(size: tuple[int, int] = (1080, 2400), mode: str = "RGBA", seed: int = 1) -> bytes:
    """Return a PNG that looks like a screen: areas, lines and a noisy photograph."""
    image = Image.new("RGB", size, (245, 246, 250))
    draw = ImageDraw.Draw(image)
    for row in range(0, size[1], 60):
        draw.rectangle((row % 97, row, size[0] - 20, row + 40), fill=(row % 255, 90, 120))
    noise = Image.frombytes("L", (50, 50), random.Random(seed).randbytes(2500))
    image.paste(noise.resize((size[0], size[1] // 3)).convert("RGB"), (0, 0))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> ScreenshotStore:
    """Return an empty folder of pictures."""
    return ScreenshotStore(PictureFolder(tmp_path / "screenshots"))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures are apart on the whole, 0 to 255."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def files(root: Path) -> list[str]:
    """Return the suffixes of all files, without their common name."""
    return sorted(path.name[64:] for path in root.rglob("*") if path.is_file())


def test_a_picture_is_compressed_and_has_thumbnails(
    folder: ScreenshotStore, tmp_path: Path
) -> None:
    """A PNG becomes a smaller WebP of the same size, with two small ones for lists."""
    data = a_screen()
    name = sha256(data)

    picture = folder.save(name, data)

    saved = tmp_path / "screenshots" / picture.path
    assert picture.path == f"{name[:2]}/{name}.webp"
    assert files(tmp_path) == [".120.webp", ".540.webp", ".json", ".webp"]
    assert (picture.mime_type, picture.compressed) == ("image/webp", True)
    assert (picture.width, picture.height) == (1080, 2400)
    assert picture.file_size == saved.stat().st_size < len(data) / 2
    assert picture.file_hash == sha256(saved.read_bytes())
    assert (picture.black, picture.remote_url) == (False, None)
    with Image.open(saved) as image, Image.open(saved.with_suffix(".120.webp")) as small:
        assert (image.format, image.size, small.size) == ("WEBP", (1080, 2400), (120, 267))


@pytest.mark.parametrize(
    ("picture_format", "suffix", "compressed"),
    [("webp", ".webp", True), ("png", ".png", False), ("jpeg", ".jpg", True)],
)
def test_the_format_is_a_setting(
    tmp_path: Path, picture_format: ScreenshotFormat, suffix: str, compressed: bool
) -> None:
    """WebP and JPEG are encoded; PNG means as captured, byte for byte."""
    data = a_screen((300, 600))

    picture = ScreenshotStore(PictureFolder(tmp_path), picture_format).save(sha256(data), data)

    assert picture.path.endswith(suffix)
    assert picture.compressed is compressed
    assert ((tmp_path / picture.path).read_bytes() == data) is not compressed


def test_a_picture_of_the_wanted_kind_is_not_encoded_again(folder: ScreenshotStore) -> None:
    """A WebP stays the WebP that it is: encoding twice would only lose."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(a_screen((300, 600)))).save(buffer, "WEBP", quality=10)
    data = buffer.getvalue()

    picture = folder.save(sha256(data), data)

    assert (picture.compressed, picture.file_hash) == (False, sha256(data))
    assert picture.phash is not None


def test_compression_never_makes_a_picture_larger(tmp_path: Path) -> None:
    """A screen of one colour is smaller as the PNG that it was."""
    buffer = io.BytesIO()
    Image.new("RGB", (300, 600)).save(buffer, "PNG")
    data = buffer.getvalue()

    picture = ScreenshotStore(PictureFolder(tmp_path), "jpeg").save(sha256(data), data)

    assert (picture.compressed, picture.mime_type) == (False, "image/png")
    assert files(tmp_path) == [".120.webp", ".json", ".png"]


@pytest.mark.parametrize(("width", "thumbnails"), [(120, 0), (121, 1), (540, 1), (541, 2)])
def test_thumbnails_are_never_larger_than_the_picture(
    folder: ScreenshotStore, tmp_path: Path, width: int, thumbnails: int
) -> None:
    """A small picture has none, and is its own."""
    data = a_screen((width, 100))

    folder.save(sha256(data), data)

    assert len(files(tmp_path)) == 2 + thumbnails


def test_the_viewer_gets_the_smallest_file_that_is_wide_enough(folder: ScreenshotStore) -> None:
    """A wanted width finds a thumbnail, no width the picture, a small picture itself."""
    data, small = a_screen(), a_screen((300, 100))
    name = sha256(data)
    picture = folder.save(name, data)
    folder.save(sha256(small), small)

    def kind_of(width: int | None, sha: str = name) -> tuple[str | None, int]:
        content = folder.read(sha, width)
        assert content is not None
        with Image.open(io.BytesIO(content)) as image:
            return image.format, image.width

    thumbnails = [kind_of(width) for width in (1, 120, 121, 540)]
    assert thumbnails == [("WEBP", 120)] * 2 + [("WEBP", 540)] * 2
    assert kind_of(541) == kind_of(None) == ("WEBP", 1080)
    assert hashlib.sha256(folder.read(name) or b"").hexdigest() == picture.file_hash
    assert kind_of(540, sha256(small))[1] == kind_of(None, sha256(small))[1] == 300


def test_a_picture_that_is_deleted_is_not_there(folder: ScreenshotStore, tmp_path: Path) -> None:
    """Without its thumbnail the next larger file is shown; without any file there is none."""
    data = a_screen()
    picture = folder.save(sha256(data), data)
    for name in tmp_path.rglob("*.120.webp"):
        name.unlink()

    thumbnail = folder.read(sha256(data), 120)
    (tmp_path / "screenshots" / picture.path).unlink()

    assert thumbnail is not None
    assert len(thumbnail) < picture.file_size
    assert folder.read(sha256(data)) is None


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "a" * 63, "a" * 65, "A" * 64, "a" * 63 + "\n", "a" * 63 + "/"]
)
def test_only_a_hash_names_a_picture(folder: ScreenshotStore, name: str) -> None:
    """Nothing but 64 lower-case hex digits reaches the file system."""
    assert folder.find(name) is None
    assert folder.read(name) is None
    with pytest.raises(ValueError, match="64 hex digits"):
        folder.save(name, png())


def test_what_was_not_saved_is_not_found(folder: ScreenshotStore) -> None:
    """An unknown picture is None, also where there is no folder yet."""
    assert folder.find("a" * 64) is None
    assert folder.read("a" * 64, 120) is None


def test_saving_twice_does_nothing(folder: ScreenshotStore, tmp_path: Path) -> None:
    """The second call returns the facts of the first, and touches no file."""
    data = a_screen((300, 600))
    first = folder.save(sha256(data), data)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*")}

    assert folder.save(sha256(data), b"whatever") == first
    assert folder.find(sha256(data)) == first
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("damage", ["no facts", "torn facts", "other facts", "no picture"])
def test_what_a_crash_left_half_done_is_saved_again(
    folder: ScreenshotStore, tmp_path: Path, damage: str
) -> None:
    """Without its facts, or without its file, a picture has not been saved."""
    data = a_screen((300, 600))
    picture = folder.save(sha256(data), data)
    saved = tmp_path / "screenshots" / picture.path
    facts = saved.with_suffix(".json")
    if damage == "no facts":
        facts.unlink()
    elif damage == "torn facts":
        facts.write_bytes(facts.read_bytes()[:40])
    elif damage == "other facts":
        facts.write_text(json.dumps({"sha256": picture.sha256, "of": "another version"}))
    else:
        saved.unlink()

    assert folder.find(sha256(data)) is None
    assert folder.save(sha256(data), data) == picture == folder.find(sha256(data))


def _bomb() -> bytes:
    """Return a PNG of a few kilobytes that says it has 900 million pixels."""
    data = bytearray(png(3000, 30))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png(50, 50)[:-30], "cut off or broken"),
        (png(50, 50)[:40] + b"garbage" * 30, "cut off or broken"),
        (b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x10\x00\x10" + b"x" * 50, "cut off or broken"),
        (b"<html>", "not a PNG, JPEG, WebP or GIF"),
        (b"", "empty"),
    ],
)
def test_what_cannot_be_decoded_is_refused(
    folder: ScreenshotStore, tmp_path: Path, data: bytes, reason: str
) -> None:
    """A picture that nobody could look at is none of the store's; whoever has it keeps it."""
    with pytest.raises(RowRejected, match=reason) as refused:
        folder.save(sha256(data), data)

    assert refused.value.code == UNDECODABLE
    assert files(tmp_path) == []


def test_a_picture_that_memory_does_not_hold_is_kept_as_it_is(
    folder: ScreenshotStore, tmp_path: Path
) -> None:
    """A few kilobytes that say they have 900 million pixels are not decoded, and not judged."""
    data = _bomb()

    picture = folder.save(sha256(data), data)

    assert (tmp_path / "screenshots" / picture.path).read_bytes() == data
    assert files(tmp_path) == [".json", ".png"]
    assert (picture.mime_type, picture.width, picture.height) == ("image/png", 30_000, 30_000)
    assert (picture.compressed, picture.phash, picture.black) == (False, None, False)


@pytest.mark.parametrize("pixels", [4000, 2000], ids=["warned of", "refused"])
def test_a_limit_that_the_program_sets_for_pillow_costs_no_picture(
    folder: ScreenshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pixels: int
) -> None:
    """Pillow is the program's as well: what it may not decode here is kept as it is."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels)
    data = png(60, 90)

    picture = folder.save(sha256(data), data)

    assert (tmp_path / "screenshots" / picture.path).read_bytes() == data
    assert (picture.width, picture.phash) == (60, None)


@pytest.mark.parametrize("picture_format", ["webp", "jpeg", "png"])
@pytest.mark.parametrize("name", PICTURES)
def test_what_is_stored_looks_like_what_was_captured(
    tmp_path: Path, name: str, picture_format: ScreenshotFormat
) -> None:
    """The stored picture and its small one look like the captured one, in any format."""
    store, data = ScreenshotStore(PictureFolder(tmp_path), picture_format), PICTURES[name]
    captured = decode(data)

    saved = store.save(sha256(data), data)

    stored, small = (decode(store.read(sha256(data), width) or b"") for width in (None, 120))
    assert (saved.width, saved.height) == stored.image.size == captured.image.size
    assert difference(stored.image, captured.image) <= LOSSY
    assert small.image.width == min(120, captured.image.width)
    assert difference(small.image, captured.image.resize(small.image.size)) <= LOSSY
    assert stored.is_animated is captured.is_animated
    assert saved.black is False


@pytest.mark.parametrize("picture_format", ["webp", "jpeg"])
def test_who_reads_nothing_but_pixels_sees_the_same(
    tmp_path: Path, picture_format: ScreenshotFormat
) -> None:
    """What the captured file says beside its pixels is applied to those that are stored."""
    store = ScreenshotStore(PictureFolder(tmp_path), picture_format)
    still = {name: data for name, data in PICTURES.items() if not decode(data).is_animated}
    for name, data in still.items():
        captured = decode(data)
        saved = store.save(sha256(data), data)
        content = (tmp_path / saved.path).read_bytes()

        with Image.open(io.BytesIO(content)) as stored:
            assert difference(stored.convert("RGB"), captured.image) <= LOSSY, name


def test_a_gif_is_stored_as_webp(tmp_path: Path) -> None:
    """A place of pictures takes PNG, JPEG and WebP; a GIF that moves goes on moving."""
    store = ScreenshotStore(PictureFolder(tmp_path), "png")
    data = PICTURES["gif animated"]

    picture = store.save(sha256(data), data)

    with Image.open(tmp_path / picture.path) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("WEBP", 3)


def test_a_picture_too_long_for_webp_is_kept_as_it_is(folder: ScreenshotStore) -> None:
    """WebP ends at 16,383 pixels; a long scrolling screenshot stays a PNG."""
    data = a_screen((130, 17_000))

    picture = folder.save(sha256(data), data)

    assert (picture.mime_type, picture.height) == ("image/png", 17_000)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16"])
def test_pictures_of_any_mode_are_decoded(folder: ScreenshotStore, mode: str) -> None:
    """Grey, palette, transparent: all become a picture with a hash."""
    buffer = io.BytesIO()
    Image.new(mode, (200, 300)).save(buffer, "PNG")

    assert folder.save(sha256(buffer.getvalue()), buffer.getvalue()).phash is not None


def test_alike_pictures_have_alike_hashes(folder: ScreenshotStore) -> None:
    """The hash is signed, the same for the same look, and far away for another."""

    def phash(data: bytes) -> int:
        value = folder.save(sha256(data), data).phash
        assert value is not None
        return value

    screen, scaled = phash(a_screen((600, 1200))), phash(a_screen((300, 600)))
    others = [phash(a_screen((400, 800), seed=seed)) for seed in range(2, 12)]

    assert ((screen ^ scaled) & 2**64 - 1).bit_count() <= 6
    assert all(((screen ^ other) & 2**64 - 1).bit_count() > 6 for other in others)
    assert all(-(2**63) <= value < 2**63 for value in (screen, scaled, *others))


def test_the_hash_counts_every_step_down_to_the_right(folder: ScreenshotStore) -> None:
    """A screen that darkens to the right has all bits, one that brightens none."""

    def phash(*columns: int) -> int | None:
        image = Image.new("L", (9, 8))
        image.putdata([value for _ in range(8) for value in columns])
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return folder.save(sha256(buffer.getvalue()), buffer.getvalue()).phash

    assert phash(*range(200, 20, -20)) == -1
    assert phash(*range(20, 200, 20)) == 0
    assert phash(9, 0, 0, 0, 0, 0, 0, 0, 0) == 0x8080808080808080 - 2**64


@pytest.mark.parametrize(
    ("colour", "black"), [((0, 0, 0), True), ((0, 0, 1), False), ((9, 9, 9), False)]
)
def test_a_black_picture_is_marked(
    folder: ScreenshotStore, colour: tuple[int, int, int], black: bool
) -> None:
    """Black is every pixel black, nothing less."""
    data = png(200, 300, colour)

    assert folder.save(sha256(data), data).black is black


@posix
def test_only_the_user_may_look(folder: ScreenshotStore, tmp_path: Path) -> None:
    """Files are 0600, their folder 0700, and nothing temporary is left."""
    data = a_screen()
    picture = folder.save(sha256(data), data)
    parent = (tmp_path / "screenshots" / picture.path).parent

    assert stat.S_IMODE(parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in parent.iterdir()} == {0o600}
    assert not list(tmp_path.rglob("*.tmp"))


@posix
def test_nothing_is_removed_through_a_link(folder: ScreenshotStore, tmp_path: Path) -> None:
    """A link in the place of a folder leads to files that are not ours."""
    name = "ab" * 32
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{name}.json").touch()
    (tmp_path / "screenshots").mkdir()
    (tmp_path / "screenshots" / "ab").symlink_to(elsewhere)

    folder.remove([name, "cd" * 32, "../elsewhere/x"])

    assert [path.name for path in elsewhere.iterdir()] == [f"{name}.json"]


def test_a_file_in_place_of_the_folder_is_on_hold(tmp_path: Path) -> None:
    """What only a person can settle says which folder it is about."""
    (tmp_path / "screenshots").write_text("")
    folder = ScreenshotStore(PictureFolder(tmp_path / "screenshots"))

    assert folder.find("a" * 64) is None
    with pytest.raises(StoreOnHold) as held:
        folder.save(sha256(png()), png())
    assert str(tmp_path / "screenshots") in held.value.remedy


@posix
def test_a_failed_write_leaves_nothing_behind(
    folder: ScreenshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full the picture is not there, and no rest of it either."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        folder.save(sha256(png()), png())
    monkeypatch.undo()

    assert files(tmp_path) == []
    assert folder.save(sha256(png()), png()) == folder.find(sha256(png()))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, StoreUnavailable),
        (errno.EDQUOT, StoreUnavailable),
        (errno.EIO, StoreUnavailable),
        (errno.EMFILE, StoreUnavailable),
        (errno.EACCES, StoreOnHold),
        (errno.EPERM, StoreOnHold),
        (errno.EROFS, StoreOnHold),
    ],
)
def test_an_error_of_the_disk_waits_or_asks(tmp_path: Path, code: int, kind: type) -> None:
    """A full or failing disk may get better by itself, a permission does not."""
    error = store_error(OSError(code, os.strerror(code)), tmp_path)

    assert type(error) is kind
    assert os.strerror(code) in str(error)
    assert str(tmp_path) in str(error)


def test_many_threads_save_the_same_picture(tmp_path: Path) -> None:
    """Whoever comes first, all get the same facts, and one picture is there."""
    data = a_screen((300, 600))
    pictures: list[StoredPicture] = []

    def save() -> None:
        pictures.append(ScreenshotStore(PictureFolder(tmp_path)).save(sha256(data), data))

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)

    assert len(pictures) == 6
    assert set(pictures) == {ScreenshotStore(PictureFolder(tmp_path)).find(sha256(data))}
    assert files(tmp_path) == [".120.webp", ".json", ".webp"]


def test_importing_loads_no_decoder() -> None:
    """Who only reads the facts does not pay for Pillow."""
    program = "import sys, otel_steps.pictures.store; assert 'PIL' not in sys.modules"
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", program], cwd=root).returncode == 0
