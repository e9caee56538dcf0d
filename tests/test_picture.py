"""Pictures by their first bytes, and every way in which a source of one can be wrong."""

import array
import base64
import hashlib
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from otel_steps.pictures.captured import MAX_BYTES, PictureError, cut_free, describe
from otel_steps.pictures.sources import read, take
from tests.patience import PATIENCE_S
from tests.pictures import png

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes, fork or open files")


def encoded(kind: str, size: tuple[int, int] = (30, 70), **options: Any) -> bytes:
    """Return a picture as Pillow encodes it."""
    buffer = io.BytesIO()
    mode = options.pop("mode", "RGB")
    Image.new(mode, size, options.pop("colour", 200)).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (png(30, 70), "image/png"),
        (encoded("PNG", mode="RGBA"), "image/png"),
        (encoded("JPEG"), "image/jpeg"),
        (encoded("JPEG", progressive=True), "image/jpeg"),
        (encoded("JPEG", exif=b"Exif\0\0" + b"x" * 60_000, comment=b"c" * 5000), "image/jpeg"),
        (encoded("WEBP"), "image/webp"),
        (encoded("WEBP", lossless=True), "image/webp"),
        (encoded("WEBP", mode="RGBA", colour=(1, 2, 3, 4)), "image/webp"),
        (encoded("WEBP", exif=b"Exif\0\0x"), "image/webp"),
        (encoded("GIF"), "image/gif"),
    ],
)
def test_a_header_says_what_a_picture_is(data: bytes, mime_type: str) -> None:
    """Kind, size and name of a picture are known without decoding it."""
    info = describe(data)

    assert (info.mime_type, info.width, info.height) == (mime_type, 30, 70)
    assert (info.sha256, info.size) == (hashlib.sha256(data).hexdigest(), len(data))


@pytest.mark.parametrize(
    "data", [encoded("WEBP", (1, 1), lossless=True), encoded("WEBP", (16383, 1)), png(1, 1)]
)
def test_the_smallest_and_the_longest_are_pictures_too(data: bytes) -> None:
    """Sizes at the limits of a format are read as they are."""
    with Image.open(io.BytesIO(data)) as image:
        assert (describe(data).width, describe(data).height) == image.size


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    """JPEG allows any number of FF bytes before a marker."""
    data = encoded("JPEG")

    assert describe(data[:2] + b"\xff" * 20 + data[2:]).width == 30


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html><script>steal()</script></html>", "not a PNG, JPEG, WebP or GIF"),
        (b"GIF89a" + b"\0" * 100, "header"),
        (b"GIF89a", "header"),
        (png().replace(b"\n", b"\r\n"), "adb exec-out screencap -p"),
        (png().replace(b"\n", b"\r\r\n"), "adb exec-out screencap -p"),
        (png().replace(b"\r\n", b"\n"), "CRLF became LF"),
        (png().decode("utf-8", "replace").encode(), "decoded as text"),
        (png().decode("latin-1").encode(), "encoded as text"),
        (b"RIFF\0\0\0\0WAVEfmt ", "not a PNG, JPEG, WebP or GIF"),
        (png()[:20], "header"),
        (png()[:12] + b"IDAT" + png()[16:], "header"),
        (png(0, 5), "header"),
        (encoded("JPEG")[:100], "header"),
        (encoded("JPEG")[:3], "header"),
        (b"\xff\xd8\xff\xe0\x00\x00" + b"\xff\xe0\x00\x00" * 5000, "header"),
        (b"\xff\xd8\xff\xe0\x00\x04ab" + b"not a marker", "header"),
        (b"\xff\xd8" + b"\xff" * 100_000, "header"),
        (encoded("WEBP")[:28], "header"),
        (encoded("WEBP", lossless=True)[:24], "header"),
        (encoded("WEBP", mode="RGBA", colour=(1, 2, 3, 4))[:29], "header"),
        (b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 50, "header"),
        (b"RIFF\0\0\0\0WEBPELSE" + b"\0" * 50, "header"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, reason: str) -> None:
    """Foreign and cut off bytes are refused in a sentence that repeats none of them."""
    with pytest.raises(PictureError, match=reason) as refused:
        describe(data)
    assert "steal" not in str(refused.value)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF1234WEBP"]),
)
def test_any_bytes_are_described_or_refused(data: bytes, start: bytes) -> None:
    """No content makes the parser fail in another way."""
    try:
        info = describe(start + data)
    except PictureError:
        return
    assert info.width > 0
    assert info.height > 0


