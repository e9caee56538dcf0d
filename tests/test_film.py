"""A task becomes a moving picture: what it shows, where, for how long, and what its file weighs."""

import gc
import io
import random
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageSequence

from otel_steps import semconv
from otel_steps.config import resolve
from otel_steps.exporting import FORMATS, Form, FormatUnavailable, export
from otel_steps.film import gif
from otel_steps.film.colours import BLACK, FAIL, MARK
from otel_steps.film.fonts import Writer
from otel_steps.film.layout import fitted, layout_of
from otel_steps.film.moments import (
    ENDING_MS,
    FAILED_MS,
    SHORTEST_MS,
    TITLE_MS,
    Caption,
    Moment,
    Screen,
)
from otel_steps.film.painter import Painter
from otel_steps.film.shapes import Shape, shape_of
from otel_steps.film.shot import Shot
from otel_steps.pictures.folder import PictureFolder
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import Store, open_store
from tests.commands import command, store_tasks, task_spans
from tests.pictures import png

SIZE = (180, 400)
BLUE = (30, 90, 160)
Colour = tuple[int, int, int]


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store()) as opened:
        yield opened


@pytest.fixture
def pictures() -> ScreenshotStore:
    return ScreenshotStore(PictureFolder(resolve().dir / "screenshots"))


def put(store: Store, pictures: ScreenshotStore, *steps: dict[str, Any], **attributes: Any) -> None:
    """Store the task `t`: of each step its action, its picture as PNG, and other attributes."""
    root, first, _ = task_spans("t", **attributes)
    spans, kept = [root], {}
    for number, step in enumerate(steps, start=1):
        name = f"{number:064x}"
        own = {semconv.TASK_ID: "t", semconv.STEP_NUMBER: number, semconv.STEP_TYPE: "action"}
        own |= {semconv.STEP_ACTION: step["action"], **step.get("attributes", {})}
        if step.get("picture"):
            kept[name] = pictures.save(name, step["picture"])
            own[semconv.SCREENSHOT_SHA256] = name
        start = first.start_time_unix_nano + number * 10**8
        times = {"start_time_unix_nano": start, "end_time_unix_nano": start + 10**8}
        spans.append(replace(first, span_id=f"{number:016x}", attributes=own, **times))
    store.write(batch_of(spans, kept))


def tap(x: int, y: int, **rest: Any) -> dict[str, Any]:
    action = f'{{"_metadata": "do", "action": "Tap", "element": [{x}, {y}]}}'
    return {"action": action, "picture": png(*SIZE, BLUE), **rest}


def film(store: Store, pictures: ScreenshotStore, form: Form = "gif", **options: Any) -> bytes:
    return b"".join(export(store, pictures, "t", form, **options))


def frames(data: bytes) -> list[tuple[Image.Image, int]]:
    """Return the pictures of a GIF as Pillow shows them, and how long it does so."""
    with Image.open(io.BytesIO(data)) as opened:
        return [
            (frame.convert("RGB"), frame.info["duration"])
            for frame in ImageSequence.Iterator(opened)
        ]


def is_near(picture: Image.Image, at: tuple[int, int], colour: Colour, tolerance: int = 24) -> bool:
    found = picture.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(found, colour, strict=True))


# --- What is shown


@pytest.mark.parametrize("form", ["gif", "mp4", "webm"])
def test_film_has_every_step_for_its_time(
    store: Store, pictures: ScreenshotStore, form: Form
) -> None:
    """An independent reader finds the time of title, steps and ending, to a picture."""
    put(store, pictures, tap(500, 500), tap(100, 900), tap(500, 500))
    expected = TITLE_MS + 3 * SHORTEST_MS + ENDING_MS

    data = film(store, pictures, form)

    if form == "gif":
        assert sum(ms for _, ms in frames(data)) == expected
        return
    with av.open(io.BytesIO(data)) as opened:
        stream = opened.streams.video[0]
        count = sum(1 for _ in opened.decode(stream))
        assert (count * 50, stream.width, stream.height) == (expected, 180, 456)
        assert abs((opened.duration or 0) / 1000 - expected) <= 50


