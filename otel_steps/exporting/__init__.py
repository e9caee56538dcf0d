"""
One task as a file: for a person (HTML), for a script (JSON), for another backend (OTLP/JSON), for
whoever reads the runs of any agent (ATIF), for a chat (GIF, MP4, WebM), or as a program that does
the same again.

Each module writes one format, piece by piece, so that a long task is never in memory with all its
pictures; the command line and the viewer's server both ask here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final, Literal

from otel_steps.exporting import (
    atif_file,
    film_file,
    html_file,
    otlp_file,
    report_file,
    script_file,
)
from otel_steps.exporting.atif_file import Keep
from otel_steps.exporting.file_name import file_stem, file_title
from otel_steps.exporting.task_gone import TaskGone
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing import price_table
from otel_steps.pricing.price_table import PriceTable
from otel_steps.stores import Store

__all__ = [
    "FORMATS",
    "Form",
    "Format",
    "FormatUnavailable",
    "TaskGone",
    "export",
    "file_stem",
    "file_title",
]

Form = Literal["html", "json", "otlp", "atif", "adb", "python", "gif", "mp4", "webm"]
# Called with how much is done, and of how much: pictures of a file, steps of a film.
Progress = Callable[[int, int], None]


class FormatUnavailable(RuntimeError):
    """A package that a format needs is not installed; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Source:
    """
    What a format is written from.

    Attributes:
        task: Its row.
        pictures: Where the pictures of the store's rows live.
        keep: Where a format that can have its pictures in files has them.
        width: Of a film, in pixels; None for the usual one.
    """

    task: Mapping[str, Any]
    store: Store
    pictures: ScreenshotStore
    prices: PriceTable
    progress: Progress
    keep: Keep
    width: int | None


@dataclass(frozen=True, slots=True)
class Format:
    """
    A format to export a task in.

    Attributes:
        suffix: Of a file in it.
        media_type: For HTTP.
        pieces: Of the file; text is UTF-8 in it.
        needs: A module beside those that this package always brings, of the extra `video`.
    """

    suffix: str
    media_type: str
    pieces: Callable[[Source], Iterator[str] | Iterator[bytes]]
    needs: str | None = None

    @property
    def is_available(self) -> bool:
        """Whether what it needs is installed."""
        return self.needs is None or find_spec(self.needs) is not None


def _html(of: Source) -> Iterator[str]:
    return html_file.render(of.task, of.store, of.pictures, of.prices, of.progress)


def _atif(of: Source) -> Iterator[str]:
    return atif_file.render(of.task, of.store, of.pictures, of.prices, of.progress, of.keep)


def _script(language: script_file.Language) -> Callable[[Source], Iterator[str]]:
    return lambda of: script_file.render(of.task, of.store, language)


def _film(film: film_file.Film) -> Callable[[Source], Iterator[bytes]]:
    def pieces(of: Source) -> Iterator[bytes]:
        return film_file.render(of.task, of.store, of.pictures, film, of.progress, width=of.width)

    return pieces


FORMATS: Final[Mapping[Form, Format]] = {
    "html": Format(".html", "text/html; charset=utf-8", _html),
    "json": Format(
        ".json", "application/json", lambda of: report_file.render(of.task, of.store, of.prices)
    ),
    "otlp": Format(
        ".otlp.json", "application/json", lambda of: otlp_file.render(of.task, of.store)
    ),
    "atif": Format(".atif.json", "application/json", _atif),
    "adb": Format(".sh", "text/x-shellscript; charset=utf-8", _script("adb")),
    "python": Format(".py", "text/x-python; charset=utf-8", _script("python")),
    "gif": Format(".gif", "image/gif", _film("gif")),
    "mp4": Format(".mp4", "video/mp4", _film("mp4"), needs="av"),
    "webm": Format(".webm", "video/webm", _film("webm"), needs="av"),
}


def export(
    store: Store,
    pictures: ScreenshotStore,
    task_id: str,
    form: Form,
    *,
    prices: PriceTable | None = None,
    progress: Progress = lambda done, total: None,
    keep: Keep = atif_file.in_itself,
    width: int | None = None,
) -> Iterator[bytes]:
    """
    Return the pieces of the task's file.

    Whether there is such a task is known when the call returns; all else is read as it is asked
    for, and may raise what the store raises.

    Args:
        pictures: Where the pictures of the store's rows live.
        prices: To tell costs by; those that come with this package if there are none.
        keep: Where a format that can have its pictures in files has them; by default in itself.
        width: Of a film, in pixels, in place of the usual one.

    Raises:
        TaskGone: The store does not have the task.
        FormatUnavailable: Of this format no file can be written here.
        StoreUnavailable, StoreOnHold: The store cannot be read.
    """
    form_of = FORMATS[form]
    if not form_of.is_available:
        raise FormatUnavailable(
            f"the format {form} needs the package {form_of.needs}, which is not installed: run "
            "`pip install 'otel-steps[video]'`, or export a gif"
        )
    task = store.task(task_id)
    if task is None:
        raise TaskGone(task_id)
    prices = prices or price_table.load(None)
    source = Source(task, store, pictures, prices, progress, keep, width)
    return map(_encoded, form_of.pieces(source))


def _encoded(piece: str | bytes) -> bytes:
    # A lone surrogate in a row of another writer must not cost the whole file.
    return piece.encode(errors="replace") if isinstance(piece, str) else piece
