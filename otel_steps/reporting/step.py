"""One step in a report: its picture with what was done on it, and what was thought and said."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from otel_steps.action.kinds import UNKNOWN
from otel_steps.film.shapes import shape_of
from otel_steps.reporting.elements import el
from otel_steps.reporting.marks import marks_of
from otel_steps.reporting.places import place_text
from otel_steps.reporting.recorded_task import RecordedTask, Side
from otel_steps.reporting.values import shortened
from otel_steps.reporting.words import Words
from otel_steps.sanitize import to_json

# Of a phone whose pictures nobody has measured.
_RATIO = 20 / 9


class Place(NamedTuple):
    """
    Where a step stands in a page.

    Attributes:
        prefix: Its id in the page is that and its number.
        heading: The tag of its heading.
    """

    prefix: str
    heading: str


def step_element(
    task: RecordedTask,
    at: int,
    place: Place,
    words: Words,
    address: Callable[[str], str | None],
) -> Element:
    """
    Return the step at *at*.

    Args:
        address: What stands in `src` for a picture, None where it is not there.
    """
    index = task.index
    failed = index["success"][at] is False
    row = task.steps.get(index["id"][at], {})
    return el(
        "article",
        _head(task, at, place.heading, words),
        el("div", *_screens(task, at, words, address), class_="screens"),
        el("div", *_texts(row, words), class_="texts"),
        class_="step is-failed" if failed else "step",
        id=f"{place.prefix}{index['number'][at]}",
    )


def action_word(index: Mapping[str, Any], at: int, words: Words) -> str:
    """Return an action's name; one that nobody knows as the agent wrote it."""
    kind = index["kind"][at]
    if kind is None:
        return words("task.thinking" if index["type"][at] == "thinking" else "task.action.none")
    return str(index["action"][at]) if kind == UNKNOWN else words(f"task.action.{kind}")


def _head(task: RecordedTask, at: int, heading: str, words: Words) -> Element:
    index = task.index
    place = place_text(index, at).replace(" to ", " → ")
    status = index["status"][at]
    outcome = {True: "ok", False: "failed"}.get(
        index["success"][at], "running" if status == "running" else "unknown"
    )
    notes = [words.duration(index["duration_ms"][at]), index["app"][at]]
    return el(
        "header",
        el(heading, words("report.step", number=index["number"][at]), class_="number"),
        el(
            "p",
            el("b", action_word(index, at, words)),
            f" {index['label'][at]}" if index["label"][at] else None,
            f" {place}" if place else None,
            class_="done",
            dir="auto",
        ),
        el(
            "p",
            el("span", words(f"task.outcome.{outcome}"), class_=f"is-{outcome}"),
            *(el("span", note) for note in notes if note),
            *(el("span", words(f"flag.{flag}"), class_="flag") for flag in task.flags[at]),
            class_="notes",
        ),
    )


def _texts(row: Mapping[str, Any], words: Words) -> list[Element]:
    error = ": ".join(filter(None, (row.get("error_kind"), row.get("error_message"))))
    texts = {
        "error": error or None,
        "thinking": row.get("thinking"),
        "action": row.get("action"),
        "result": row.get("action_result"),
    }
    return [
        el(
            "div",
            el("p", words(f"task.{name}"), class_="label"),
            el("p", _text(value, words), class_="value", dir="auto"),
            class_=f"text {name}" if isinstance(value, str) else f"text code {name}",
        )
        for name, value in texts.items()
        if value not in (None, "")
    ]


def _text(value: Any, words: Words) -> str:
    return shortened(value if isinstance(value, str) else to_json(value), words)


# --- Pictures


def _screens(
    task: RecordedTask, at: int, words: Words, address: Callable[[str], str | None]
) -> list[Element]:
    """Return the picture before a step, and the one after it where it has one of its own."""
    sides: tuple[Side, ...] = ("before", "after")
    found = (_screen(task, at, side, words, address) for side in sides)
    return [each for each in found if each is not None]


def _screen(
    task: RecordedTask, at: int, side: Side, words: Words, address: Callable[[str], str | None]
) -> Element | None:
    index = task.index
    name = index["picture" if side == "before" else "after"][at]
    if task.is_sensitive(at, side):
        return el("p", words("report.picture.sensitive"), class_="no-screen")
    if name is None:
        # Only what should have shown a screen is said to lack one.
        has_place = side == "before" and index["x"][at] is not None
        return el("p", words("report.picture.none"), class_="no-screen") if has_place else None
    source = address(name)
    if source is None:
        return el("p", words("report.picture.missing"), class_="no-screen")
    width, height = index["width"][at], index["height"][at]
    ratio = height / width if width and height else _RATIO
    alt = words(f"report.picture.{side}", number=index["number"][at])
    sizes = {"width": 360, "height": round(360 * ratio)}
    image = el("img", src=source, alt=alt, loading="lazy", decoding="async", **sizes)
    marks = marks_of(shape_of(index, at), ratio) if side == "before" else None
    return el("figure", image, marks, class_="screen")
