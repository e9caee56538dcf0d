"""
One task as a file: for a person (HTML), for a script (JSON), for another backend (OTLP/JSON), for
whoever reads the runs of any agent (ATIF), for a chat (GIF, MP4, WebM), as a program that does the
same again, or to train a model with (JSON Lines, Parquet), of which one file may hold many tasks.

Each module writes one format, piece by piece, so that a long task is never in memory with all its
pictures; the command line and the viewer's server both ask here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from typing import Any, Final, Literal

from otel_steps.exporting import (
    atif_file,
    film_file,
    html_file,
    otlp_file,
    report_file,
    script_file,
    training_file,
)
from otel_steps.exporting.atif_file import Keep
from otel_steps.exporting.examples import ALL, Wanted
from otel_steps.exporting.file_name import file_stem, file_title
from otel_steps.exporting.public_task import PublicTask, reader_of
from otel_steps.exporting.task_gone import TaskGone
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing import price_table
from otel_steps.pricing.price_table import PriceTable
from otel_steps.stores.contract import TaskReader

__all__ = [
    "FORMATS",
    "Form",
    "Format",
    "FormatUnavailable",
    "PublicTask",
    "TaskGone",
    "Wanted",
    "export",
    "export_many",
    "file_stem",
    "file_title",
    "reader_of",
]

Form = Literal[
    "html", "json", "otlp", "atif", "jsonl", "parquet", "adb", "python", "gif", "mp4", "webm"
]
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
        store: What the rest of the task is read from.
        pictures: Where the pictures of the store's rows live.
        keep: Where a format that can have its pictures in files has them.
        width: Of a film, in pixels; None for the usual one.
        wanted: Which examples training data has.
    """

    task: Mapping[str, Any]
    store: TaskReader
    pictures: ScreenshotStore
    prices: PriceTable
    progress: Progress
    keep: Keep
    width: int | None
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Format:
    """
    A format to export a task in.

    Attributes:
        suffix: Of a file in it.
        media_type: For HTTP.
        pieces: Of the file; text is UTF-8 in it.
        many: Of one file that holds several tasks; None where none can.
        needs: A module beside those that this package always brings.
        extra: Of this package, which brings it.
        instead: A format for those who do not have it.
    """

    suffix: str
    media_type: str
    pieces: Callable[[Source], Iterator[str] | Iterator[bytes]]
    many: Callable[[Iterable[Source]], Iterator[str] | Iterator[bytes]] | None = None
    needs: str | None = None
    extra: str | None = None
    instead: str | None = None

    @property
    def is_available(self) -> bool:
        """Whether what it needs is installed."""
        return self.needs is None or find_spec(self.needs) is not None


def _html(of: Source) -> Iterator[str]:
    return html_file.render(of.task, of.store, of.pictures, of.prices, of.progress)


def _atif(of: Source) -> Iterator[str]:
    return atif_file.render(of.task, of.store, of.pictures, of.prices, of.progress, of.keep)


def _lines(of: Source) -> Iterator[str]:
    return training_file.lines(of.task, of.store, of.pictures, of.wanted, of.keep)


def _parquet(sources: Iterable[Source]) -> Iterator[bytes]:
    found = (training_file.with_bytes(of.task, of.store, of.pictures, of.wanted) for of in sources)
    return training_file.parquet(chain.from_iterable(found))


def _script(language: script_file.Language) -> Callable[[Source], Iterator[str]]:
    return lambda of: script_file.render(of.task, of.store, language)


def _film(film: film_file.Film) -> Callable[[Source], Iterator[bytes]]:
    def pieces(of: Source) -> Iterator[bytes]:
        return film_file.render(of.task, of.store, of.pictures, film, of.progress, width=of.width)

    return pieces


def _video(suffix: str, media_type: str, film: film_file.Film) -> Format:
    return Format(suffix, media_type, _film(film), needs="av", extra="video", instead="gif")


