"""
One task as a file: for a person (HTML), for a script (JSON), for another backend (OTLP/JSON), for
whoever reads the runs of any agent (ATIF), or as a program that does the same again.

Each module writes one format, piece by piece, so that a long task is never in memory with all its
pictures; the command line and the viewer's server both ask here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from otel_steps.exporting import atif_file, html_file, otlp_file, report_file, script_file
from otel_steps.exporting.atif_file import Keep
from otel_steps.exporting.file_name import file_stem
from otel_steps.exporting.task_gone import TaskGone
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.pricing import price_table
from otel_steps.pricing.price_table import PriceTable
from otel_steps.stores import Store

__all__ = ["FORMATS", "Form", "Format", "TaskGone", "export", "file_stem"]

Form = Literal["html", "json", "otlp", "atif", "adb", "python"]
# Called with how many pictures are done, and of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Format:
    """
    A format to export a task in.

    Attributes:
        suffix: Of a file in it.
        media_type: For HTTP.
    """

    suffix: str
    media_type: str


FORMATS: Final[Mapping[Form, Format]] = {
    "html": Format(".html", "text/html; charset=utf-8"),
    "json": Format(".json", "application/json"),
    "otlp": Format(".otlp.json", "application/json"),
    "atif": Format(".atif.json", "application/json"),
    "adb": Format(".sh", "text/x-shellscript; charset=utf-8"),
    "python": Format(".py", "text/x-python; charset=utf-8"),
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
) -> Iterator[str]:
    """
    Return the pieces of the task's file.

    Whether there is such a task is known when the call returns; all else is read as it is asked
    for, and may raise what the store raises.

    Args:
        pictures: Where the pictures of the store's rows live.
        prices: To tell costs by; those that come with this package if there are none.
        keep: Where a format that can have its pictures in files has them; by default in itself.

    Raises:
        TaskGone: The store does not have the task.
        StoreUnavailable, StoreOnHold: The store cannot be read.
    """
    task = store.task(task_id)
    if task is None:
        raise TaskGone(task_id)
    prices = prices or price_table.load(None)
    match form:
        case "html":
            pieces = html_file.render(task, store, pictures, prices, progress)
        case "json":
            pieces = report_file.render(task, store, prices)
        case "otlp":
            pieces = otlp_file.render(task, store)
        case "atif":
            pieces = atif_file.render(task, store, pictures, prices, progress, keep)
        case "adb" | "python":
            pieces = script_file.render(task, store, form)
    # A lone surrogate in a row of another writer must not cost the whole file.
    return (piece.encode(errors="replace").decode() for piece in pieces)