@pytest.mark.parametrize("form", ["gif", "mp4", "webm"])
def test_tap_is_where_it_went(store: Store, pictures: ScreenshotStore, form: Form) -> None:
    """The middle of the ring is the agent's point, in thousandths of the picture."""
    put(store, pictures, tap(250, 750))
    data = film(store, pictures, form, width=360)

    if form == "gif":
        shown = [frame for frame, _ in frames(data)]
    else:
        with av.open(io.BytesIO(data)) as opened:
            shown = [frame.to_image() for frame in opened.decode(video=0)]

    at, radius = (360 // 4, 800 * 3 // 4), 16
    # A video has one colour for four pixels.
    tolerance = 24 if form == "gif" else 90
    ring = [
        (at[0] + x, at[1] + y) for x, y in ((radius, 0), (-radius, 0), (0, radius), (0, -radius))
    ]
    marked = [
        frame
        for frame in shown
        if all(is_near(frame, each, MARK, tolerance) for each in (at, *ring))
    ]
    assert 0 < len(marked) < len(shown)
    assert all(is_near(frame, (180, 400), BLUE, 8) for frame in shown)


def index_with(**columns: Any) -> dict[str, list[Any]]:
    names = ("kind", "x", "y", "x2", "y2", "is_guessed", "label", "action")
    count = max(len(values) for values in columns.values())
    return {name: columns.get(name, [None] * count) for name in names}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"kind": [None]}, None),
        ({"kind": ["tap"]}, None),  # nobody knows where
        ({"kind": ["tap"], "x": [10], "y": [20]}, Shape("tap", (10, 20), text="10, 20")),
        (
            {"kind": ["tap"], "x": [1400], "y": [-3]},
            Shape("tap", (1000, 0), text="1400, -3", is_outside=True),
        ),
        (
            {"kind": ["swipe"], "x": [500], "y": [800], "x2": [500], "y2": [1200]},
            Shape("swipe", (500, 800), (500, 1000), is_outside=True),
        ),
        ({"kind": ["swipe"], "x": [5], "y": [8]}, Shape("swipe", (5, 8), (5, 8))),
        ({"kind": ["back"]}, Shape("back", (250, 975))),
        ({"kind": ["wait"], "label": ["2 s"]}, Shape("wait", (500, 500), text="2 s")),
        ({"kind": ["unknown"], "action": ["Shake"]}, Shape("unknown", (500, 500), text="Shake")),
        (
            {"kind": ["tap", "wait", "type"], "x": [7, None, None], "y": [9, None, None]},
            Shape("type", (7, 9)),
        ),
        (
            {"kind": ["tap", "back", "type"], "x": [7, None, None], "y": [9, None, None]},
            Shape("type", (500, 900)),
        ),
    ],
)
def test_shapes_follow_the_rules_of_the_viewer(
    columns: dict[str, Any], expected: Shape | None
) -> None:
    """Points are kept on the picture; what has none goes where the viewer puts it."""
    assert shape_of(index_with(**columns), len(columns["kind"]) - 1) == expected


@pytest.mark.parametrize(
    "kind",
    [
        *("tap", "double_tap", "right_click", "long_press", "hover", "swipe", "scroll", "type"),
        *("key", "launch", "back", "home", "wait", "take_over", "note", "finish", "unknown"),
    ],
)
def test_every_action_is_drawn_on_the_screen(kind: str) -> None:
    """Each kind of action leaves something on the picture, even at its edge, and no other words."""
    layout = layout_of({"width": [360], "height": [800]}, pixels=360 * 800)
    painter = Painter(layout, Writer(), lambda name: Image.new("RGB", (360, 800), (20, 60, 90)))
    still = Moment(0, Screen("a"), Caption("1/1", "我想"), 100)
    corner = Shape(kind, (1000, 1000), (0, 0), text="x" * 300, is_outside=True)

    shown = painter.paint(still)
    for progress in (0.1, 1.0):
        drawn = painter.paint(still._replace(shape=corner, progress=progress))
        box = ImageChops.difference(shown, drawn).getbbox()
        assert box is not None
        assert box[3] <= layout.height


def test_screens_of_other_shapes_are_whole_and_not_stretched(
    store: Store, pictures: ScreenshotStore
) -> None:
    """A landscape screen among portrait ones stands in the middle, and its tap on it."""
    wide = {**tap(1000, 0), "picture": png(400, 180, (250, 250, 250))}
    put(store, pictures, tap(500, 500), tap(500, 500), wide)

    shown = [frame for frame, _ in frames(film(store, pictures, width=360))]

    # 360 wide, so 162 high: from 319 to 481 of 800.
    last = shown[-1]
    edges = [is_near(last, (5, y), (250, 250, 250)) for y in (316, 322, 478, 484)]
    assert edges == [False, True, True, False]
    assert any(is_near(frame, (344, 320), MARK) for frame in shown)