FORMATS: Final[Mapping[Form, Format]] = {
    "html": Format(".html", "text/html; charset=utf-8", _html),
    "json": Format(
        ".json", "application/json", lambda of: report_file.render(of.task, of.store, of.prices)
    ),
    "otlp": Format(
        ".otlp.json", "application/json", lambda of: otlp_file.render(of.task, of.store)
    ),
    "atif": Format(".atif.json", "application/json", _atif),
    "jsonl": Format(
        ".jsonl",
        "application/jsonl",
        _lines,
        many=lambda sources: chain.from_iterable(map(_lines, sources)),
    ),
    "parquet": Format(
        ".parquet",
        "application/vnd.apache.parquet",
        lambda of: _parquet([of]),
        many=_parquet,
        needs="pyarrow",
        extra="training",
        instead="jsonl",
    ),
    "adb": Format(".sh", "text/x-shellscript; charset=utf-8", _script("adb")),
    "python": Format(".py", "text/x-python; charset=utf-8", _script("python")),
    "gif": Format(".gif", "image/gif", _film("gif")),
    "mp4": _video(".mp4", "video/mp4", "mp4"),
    "webm": _video(".webm", "video/webm", "webm"),
}


def export(
    store: TaskReader,
    pictures: ScreenshotStore,
    task_id: str,
    form: Form,
    *,
    prices: PriceTable | None = None,
    progress: Progress = lambda done, total: None,
    keep: Keep = atif_file.in_itself,
    width: int | None = None,
    wanted: Wanted = ALL,
    in_public: bool = False,
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
        wanted: Which examples training data has.
        in_public: Whether only that is written which may be published; see `rows.public`.

    Raises:
        TaskGone: The store does not have the task.
        FormatUnavailable: Of this format no file can be written here.
        StoreUnavailable, StoreOnHold: The store cannot be read.
    """
    written = _available(form)
    reader = reader_of(store, task_id, in_public=in_public)
    task = reader.task(task_id)
    if task is None:
        raise TaskGone(task_id)
    prices = prices or price_table.load(None)
    source = Source(task, reader, pictures, prices, progress, keep, width, wanted)
    return map(_encoded, written.pieces(source))


def export_many(
    store: TaskReader,
    pictures: ScreenshotStore,
    task_ids: Sequence[str],
    form: Form,
    *,
    progress: Progress = lambda done, total: None,
    keep: Keep = atif_file.in_itself,
    wanted: Wanted = ALL,
    in_public: bool = False,
) -> Iterator[bytes]:
    """
    Return the pieces of one file with all tasks; one that is removed meanwhile is not in it.

    Args:
        form: One that has `many`.
        progress: Called with how many tasks are written, and of how many.
        in_public: Whether only that is written which may be published; see `rows.public`.

    Raises:
        FormatUnavailable: Of this format no file can be written here.
        StoreUnavailable, StoreOnHold: The store cannot be read.
    """
    written = _available(form)
    if written.many is None:
        raise ValueError(f"a file of the format {form} holds one task")
    prices = price_table.load(None)

    def sources() -> Iterator[Source]:
        for done, task_id in enumerate(task_ids):
            progress(done, len(task_ids))
            reader = reader_of(store, task_id, in_public=in_public)
            task = reader.task(task_id)
            if task is not None:
                yield Source(task, reader, pictures, prices, progress, keep, None, wanted)

    return map(_encoded, written.many(sources()))


def _available(form: Form) -> Format:
    found = FORMATS[form]
    if not found.is_available:
        raise FormatUnavailable(
            f"the format {form} needs the package {found.needs}, which is not installed: run "
            f"`pip install 'otel-steps[{found.extra}]'`, or export {found.instead}"
        )
    return found


def _encoded(piece: str | bytes) -> bytes:
    # A lone surrogate in a row of another writer must not cost the whole file.
    return piece.encode(errors="replace") if isinstance(piece, str) else piece
