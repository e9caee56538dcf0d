"""What has changed from one picture to the next: seen in pixels, stored, and told as flags."""

import io
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import otel_steps
from otel_steps.pictures.change import EVERYTHING, NO_CHANGE
from otel_steps.pictures.comparison import change_between
from otel_steps.pictures.sketch import Sketches, sketch_of
from otel_steps.rows.effects import Box, Target, boxes_of, effects
from otel_steps.rows.flags import flags_of
from tests.benchmarks.drawn_pair import Draw
from tests.benchmarks.drawn_screen import DEVICES, THEMES, Screen, listed
from tests.benchmarks.flag_pairs import judged
from tests.benchmarks.screen_pairs import CHANGES, STILLS, Pair, drawn
from tests.benchmarks.sparse_pairs import SPARSE

PHONE = (1080, 2400)
SMALL = next(device for device in DEVICES if device.name == "small capture")


def tap(x: float | None = 500, y: float | None = 500, kind: str = "tap") -> Target:
    """Return a tap on a phone."""
    return Target(kind, x, y, None, None, PHONE)


def pair_of(kind: str, draw: Draw) -> Pair:
    """Return a pair of a kind, drawn small."""
    return drawn(kind, draw, SMALL, THEMES[0], "png", random.Random(kind))


@pytest.mark.parametrize("kind", CHANGES)
def test_what_has_changed_is_not_taken_for_nothing(kind: str) -> None:
    """One pair of each kind; `python -m tests.benchmarks flags` draws hundreds."""
    assert judged(pair_of(kind, CHANGES[kind]))


@pytest.mark.parametrize("kind", SPARSE)
def test_what_has_changed_on_an_empty_page_is_no_noise(kind: str) -> None:
    """Hardly any other edge is there to tell the one from the other."""
    browser = next(device for device in DEVICES if device.name == "browser")

    assert judged(drawn(kind, SPARSE[kind], browser, THEMES[2], "png", random.Random(1)))


def test_a_counter_at_the_top_of_a_browser_is_no_clock() -> None:
    """Its page has no status bar, and a counter may stand high."""
    (wide,) = (device for device in DEVICES if device.name == "wide browser")
    for seed in range(4):
        assert judged(drawn("badge", CHANGES["badge"], wide, THEMES[0], "png", random.Random(seed)))


def test_what_moves_by_itself_is_no_effect() -> None:
    """Of the kinds in which nothing has happened nearly all are seen."""
    missed = [kind for kind, draw in STILLS.items() if judged(pair_of(kind, draw))]

    assert len(missed) <= 0.1 * len(STILLS), missed


class TestEffects:
    """Which changes are the effect of an action."""

    @pytest.mark.parametrize(
        ("box", "is_effect"),
        [
            (Box(850, 490, 900, 505, "content"), True),  # in the row that was tapped
            (Box(500, 600, 900, 620, "content"), True),
            (Box(0, 900, 300, 940, "surface"), True),
            (Box(20, 10, 90, 30, "status"), False),
            (Box(300, 100, 303, 120, "caret"), False),
            (Box(300, 495, 303, 515, "caret"), True),  # into the field that was tapped
            (Box(0, 60, 600, 63, "line"), False),
            (Box(0, 60, 1000, 300, "motion"), False),
            (Box(0, 60, 1000, 500, "motion"), True),  # a tap on the film
            (Box(0, 0, 1000, 700, "motion"), True),  # the whole screen
        ],
    )
    def test_of_a_tap(self, box: Box, is_effect: bool) -> None:
        """Near its target all counts, farther away what does not move by itself."""
        assert bool(effects(tap(), [box])) is is_effect

    def test_without_a_target(self) -> None:
        """A key has no place; whatever is typed may look like a cursor."""
        caret, film = Box(300, 100, 303, 120, "caret"), Box(0, 60, 1000, 300, "motion")

        assert effects(tap(None, None, "type"), [caret, film]) == [caret]
        assert effects(tap(None, None, "back"), [caret, film]) == []

    def test_a_swipe_has_a_way(self) -> None:
        """What lies beside it is near."""
        film = Box(0, 300, 1000, 500, "motion")
        way = Target("swipe", 500, 900, 500, 400, PHONE)

        assert effects(way, [film]) == [film]

    @pytest.mark.parametrize(
        "value", [None, "", [[1, 2, 3]], [[1, 2, 3, 4, 5]], [["", 2, 3, 4, "x"]]]
    )
    def test_what_is_no_box_says_nothing(self, value: Any) -> None:
        """A row may have come from anywhere."""
        assert boxes_of(value) is None