def test_layout_never_enlarges_and_never_stretches() -> None:
    """Films have an even size, no more pixels than asked for, and the shape of most pictures."""
    sizes = {"width": [1080, 1080, None, 2560], "height": [2400, 2400, None, 1600]}

    usual, small = (layout_of(sizes, pixels=pixels) for pixels in (360 * 800, 10**9))

    assert (usual.width, usual.height) == (360, 800)
    assert (small.width, small.height) == (1080, 2400)
    assert fitted(usual, (2560, 1600)) == (0, 287, 360, 225)
    empty = layout_of({"width": [None], "height": [None]}, pixels=10**6)
    assert all(length % 2 == 0 for length in empty.size)


def test_sensitive_screens_stay_black(store: Store, pictures: ScreenshotStore) -> None:
    """Whatever was recorded of a screen that must not be shown, the film is black there."""
    secret = {**tap(500, 500), "picture": png(*SIZE, (250, 250, 250))}
    secret["attributes"] = {semconv.SCREENSHOT_SENSITIVE: True}
    put(store, pictures, secret)

    for frame, _ in frames(film(store, pictures)):
        assert is_near(frame, (5, 100), BLACK)


def test_failed_step_says_why(store: Store, pictures: ScreenshotStore) -> None:
    """A failed step is framed in red, and has time to be read."""
    failed = {semconv.STEP_SUCCESS: False, semconv.STEP_ERROR_MESSAGE: "no such button"}
    put(store, pictures, tap(500, 500, attributes=failed), tap(500, 500), status="completed")

    found = frames(film(store, pictures))

    red = [ms for frame, ms in found if is_near(frame, (1, 100), FAIL)]
    assert sum(red) == FAILED_MS + 200
    assert sum(ms for _, ms in found) == TITLE_MS + 2 * SHORTEST_MS + FAILED_MS + ENDING_MS


@pytest.mark.parametrize("steps", [0, 1])
def test_task_without_pictures_is_a_film(
    store: Store, pictures: ScreenshotStore, steps: int
) -> None:
    """A task of no steps, or of one without a picture, says so."""
    put(store, pictures, *[{"action": "Look"}] * steps)

    found = frames(film(store, pictures))

    assert sum(ms for _, ms in found) == TITLE_MS + steps * SHORTEST_MS + ENDING_MS


def test_step_without_a_picture_stays_at_the_last_screen(
    store: Store, pictures: ScreenshotStore
) -> None:
    """An agent that thinks between two screens does not make the film flicker."""
    put(store, pictures, tap(500, 500), {"action": "Note"}, tap(500, 500))

    assert all(is_near(frame, (5, 100), BLUE) for frame, _ in frames(film(store, pictures)))


# --- Words


def test_words_are_written_in_a_font_that_has_them(tmp_path: Path) -> None:
    """Without a font for it a text is not written; numbers and Latin letters always are."""
    poor = Writer((tmp_path,))

    assert poor.lines("Step 3: tap — “OK” ✅", 15, 300, 1) == ["Step 3: tap “OK”"]
    assert poor.lines("点击 OK", 15, 300, 1) == []
    assert poor.lines(" \n\0", 15, 300, 1) == []


def test_chinese_is_written_where_a_font_has_it() -> None:
    """Lines are full, end in a mark where something is left out, and begin with no comma."""
    writer = Writer()
    text = "已经进入和小雨的会话，输入框在屏幕底部，先点一下，让键盘弹出来。"
    if not writer.lines("点", 15, 300, 1):
        pytest.skip("no font of this machine has Chinese")

    whole, cut = writer.lines(text, 15, 160, 9), writer.lines(text, 15, 160, 2)

    assert "".join(whole) == text
    assert all(line[0] not in "，。" and writer.width(line, 15) <= 160 for line in whole)
    assert cut[0] == whole[0]
    assert cut[1].endswith("...")
    assert writer.width(cut[1], 15) <= 160


def test_words_stay_whole() -> None:
    """A line breaks between words, and within one that is longer than it."""
    writer = Writer(())

    assert writer.lines("open the camera", 15, 75, 5) == ["open the", "camera"]
    assert len(writer.lines("x" * 40, 15, 75, 9)) > 3


# --- The file


