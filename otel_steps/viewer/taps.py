"""
Where tasks have tapped in an app: the places, those near each other as one, and a picture of it.
Pure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from otel_steps.rows.flags import NO_OP, flags_of
from otel_steps.stores.json_object import Json

KINDS: Final = frozenset({"tap", "double_tap", "right_click", "long_press"})
# Of 1000: no finger, and no model, hits the same button at the very same point twice.
_CELL: Final = 25
_RANGE: Final = 1000


@dataclass(frozen=True, slots=True)
class _Tap:
    """A tap, its app, and the screen that it was on."""

    task_id: str
    number: int
    app: str | None
    x: float
    y: float
    is_missed: bool
    is_wide: bool | None


class _Screen(NamedTuple):
    """A picture of an app, in pixels."""

    app: str | None
    sha256: str
    width: int | None
    height: int | None


def taps_of(indexes: Mapping[str, Json], app: str | None) -> Json:
    """
    Return `{"app", "apps", "picture", "taps", "missed", "spots"}`.

    "apps" is how many taps each app has had, the most first, null for steps that name none;
    "picture" `{"sha256", "width", "height"}`, that of the newest step in the app, or None. A spot
    is `{"x", "y", "taps", "missed", "task_id", "number"}`: its middle in 0 to 1000 of the picture,
    how many taps were on it, how many of these have failed or changed nothing, and the newest of
    them. Screens that lie on their side are told apart from those that stand: what is given is of
    the kind that has had the most taps.

    Args:
        indexes: Of tasks, the newest first, as `Store.indexes` returns them.
        app: The one that is asked for; None is the one with the most taps.
    """
    taps = [tap for task_id, index in indexes.items() for tap in _taps(task_id, index)]
    counts = Counter(tap.app for tap in taps)
    # A name is worth more than many steps that have none.
    named = [name for name, _ in counts.most_common() if name is not None]
    chosen = app if app is not None else next(iter(named), None)
    own = [tap for tap in taps if tap.app == chosen]
    sides = Counter(tap.is_wide for tap in own if tap.is_wide is not None)
    is_wide = sides.most_common(1)[0][0] if sides else None
    shown = [tap for tap in own if tap.is_wide in (is_wide, None)]
    spots = sorted(map(_spot, _near(shown)), key=lambda spot: -spot["taps"])
    return {
        "app": chosen,
        "apps": [{"app": name, "taps": count} for name, count in counts.most_common()],
        "picture": _picture(indexes, chosen, is_wide),
        "taps": len(shown),
        "missed": sum(tap.is_missed for tap in shown),
        "spots": spots,
    }


def _taps(task_id: str, index: Json) -> Iterator[_Tap]:
    flags = flags_of(index)
    for at in range(index["count"]):
        x, y = index["x"][at], index["y"][at]
        if index["kind"][at] not in KINDS or x is None or y is None:
            continue
        if not (0 <= x <= _RANGE and 0 <= y <= _RANGE):
            continue
        yield _Tap(
            task_id,
            index["number"][at],
            index["app"][at] or None,
            x,
            y,
            is_missed=index["success"][at] is False or NO_OP in flags[at],
            is_wide=_is_wide(index["width"][at], index["height"][at]),
        )


def _is_wide(width: int | None, height: int | None) -> bool | None:
    return None if width is None or height is None else width > height


def _near(taps: Sequence[_Tap]) -> list[list[_Tap]]:
    cells: dict[tuple[int, int], list[_Tap]] = {}
    for tap in taps:
        cells.setdefault((int(tap.x // _CELL), int(tap.y // _CELL)), []).append(tap)
    return list(cells.values())


def _spot(taps: Sequence[_Tap]) -> dict[str, Any]:
    newest = next((tap for tap in taps if tap.is_missed), taps[0])
    return {
        "x": round(sum(tap.x for tap in taps) / len(taps)),
        "y": round(sum(tap.y for tap in taps) / len(taps)),
        "taps": len(taps),
        "missed": sum(tap.is_missed for tap in taps),
        "task_id": newest.task_id,
        "number": newest.number,
    }


def _picture(indexes: Mapping[str, Json], app: str | None, is_wide: bool | None) -> Json | None:
    for screen in _screens(indexes):
        side = _is_wide(screen.width, screen.height)
        if screen.app == app and (is_wide is None or side in (is_wide, None)):
            return {"sha256": screen.sha256, "width": screen.width, "height": screen.height}
    return None


def _screens(indexes: Mapping[str, Json]) -> Iterator[_Screen]:
    """Yield what pictures show, the newest first; nothing is seen on black and sensitive ones."""
    for index in indexes.values():
        for at in reversed(range(index["count"])):
            name = index["picture"][at]
            if name and not index["black"][at] and not index["sensitive"][at]:
                app = index["app"][at] or None
                yield _Screen(app, name, index["width"][at], index["height"][at])