class TestKept:
    """What is kept of the pictures seen last."""

    def test_those_on_their_way_have_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """By what they take, not by how many they are; the oldest makes room."""
        image = Image.new("RGB", (10, 10))
        monkeypatch.setattr("otel_steps.pictures.sketch._KEPT_BYTES", 3 * 300)
        kept = Sketches()
        for name in ("a", "b", "b", "c", "a", "d"):
            kept.put(name, image)

        assert [kept.get(name) is None for name in "abcd"] == [False, True, False, False]


class TestSketches:
    """Two pictures that are not of one size, or are equal."""

    def test_the_same_and_another_shape(self) -> None:
        """A phone that was turned shows another screen."""
        one = sketch_of(Image.new("RGB", PHONE, "white"))

        assert change_between(one, one.copy()) == NO_CHANGE
        assert change_between(one, one.rotate(90, expand=True)) == EVERYTHING

    def test_a_smaller_copy_is_the_same_picture(self) -> None:
        """Some agents send their model a smaller one than they keep."""
        image = Screen(DEVICES[0], THEMES[0], 1)
        listed(image)
        half = image.image.reduce(2)

        change = change_between(sketch_of(image.image), sketch_of(half))

        assert all(box.kind == "content" for box in change.boxes)
        assert change.share < 0.01


# --- Recorded


class Phone:
    """A page with a switch, which turns or does not."""

    def __init__(self) -> None:
        self.minute = 10
        self.is_on = False

    def screen(self) -> bytes:
        """Return what it shows; the clock goes on."""
        screen = Screen(SMALL, THEMES[1], 4)
        listed(screen, on=3, is_on=self.is_on)
        self.minute += 1
        screen.bar(f"9:{self.minute}")
        buffer = io.BytesIO()
        screen.image.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()


@pytest.fixture(name="recording")
def _recording(tmp_path: Path, own_pipeline: None) -> Iterator[Any]:
    recording = otel_steps.configure(dir=tmp_path, instrument=False)
    yield recording
    recording.shutdown()


TAP = {"action": "Tap", "element": [500, 355]}


def index_of(recording: Any, task_id: str) -> dict[str, Any]:
    """Return the index of a task whose pictures have all arrived."""
    assert recording.flush()
    with closing(otel_steps.open_store(recording.settings.store)) as store:
        index = store.index(task_id)
    assert index is not None
    return index


@contextmanager
def step_of(task_id: str, phone: Phone) -> Iterator[None]:
    """Take a step of a task that goes on."""
    with (
        otel_steps.task("turn", task_id=task_id),
        otel_steps.step(action=TAP, screenshot=phone.screen()),
    ):
        yield


def test_a_switch_is_an_effect_and_no_loop(recording: Any) -> None:
    """On, off and on again are three effects; three taps beside it are a loop without any."""
    phone = Phone()
    with otel_steps.task("turn", task_id="t"):
        for at in range(8):
            with otel_steps.step(action=TAP, screenshot=phone.screen()):
                phone.is_on ^= at < 4

    index = index_of(recording, "t")

    assert index["change_share"][0] is None
    assert all(0 < share < 0.02 for share in index["change_share"][1:])
    assert flags_of(index) == [*[[]] * 4, *[["loop", "no_op"]] * 3, ["loop"]]


def test_a_step_has_its_own_picture_after_it(recording: Any) -> None:
    """It is compared with the one before the action, also where both are one file."""
    phone = Phone()
    first = phone.screen()
    with otel_steps.task("turn", task_id="t"):
        with otel_steps.step(action=TAP, screenshot=first) as step:
            step.add_picture(first)
        with otel_steps.step(action=TAP, screenshot=phone.screen()) as step:
            phone.is_on = True
            step.add_picture(phone.screen())

    index = index_of(recording, "t")

    assert index["after_share"][0] == 0
    assert 0 < index["after_share"][1] < 0.02
    assert flags_of(index) == [["no_op"], []]


def test_tasks_at_once_and_a_task_that_is_taken_up(recording: Any, tmp_path: Path) -> None:
    """Each task has a last picture of its own; another process knows of none."""
    phones = {"a": Phone(), "b": Phone()}
    for _ in range(2):
        for task_id, phone in phones.items():
            with step_of(task_id, phone):
                phone.is_on = task_id == "b"
    assert recording.flush()
    recording.shutdown()
    later = otel_steps.configure(dir=tmp_path, instrument=False)
    with step_of("a", phones["a"]):
        pass

    try:
        taken_up, other = (index_of(later, each) for each in ("a", "b"))
    finally:
        later.shutdown()

    assert [share is None for share in taken_up["change_share"]] == [True, False, True]
    assert ["no_op" in each for each in flags_of(taken_up)] == [True, False, False]
    assert flags_of(other) == [[], []]
