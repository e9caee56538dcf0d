"""
Pairs of screens, before an action and after it, drawn from parameters: what changed is known.

Each kind of change is drawn on phones, a tablet, a phone that lies and a browser, light and dark,
and comes as a PNG, as JPEGs or as WebPs of several qualities.
"""

import io
import random
from collections.abc import Iterator
from typing import Final, NamedTuple

from PIL import Image

from tests.benchmarks.changed_pairs import CHANGED
from tests.benchmarks.drawn_pair import Draw
from tests.benchmarks.drawn_screen import DEVICES, THEMES, Device, Screen, Theme
from tests.benchmarks.odd_pairs import CHANGED_ODD, STILL_ODD
from tests.benchmarks.sparse_pairs import CHANGED_SPARSE
from tests.benchmarks.still_pairs import STILL


class Pair(NamedTuple):
    """
    Two screens and the action between them.

    Attributes:
        action: What it is, see `action.kinds`.
        places: x, y, x2, y2 in 0 to 1000 of the screen; None where it has none.
        has_effect: Whether it did anything.
    """

    kind: str
    device: Device
    theme: str
    codec: str
    before: bytes
    after: bytes
    action: str
    places: tuple[float | None, float | None, float | None, float | None]
    has_effect: bool


STILLS: Final[dict[str, Draw]] = {**STILL, **STILL_ODD}
CHANGES: Final[dict[str, Draw]] = {**CHANGED, **CHANGED_ODD, **CHANGED_SPARSE}
KINDS: Final = STILLS | CHANGES

_NO_BAR: Final = frozenset({"clock", "hour", "battery", "charging"})


CODECS: Final = (
    "png",
    "jpeg 90",
    "jpeg 75",
    "jpeg 85/75",
    "webp 80",
    "webp 90/75",
    "sensor",
    "stored",
)


def pairs(count: int, seed: int = 1) -> Iterator[Pair]:
    """Yield *count* pairs, each kind equally often; the same ones for one seed."""
    kinds = list(KINDS.items())
    for at in range(count):
        name, draw = kinds[at % len(kinds)]
        rng = random.Random(f"{seed} {at}")
        devices = [each for each in DEVICES if each.bar or name not in _NO_BAR]
        device, theme, codec = rng.choice(devices), rng.choice(THEMES), rng.choice(CODECS)
        yield drawn(name, draw, device, theme, codec, rng)


def drawn(
    name: str, draw: Draw, device: Device, theme: Theme, codec: str, rng: random.Random
) -> Pair:
    """Return one pair."""
    seed = rng.randrange(1 << 30)
    found = draw(Screen(device, theme, seed), Screen(device, theme, seed), rng)
    before, after = (
        _encoded(screen.image, codec, first)
        for screen, first in ((found.before, True), (found.after, False))
    )
    places: list[float | None] = []
    for point in (found.at, found.to):
        places += (
            [None, None]
            if point is None
            else [point[0] / found.before.width * 1000, point[1] / found.before.height * 1000]
        )
    return Pair(
        name,
        device,
        theme.name,
        codec,
        before,
        after,
        found.action,
        tuple(places),
        found.has_effect,
    )  # type: ignore[arg-type]


def _encoded(image: Image.Image, codec: str, is_first: bool) -> bytes:
    buffer = io.BytesIO()
    form, _, qualities = codec.partition(" ")
    if form == "stored":  # the one before is read back from where it is stored
        form, qualities = ("webp", "80") if is_first else ("png", "")
    if form == "sensor":  # a capture through a camera or a video stream
        noise = Image.effect_noise(image.size, 3)
        noisy = [
            Image.blend(band, Image.composite(band, noise, Image.new("L", image.size, 250)), 1.0)
            for band in image.split()
        ]
        Image.merge("RGB", noisy).save(buffer, "PNG", compress_level=1)
    elif form == "png":
        image.save(buffer, "PNG", compress_level=1)
    else:
        first, _, second = qualities.partition("/")
        quality = int(first if is_first or not second else second)
        image.save(
            buffer, form.upper(), quality=quality, **({"method": 0} if form == "webp" else {})
        )
    return buffer.getvalue()
