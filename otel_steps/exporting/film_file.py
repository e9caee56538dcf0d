"""A task as a moving picture: GIF, or MP4 and WebM where the package `av` is."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Final, Literal

from otel_steps.exporting.task_gone import TaskGone
from otel_steps.film.layout import layout_of
from otel_steps.film.moments import moments
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores.contract import TaskReader

Film = Literal["gif", "mp4", "webm"]

# A chat shows a GIF at its own size, and a video on the whole screen.
_GIF_PIXELS: Final = 360 * 800
_VIDEO_PIXELS: Final = 540 * 1200
_GIF_FRAME_MS: Final = 100
_VIDEO_FRAME_MS: Final = 50
_STEPS_AT_ONCE: Final = 50


def render(
    task: Mapping[str, Any],
    store: TaskReader,
    pictures: ScreenshotStore,
    film: Film,
    progress: Callable[[int, int], None],
    *,
    width: int | None = None,
) -> Iterator[bytes]:
    """
    Yield the film of a task; as it is drawn, if it is a GIF.

    Args:
        progress: Called with how many steps are drawn, and of how many.
        width: In pixels, in place of the usual size.
    """
    # Drawing needs Pillow, and video PyAV, which nothing else should wait for.
    from otel_steps.film import gif
    from otel_steps.film.fonts import Writer
    from otel_steps.film.painter import Painter
    from otel_steps.film.screens import screens
    from otel_steps.film.shot import Shot

    task_id = task["task_id"]
    index = store.index(task_id)
    if index is None:
        raise TaskGone(task_id)
    pixels, frame_ms = (
        (_GIF_PIXELS, _GIF_FRAME_MS) if film == "gif" else (_VIDEO_PIXELS, _VIDEO_FRAME_MS)
    )
    layout = layout_of(index, pixels=pixels, width=width)
    painter = Painter(layout, Writer(), screens(pictures.read, layout))

    def shots() -> Iterator[Shot]:
        shown = moments(
            task,
            index,
            _rows(store, index),
            sensitive=_sensitive(store, task_id),
            frame_ms=frame_ms,
        )
        for moment in shown:
            progress(moment.at, index["count"])
            yield Shot(painter.paint(moment), moment.ms, moment.at)
        progress(index["count"], index["count"])

    if film == "gif":
        yield from gif.encoded(shots(), layout.size)
    else:
        from otel_steps.film import video

        yield from video.encoded(shots(), layout.size, film, frame_ms=frame_ms)


def _rows(store: TaskReader, index: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the row of each step of *index*, some at a time; empty where it is not there."""
    for offset in count(0, _STEPS_AT_ONCE):
        ids = index["id"][offset : offset + _STEPS_AT_ONCE]
        if not ids:
            return
        rows = store.steps(index["task_id"], limit=_STEPS_AT_ONCE, offset=offset)
        found = {row["id"]: row for row in rows}
        yield from (found.get(step_id, {}) for step_id in ids)


def _sensitive(store: TaskReader, task_id: str) -> frozenset[str]:
    """Return the names of pictures of which the phone said that they must not be shown."""
    rows = store.screenshots(task_id)
    names = ((row["metadata"] or {}).get("sha256") for row in rows if row["sensitive"] is True)
    return frozenset(filter(None, names))