@pytest.mark.parametrize(
    "before",
    [b"", b"\xef\xbb\xbf", b"WARNING: linker: x\n", "警告\r\n".encode()],
    ids=["nothing", "mark", "warning", "chinese"],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_behind_a_text_is_cut_free(kind: str, before: bytes) -> None:
    """What `adb` or a shell says before the picture is none of it."""
    data = encoded(kind, (300, 700))
    assert cut_free(before + data) == data
    assert read(before + data) == read(base64.b64encode(before + data)) == data
    assert read(base64.b64encode(before + data).decode()) == data


@pytest.mark.parametrize("before", [b"\0\0\0", b"\xff\xfe", bytes(range(256)) * 100, b"x" * 2**15])
def test_a_picture_inside_of_other_bytes_is_none(before: bytes) -> None:
    """A video, an archive, a page of text: what contains a picture is not for that a screenshot."""
    assert cut_free(before + png()) == before + png()


class Shot:
    """An agent's own screenshot."""

    def __init__(self, picture: Any, *, is_sensitive: Any = None) -> None:
        self.base64_data = picture
        self.is_sensitive = is_sensitive


def file_at(position: int, content: bytes) -> io.BytesIO:
    """Return a file in memory that has been read or written up to *position*."""
    file = io.BytesIO(content)
    file.seek(position)
    return file


def closed_file() -> io.BytesIO:
    """Return a file that cannot be read any more."""
    file = io.BytesIO()
    file.close()
    return file


DATA = png()
TEXT = base64.b64encode(DATA).decode()
WRAPPED = "\n".join(TEXT[at : at + 76] for at in range(0, len(TEXT), 76))

SHAPES: dict[str, Any] = {
    "bytes": DATA,
    "bytearray": bytearray(DATA),
    "memoryview": memoryview(DATA),
    "array of bytes": array.array("B", DATA),
    "file in memory": file_at(0, DATA),
    "file that was just written": file_at(len(DATA), DATA),
    "base64": TEXT,
    "base64 without padding": TEXT.rstrip("="),
    "base64 in lines": WRAPPED,
    "base64 after a line end": f"\r\n{TEXT}\r\n",
    "base64 in bytes": TEXT.encode(),
    "base64 in lines in bytes": WRAPPED.encode(),
    "bytes printed": str(TEXT.encode()),
    "data URL": f"data:image/png;base64,{TEXT}",
    "data URL in capitals": f"DATA:image/PNG;charset=x;BASE64,{TEXT}",
    "data URL in bytes": f"data:image/png;base64,{TEXT}".encode(),
    "an agent's screenshot": Shot(TEXT),
    "an agent's screenshot of bytes": Shot(DATA),
    "a part of a message": {"type": "image", "data": TEXT, "mimeType": "image/png"},
    "a screenshot in a mapping": {"base64": TEXT, "width": 8},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_may_come_in_any_shape(shape: str) -> None:
    """Whatever an agent has its screenshot in, the same bytes come out; and again, if asked."""
    assert read(SHAPES[shape]) == read(SHAPES[shape]) == DATA


@pytest.mark.parametrize("data", [encoded("JPEG"), encoded("WEBP"), encoded("GIF")])
def test_base64_of_each_kind_is_known(data: bytes) -> None:
    """Base64 is known by how it begins, in both of its alphabets."""
    assert read(base64.b64encode(data).decode()) == data
    assert read(base64.urlsafe_b64encode(data).decode()) == data


def test_files_are_read(tmp_path: Path) -> None:
    """A path, a `file:` URL, an open file at any place: all of its content, and it stays there."""
    path = tmp_path / "截图 1.png"
    path.write_bytes(b"* daemon started\n" + DATA)
    (tmp_path / "text").write_text(WRAPPED)

    assert read(path) == read(str(path)) == read(path.as_uri()) == DATA
    with path.open("rb") as file, (tmp_path / "text").open() as text:
        file.seek(7)
        assert read(file) == DATA
        assert file.tell() == 7
        assert read(text) == DATA


def test_the_home_folder_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may begin with ~ as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "shot.png").write_bytes(DATA)

    assert read("~/shot.png") == DATA


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "HSV", "F", "I;16"])
def test_an_image_of_pillow_is_a_picture(mode: str) -> None:
    """It becomes a PNG, in a mode that a PNG has."""
    data = read(Image.new(mode, (30, 70)))

    assert (describe(data).mime_type, describe(data).width) == ("image/png", 30)


def test_what_an_agent_does_later_changes_nothing() -> None:
    """An agent draws on its image and fills its buffer anew while its picture is on the way."""
    image, buffer = Image.new("RGB", (8, 16), "white"), bytearray(DATA)
    takes = take(image), take(buffer)

    image.paste("black", (0, 0, 8, 16))
    buffer[:] = bytes(len(buffer))

    drawn, filled = (each() for each in takes)
    with Image.open(io.BytesIO(drawn)) as kept:
        assert kept.getextrema() == ((255, 255),) * 3
    assert filled == DATA


