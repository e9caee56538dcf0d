"""Pictures by their first bytes, and every way in which a source of one can be wrong."""

import base64
import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from otel_steps.pictures.captured import EXTENSIONS, MAX_BYTES, PictureError, describe, read
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
    ],
)
def test_a_header_says_what_a_picture_is(data: bytes, mime_type: str) -> None:
    """Kind, size and name of a picture are known without decoding it."""
    info = describe(data)

    assert (info.mime_type, info.width, info.height) == (mime_type, 30, 70)
    assert (info.sha256, info.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert info.mime_type in EXTENSIONS


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
        (b"<html><script>steal()</script></html>", "no PNG, JPEG or WebP"),
        (b"GIF89a" + b"\0" * 100, "no PNG, JPEG or WebP"),
        (b"RIFF\0\0\0\0WAVEfmt ", "no PNG, JPEG or WebP"),
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
    with pytest.raises(PictureError, match=reason):
        read(data)


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


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind_are_read(wrap: Any) -> None:
    """Bytes come back as bytes."""
    assert read(wrap(png())) == png()


@pytest.mark.parametrize("data", [png(), encoded("JPEG"), encoded("WEBP")])
def test_base64_is_read(data: bytes) -> None:
    """Base64 is known by how it begins; line ends, lost padding and a data URL are no obstacle."""
    text = base64.b64encode(data).decode()

    assert read(text) == data
    assert read(text.rstrip("=")) == data
    assert read("\n".join(text[at : at + 76] for at in range(0, len(text), 76))) == data
    assert read(f"data:image/png;base64,{text}") == data
    assert read(f"DATA:image/PNG;charset=x;BASE64,{text}") == data


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("iVBORw0KGgo???", "not base64"),
        ("iVBORw0KGgoA中", "not base64"),
        ("iVBORw0KGgoAA", "not base64"),
        ("data:image/png,%89PNG", "without base64"),
        ("data:image/png", "without base64"),
        ("data:image/png;base64,", "empty"),
        ("data:text/html;base64,PGh0bWw+", "no PNG, JPEG or WebP"),
        ("/9j/" + "A" * (MAX_BYTES * 3 // 2), "may have"),
        ("iVBORw0KGgo" + "A" * (MAX_BYTES // 3 * 4 + 101), "may have"),
        ("", "neither base64"),
        ("x" * 5000, "neither base64"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MAX_BYTES), "may have"),
        (None, "not NoneType"),
        (42, "not int"),
    ],
)
def test_what_names_no_picture_is_refused(source: Any, reason: str) -> None:
    """Each wrong source has its sentence."""
    with pytest.raises(PictureError, match=reason) as refused:
        read(source)
    assert len(str(refused.value)) < 400


def test_a_file_is_read(tmp_path: Path) -> None:
    """A path is a `Path` or text."""
    path = tmp_path / "截图 1.png"
    path.write_bytes(png())

    assert read(path) == read(str(path)) == png()


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    """The content decides, not the name; missing, a folder, empty and too large are said so."""
    html, empty, large = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png"
    html.write_text("<html>secret</html>")
    empty.write_bytes(b"")
    with large.open("wb") as file:
        file.truncate(500 * 2**20)

    for source, reason in (
        (html, "no PNG"),
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
    thread.join(10)

    assert not thread.is_alive()
    assert len(refusals) == 4
    assert "link" in refusals[1]
    assert all("regular" in refusals[index] for index in (0, 2, 3))


@posix
def test_a_file_that_cannot_be_read_is_refused() -> None:
    """A file whose reading fails is a sentence, not an OSError."""
    with pytest.raises(PictureError, match="cannot be read"):
        read("/proc/self/mem")
