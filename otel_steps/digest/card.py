"""What a card shows of the steps of a task, told from its index. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from otel_steps.rows.flags import Flags, summary_of
from otel_steps.stores.json_object import Json

MAX_FRAMES: Final = 5
MAX_APPS: Final = 5
# Of a task that has no step, nor a row any more.
EMPTY: Final[Json] = {
    "frames": [],
    "flags": {},
    "flag_steps": {},
    "flagged_steps": 0,
    "first_failed": None,
    "apps": [],
}


def facts_of(index: Json, flags: Flags) -> Json:
    """Return what a card shows of the steps in *index*."""
    failed = _first_failed(index)
    flagged = summary_of(flags)
    return {
        "frames": list(_frames(index, failed)),
        "flags": {name: len(positions) for name, positions in flagged.items()},
        "flag_steps": {name: index["number"][at] for name, (at, *_) in flagged.items()},
        "flagged_steps": sum(map(bool, flags)),
        "first_failed": None if failed is None else index["number"][failed],
        "apps": list(dict.fromkeys(app for app in index["app"] if app))[:MAX_APPS],
    }


def _first_failed(index: Json) -> int | None:
    return next((at for at, success in enumerate(index["success"]) if success is False), None)


def _frames(index: Json, failed: int | None) -> Iterator[Json]:
    """Yield the first picture, that of the first failure, the last, and what changed most."""
    # A step may have but the picture after it, as the first one of some agents has.
    pictures = [own or after for own, after in zip(index["picture"], index["after"], strict=True)]
    pictured = [at for at, name in enumerate(pictures) if name]
    if not pictured:
        return
    chosen: dict[int, str] = {pictured[0]: "first"}
    chosen.setdefault(pictured[-1], "last")
    if failed is not None and pictures[failed]:
        chosen[failed] = "failure"
    seen = {pictures[at] for at in chosen}
    for at in _by_change(index, pictured):
        if len(chosen) >= MAX_FRAMES:
            break
        if pictures[at] not in seen:
            seen.add(pictures[at])
            chosen[at] = "change"
    for at in sorted(chosen):
        yield {
            "sha256": pictures[at],
            "number": index["number"][at],
            "kind": chosen[at],
            "width": index["width"][at],
            "height": index["height"][at],
        }


def _by_change(index: Json, pictured: Sequence[int]) -> list[int]:
    """Return positions, those first whose picture differs most from the one before."""
    changes = [
        (_distance(index["phash"][before], index["phash"][at]), at)
        for before, at in pairwise(pictured)
    ]
    return [at for _, at in sorted(changes, key=lambda change: (-change[0], change[1]))]


def _distance(one: str | None, other: str | None) -> int:
    if one is None or other is None:
        return 0
    return (int(one, 16) ^ int(other, 16)).bit_count()
