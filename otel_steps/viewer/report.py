"""
The report of tasks: a page with what can be done with it, and the same as a file, for a bug report
and for a model.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from otel_steps.exporting import file_title
from otel_steps.reporting.elements import el
from otel_steps.reporting.markdown import markdown
from otel_steps.reporting.not_recorded import NotRecorded
from otel_steps.reporting.page import (
    missing_page,
    paper_style,
    report_file,
    report_page,
)
from otel_steps.reporting.prompt import prompt
from otel_steps.reporting.recorded_task import RecordedTask
from otel_steps.reporting.words import LANGUAGES, TAGS, Language, Words
from otel_steps.serving.refusal import NotFound
from otel_steps.viewer.library import Library, LibraryDependency
from otel_steps.viewer.preload import language_of
from otel_steps.viewer.task_path import segment_of

router = APIRouter(tags=["tasks"])

# A page of more takes longer than anybody waits.
MOST_TASKS: Final = 50
_WIDTH: Final = 540
# Of what is said of an id, which may be any text.
_MOST_CHARS: Final = 300
_LINKS: Final = """\
<link rel="icon" href="static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="static/style.css">
<link rel="stylesheet" href="static/report.css">
<script type="module" src="static/first.js" blocking="render"></script>
<script type="module" src="static/report/page.js"></script>
"""
_NAMES: Final = {"en": "English", "zh": "中文"}

TaskIds = Annotated[
    list[str],
    Query(alias="task", min_length=1, max_length=MOST_TASKS, description="Ids of the tasks."),
]
Form = Literal["html", "md", "txt"]
_TYPES: Final[dict[Form, str]] = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}
_CONTENT: Final[dict[str, Any]] = {kind: {} for kind in _TYPES.values()}


@router.get("/report", include_in_schema=False)
def page(
    ids: TaskIds, library: LibraryDependency, request: Request, language: Language | None = None
) -> Response:
    """Return the page of a report; its addresses are relative, wherever a proxy has it."""
    words = Words(language or _language_of(request))
    try:
        tasks = _recorded(library, ids)
    except NotRecorded as error:
        missing = missing_page(str(error)[:_MOST_CHARS], words, links=_LINKS)
        return StreamingResponse(_encoded(missing), HTTPStatus.NOT_FOUND, media_type=_TYPES["html"])
    bar = _bar(ids, paper_style(tasks, words), words)
    pieces = report_page(tasks, words, library.prices, _address, links=_LINKS, bar=bar)
    return StreamingResponse(_encoded(pieces), media_type=_TYPES["html"])


@router.get(
    "/api/report.{form}",
    response_class=Response,
    responses={200: {"content": _CONTENT}},
)
def report(
    form: Form, ids: TaskIds, library: LibraryDependency, language: Language = "en"
) -> Response:
    """
    Return the report of tasks: as one page with its pictures, as Markdown, or as text for a model.

    Of several, a page and Markdown begin with a table of the runs. Only a page has a language.
    """
    try:
        tasks = _recorded(library, ids)
    except NotRecorded as error:
        raise NotFound(str(error)[:_MOST_CHARS]) from error
    if form != "html":
        lines = markdown(tasks, lambda picture: None) if form == "md" else prompt(tasks)
        text = "".join(f"{line}\n" for line in lines)
        return Response(text.encode(errors="replace"), media_type=_TYPES[form])
    pieces = report_file(tasks, library.pictures, Words(language), library.prices)
    # As RFC 6266 has it: a header is ASCII, and a name need not be.
    name = quote(f"{file_title(tasks[0].row)} report.html")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return StreamingResponse(_encoded(pieces), media_type=_TYPES[form], headers=headers)


def _recorded(library: Library, ids: list[str]) -> list[RecordedTask]:
    return [RecordedTask(library.store, task_id) for task_id in dict.fromkeys(ids)]


def _address(name: str) -> str:
    return f"img/{name}?w={_WIDTH}"


def _encoded(pieces: Iterator[str]) -> Iterator[bytes]:
    # A lone surrogate in a row of another writer must not cost the whole page.
    return (piece.encode(errors="replace") for piece in pieces)


def _language_of(request: Request) -> Language:
    known = language_of(request.headers.get("accept-language", ""))
    return next((each for each in LANGUAGES if each == known), LANGUAGES[0])


def _bar(ids: list[str], style: str, words: Words) -> Element:
    """Return what stands above the page: the way back, what can be done with it, its languages."""
    asked = [("task", each) for each in ids]
    file = urlencode([*asked, ("language", words.language)])
    back = "report.back" if len(ids) == 1 else "report.back.list"
    left = f"t/{segment_of(ids[0])}" if len(ids) == 1 else "."
    return el(
        "header",
        el("a", words(back), href=left, class_="button back"),
        el("span", class_="bar-space"),
        _copy_button("bug", f"api/report.md?{urlencode(asked)}", words),
        _copy_button("model", f"api/report.txt?{urlencode(asked)}", words),
        el("a", words("report.file"), href=f"api/report.html?{file}", download="", class_="button"),
        el(
            "button",
            words("report.print"),
            type="button",
            class_="button is-primary",
            data_print=style,
        ),
        el(
            "nav",
            *(
                el(
                    "a",
                    _NAMES[each],
                    href=f"report?{urlencode([*asked, ('language', each)])}",
                    lang=TAGS[each],
                    aria_current="true" if each == words.language else None,
                )
                for each in LANGUAGES
            ),
            aria_label=words("report.language"),
            class_="languages",
        ),
        el("output", class_="said", role="status"),
        class_="report-bar",
    )


def _copy_button(name: str, address: str, words: Words) -> Element:
    return el(
        "button",
        words(f"report.copy.{name}"),
        type="button",
        class_="button",
        data_copy=address,
        data_copied=words("report.copied"),
        data_failed=words("report.copy.failed"),
        data_hand=words("report.copy.hand"),
    )
