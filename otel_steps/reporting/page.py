"""
A report as a page: of one run or of several, to be read, printed and kept.

It needs no script: taps stand on the pictures as SVG, and the paper's header and numbers are a
style. As a file it has all in itself, opens from `file://` and asks the network for nothing.
"""

import base64
import html
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from otel_steps.exporting.small_pictures import WIDTH, shrunk
from otel_steps.pictures.captured import PictureError, describe
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing.price_table import PriceTable
from otel_steps.reporting.elements import el, markup
from otel_steps.reporting.recorded_task import RecordedTask
from otel_steps.reporting.run import Address, run_pieces, title_of
from otel_steps.reporting.runs import runs_table, runs_title
from otel_steps.reporting.words import TAGS, Words

_STATIC: Final = Path(__file__).parent.parent / "viewer" / "static"
_SHEETS: Final = ("style.css", "report.css")
_PLAIN: Final = re.compile(r"[^\w -]")
_MOST_TITLE_CHARS: Final = 80

_HEAD: Final = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
{links}</head>
<body>
"""
_OF_FILE: Final = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; form-action 'none'">
<style nonce="{nonce}">{styles}</style>
"""
_TAIL: Final = "</body>\n</html>\n"


def report_file(
    tasks: Sequence[RecordedTask],
    pictures: ScreenshotStore,
    words: Words,
    prices: PriceTable,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[str]:
    """
    Yield the report of *tasks* as one file, at most 50 KB a step where texts are short.

    Args:
        progress: Called with how many pictures are in it, and of how many.
    """
    total = sum(len([name for name in task.index["picture"] if name]) for task in tasks)
    done = 0

    def address(name: str) -> str | None:
        nonlocal done
        done += 1
        progress(min(done, total), total)
        return _data_url(pictures.read(name, WIDTH))

    styles = "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in _SHEETS)
    # Nothing of a title can end the style: all but letters and digits is escaped in it.
    styles += "\n" + paper_style(tasks, words)
    links = _OF_FILE.format(nonce=secrets.token_urlsafe(16), styles=styles)
    yield from report_page(tasks, words, prices, address, links=links)


def report_page(
    tasks: Sequence[RecordedTask],
    words: Words,
    prices: PriceTable,
    address: Address,
    *,
    links: str,
    bar: Element | None = None,
) -> Iterator[str]:
    """
    Yield the page of a report of *tasks*.

    Args:
        address: What stands in `src` for a picture, None where it is not there.
        links: The markup in its head that brings its styles.
        bar: What stands above it on the screen, and on no paper.
    """
    title = runs_title(tasks, words)
    yield _head(title, words, links)
    if bar is not None:
        yield markup(bar)
    yield '<main class="report" id="main">\n'
    if len(tasks) > 1:
        yield markup(el("h1", title, dir="auto"))
        yield markup(runs_table(tasks, words, prices))
    for number, task in enumerate(tasks, start=1):
        yield f'<section class="run" id="run-{number}">\n'
        heading = f"{number}. {title_of(task, words)}" if len(tasks) > 1 else title
        level = 2 if len(tasks) > 1 else 1
        yield markup(el(f"h{level}", heading, class_="run-title", dir="auto"))
        for piece in run_pieces(task, number, words, prices, address, level=level + 1):
            yield markup(piece) + "\n"
        yield "</section>\n"
    yield f"</main>\n{_TAIL}"


def missing_page(text: str, words: Words, *, links: str) -> Iterator[str]:
    """Yield the page in place of a report of what is not there; *text* says what that is."""
    title = words("report.missing")
    yield _head(title, words, links)
    back = el("a", words("report.back.list"), href=".", class_="button")
    yield markup(el("main", el("h1", title), el("p", text), back, class_="message", id="main"))
    yield _TAIL


def _head(title: str, words: Words, links: str) -> str:
    whole = html.escape(f"{title} · {words('report.title')} · otel-steps")
    return _HEAD.format(lang=TAGS[words.language], title=whole, links=links)


def paper_style(tasks: Sequence[RecordedTask], words: Words) -> str:
    """Return the style of what stands at the edges of each sheet of paper: task and page."""
    numbers = f'"{words("report.page")} " counter(page) " / " counter(pages)'
    edge = "font: 8pt system-ui, sans-serif; color: #555"
    rules = [
        "@page { size: A4; margin: 17mm 13mm 14mm;",
        f'  @top-right {{ content: "otel-steps · {words("report.title")}"; {edge}; }}',
        f"  @bottom-right {{ content: {numbers}; {edge}; }} }}",
    ]
    for number, task in enumerate(tasks, start=1):
        title = _text_of_style(title_of(task, words)[:_MOST_TITLE_CHARS])
        task_id = _text_of_style(task.row["task_id"][:_MOST_TITLE_CHARS])
        rules += [
            f"@page run-{number} {{ @top-left {{ content: {title}; {edge}; }}",
            f"  @bottom-left {{ content: {task_id}; {edge}; }} }}",
            f"#run-{number} {{ page: run-{number}; }}",
        ]
    return "\n".join(rules)


def _text_of_style(text: str) -> str:
    """Return *text* as a string of CSS in which nothing ends the string, the rule or the style."""
    line = " ".join(text.split())
    return '"' + _PLAIN.sub(lambda each: f"\\{ord(each[0]):x} ", line) + '"'


def _data_url(data: bytes | None) -> str | None:
    small = shrunk(data or b"")
    if small is None:
        return None
    try:
        kind = describe(small).mime_type
    except PictureError:
        return None
    return f"data:{kind};base64,{base64.b64encode(small).decode()}"