def noise(seed: int) -> Image.Image:
    """Return a picture that no codec makes small."""
    return Image.frombytes("RGB", (45, 100), random.Random(seed).randbytes(45 * 100 * 3))


def test_gif_keeps_to_its_size() -> None:
    """Even of noise, the worst there is, a step takes no more bytes than it may."""
    shots = [Shot(noise(number), 100, number) for number in range(3)]

    free, bound = (
        b"".join(gif.encoded(shots, (45, 100), step_bytes=most)) for most in (10**6, 3_000)
    )

    assert len(bound) <= 3 * 3_000 + 33 < len(free)
    assert len(frames(bound)) == 3


def test_gif_writes_only_what_has_changed() -> None:
    """A small change is a small picture; none is only time."""
    first = noise(1).quantize(16).convert("RGB")
    second = first.copy()
    second.paste((1, 2, 3), (10, 20, 18, 30))
    shots = [Shot(picture, 100, 0) for picture in (first, first, second, first)]

    data = b"".join(gif.encoded(shots, first.size))

    found = frames(data)
    assert [ms for _, ms in found] == [200, 100, 100]
    assert len(data) < len(b"".join(gif.encoded(shots[:1], first.size))) + 2_000
    assert is_near(found[1][0], (14, 25), (1, 2, 3))
    assert ImageChops.difference(found[0][0], found[2][0]).getbbox() is None


@pytest.mark.parametrize("form", ["gif", "webm"])
def test_memory_does_not_grow_with_the_steps(
    store: Store, pictures: ScreenshotStore, form: Form
) -> None:
    """However long a film is, a handful of pictures is in memory."""
    put(
        store,
        pictures,
        *(tap(number * 120, 500, picture=png(60, 130, (number * 9, 9, 9))) for number in range(8)),
    )
    counts: dict[int, int] = {}

    def count(done: int, total: int) -> None:
        if done not in counts:
            counts[done] = sum(issubclass(type(each), Image.Image) for each in gc.get_objects())

    for _ in export(store, pictures, "t", form, progress=count):
        pass

    assert len(counts) == 9
    assert max(counts.values()) - counts[0] < 12


def test_reader_may_leave(
    store: Store, pictures: ScreenshotStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who closes a download ends its encoding, and nothing of the file is left."""
    put(store, pictures, tap(1, 1), tap(2, 2))
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    seen: list[int] = []

    pieces = export(store, pictures, "t", "webm", progress=lambda done, total: seen.append(done))
    assert next(pieces) == b""
    assert len(list(folder.iterdir())) == 1
    del pieces

    assert seen == [0]
    assert list(folder.iterdir()) == []


def test_progress_counts_steps(store: Store, pictures: ScreenshotStore) -> None:
    """Who waits is told how far it is."""
    put(store, pictures, tap(1, 1), tap(2, 2))
    seen: list[tuple[int, int]] = []

    film(store, pictures, progress=lambda *at: seen.append(at))

    assert list(dict.fromkeys(seen)) == [(0, 2), (1, 2), (2, 2)]


# --- The command


def test_command_writes_a_film(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A GIF is a file beside the others, of the width that was asked for, or goes to a pipe."""
    store_tasks("aaaaaaaa-1")
    monkeypatch.chdir(tmp_path)

    done = command("export", "latest", "--format", "gif", "--width", 200)

    (file,) = tmp_path.glob("*.gif")
    assert (done.status, done.out.split(" (")[0]) == (0, f"written to {file.name}")
    with Image.open(file) as opened:
        assert (opened.format, opened.width) == ("GIF", 200)


def test_width_is_for_films() -> None:
    """A page has no width."""
    store_tasks("aaaaaaaa-1")

    done = command("export", "latest", "--width", 200)

    assert done.status == 2
    assert "--width 200" in done.err


def test_video_needs_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where `av` is not installed the message says what to do, and nothing is written."""
    store_tasks("aaaaaaaa-1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(FORMATS, "mp4", replace(FORMATS["mp4"], needs="no_such_module"))

    done = command("export", "latest", "--format", "mp4")

    assert done.status == 1
    assert "pip install 'otel-steps[video]'" in done.err
    assert list(tmp_path.glob("*.mp4*")) == []
    with closing(open_store()) as store, pytest.raises(FormatUnavailable):
        export(store, ScreenshotStore(PictureFolder(tmp_path)), "aaaaaaaa-1", "mp4")