def test_a_buffer_in_memory_is_let_go() -> None:
    """Who has handed over an open buffer may write on."""
    file = file_at(0, DATA)

    read(file)

    file.seek(0)
    file.truncate()
    file.write(b"x" * 100_000)


class Broken:
    """What raises whatever is asked of it, with the picture in its words."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(TEXT)


class Stream(io.RawIOBase):
    """A pipe: whoever reads it waits for its writer."""

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1, /) -> bytes:
        raise AssertionError("somebody waits")


BMP = encoded("BMP")
WRONG: dict[str, tuple[Any, str]] = {
    "letters that are none": ("iVBORw0KGgo???" + TEXT, "not base64"),
    "letters of elsewhere": ("iVBORw0KGgoA中" + TEXT, "not base64"),
    "a letter too much": ("iVBORw0KGgoAA", "not base64"),
    "no base64 in a URL": ("data:image/png,%89PNG", "without base64"),
    "no comma in a URL": ("data:image/png", "without base64"),
    "nothing in a URL": ("data:image/png;base64,", "empty"),
    "a page in a URL": ("data:text/html;base64,PGh0bWw+", "not a PNG, JPEG, WebP or GIF"),
    "too much base64": ("/9j/" + "A" * (MAX_BYTES * 3 // 2), "may have"),
    "too much in base64": ("iVBORw0KGgo" + "A" * (MAX_BYTES // 3 * 4 + 101), "may have"),
    "too many bytes": (b"\x89PNG\r\n\x1a\n" + bytes(MAX_BYTES), "may have"),
    "too large a buffer": (bytearray(MAX_BYTES * 2), "may have"),
    "no text": ("", "neither base64"),
    "a long text": ("x." * 2500, "neither base64"),
    "an address": (f"https://127.0.0.1/{TEXT}.png", "not fetched"),
    "a picture of another kind": (base64.b64encode(BMP).decode(), "not a PNG, JPEG, WebP or GIF"),
    "JSON around a picture": (json.dumps({"image": TEXT * 9}), "cannot be opened|neither"),
    "nothing": (None, "not NoneType"),
    "a number": (42, "not int"),
    "a list": ([TEXT], "not list"),
    "pixels": (memoryview(bytes(2 * 3 * 4)).cast("B", (2, 3, 4)), "array of 2 x 3 x 4"),
    "a stream": (Stream(), "have to be waited for"),
    "a broken object": (Broken(), "type Broken, cannot be read: RuntimeError"),
    "a closed file": (closed_file(), "cannot be read: ValueError"),
    "a screenshot without a picture": (Shot(None), "not Shot"),
    "a screenshot of itself": (Shot(Shot(Shot(Shot(TEXT)))), "not Shot"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_holds_no_picture_is_refused(name: str) -> None:
    """Each wrong source has its sentence, and none repeats the picture."""
    source, reason = WRONG[name]

    with pytest.raises(PictureError, match=reason) as refused:
        read(source)

    assert len(str(refused.value)) < 400
    assert TEXT[20:60] not in str(refused.value)


def test_what_was_no_base64_is_kept() -> None:
    """Whoever sets it aside has all of it."""
    with pytest.raises(PictureError) as refused:
        read(TEXT[:-9] + "…")

    assert refused.value.given == (TEXT[:-9] + "…").encode()


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    """The content decides, not the name; missing, a folder, empty and too large are said so."""
    html, empty, large = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png"
    html.write_text("<html>secret</html>")
    empty.write_bytes(b"")
    with large.open("wb") as file:
        file.truncate(500 * 2**20)

    for source, reason in (
        (html, "not a PNG"),
        (empty, "empty"),
        (large, "may have"),
        (tmp_path / "missing.png", "missing.png"),
        (tmp_path / "half\ud83d.png", "cannot exist"),
        (tmp_path / "nul\0.png", "cannot exist"),
        (tmp_path / ("x" * 300), "cannot be opened"),
    ):
        with pytest.raises(PictureError, match=reason) as refused:
            read(source)
        assert "secret" not in str(refused.value)
    with pytest.raises(PictureError):
        read(tmp_path)


@posix
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    """A FIFO does not hang, a device is not read, a link is not followed."""
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "real.png").write_bytes(png())
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    refusals: list[str] = []

    def run() -> None:
        for source in (tmp_path / "fifo.png", tmp_path / "link.png", "/dev/zero", tmp_path):
            try:
                read(source)
            except PictureError as error:
                refusals.append(str(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)

    assert not thread.is_alive()
    assert len(refusals) == 4
    assert "link" in refusals[1]
    assert all("regular" in refusals[index] for index in (0, 2, 3))


@posix
def test_a_file_that_cannot_be_read_is_refused() -> None:
    """A file whose reading fails is a sentence, not an OSError."""
    with pytest.raises(PictureError, match="cannot be read"):
        read("/proc/self/mem")
