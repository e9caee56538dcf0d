"""`otel-steps report` as a file: a page, Markdown for a bug report, and text for a model."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from otel_steps.asking import Recording
from otel_steps.cli.asking import asking, place_of
from otel_steps.cli.export_files import STDOUT, picture_progress, write
from otel_steps.cli.find_task import find_task
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import err
from otel_steps.cli.wording import size_text
from otel_steps.exporting import reader_of
from otel_steps.pictures.captured import EXTENSIONS, describe
from otel_steps.pricing import price_table
from otel_steps.reporting.markdown import markdown
from otel_steps.reporting.page import report_file
from otel_steps.reporting.prompt import prompt
from otel_steps.reporting.recorded_task import RecordedTask
from otel_steps.reporting.words import Language, Words
from otel_steps.stores import Store
from otel_steps.stores.pictures import open_screenshots

# As wide as the viewer shows a screen beside the next one.
_WIDTH: Final = 540


def write_page(
    tasks: Sequence[str],
    output: Path,
    language: Language,
    store: str | None,
    folder: Path | None,
    *,
    in_public: bool,
) -> None:
    """Write the report of *tasks* as one page to *output*."""
    with reading(store, folder) as opened, picture_progress() as progress:
        pieces = report_file(
            _found(opened.store, tasks, in_public=in_public),
            open_screenshots(*opened),
            Words(language),
            price_table.load(opened.settings.prices),
            progress,
        )
        # A lone surrogate in a row of another writer must not cost the whole file.
        write((piece.encode(errors="replace") for piece in pieces), output)
    if output != STDOUT:
        _say_written(output, f" ({size_text(output.stat().st_size)})")


def write_prompt(
    tasks: Sequence[str], output: Path, store: str | None, folder: Path | None, *, in_public: bool
) -> None:
    """Write *tasks* as text for a model to *output*."""
    with asking(store, folder) as (opened, _):
        _write_lines(prompt(_found(opened, tasks, in_public=in_public)), output)
    if output != STDOUT:
        _say_written(output)


def write_markdown(
    tasks: Sequence[str], output: Path, store: str | None, folder: Path | None, *, in_public: bool
) -> None:
    """Write the report of *tasks* to *output*; pictures go to a folder that is named after it."""
    with asking(store, folder) as (opened, recording):
        found = _found(opened, tasks, in_public=in_public)
        beside = None if output == STDOUT else _Beside(recording, output)
        _write_lines(markdown(found, place_of if beside is None else beside.link), output)
    if beside is not None:
        _say_written(output, f", pictures in {beside.folder}" if beside.has_pictures else "")


def _found(store: Store, tasks: Sequence[str], *, in_public: bool) -> list[RecordedTask]:
    ids = [find_task(store, task) for task in tasks]
    return [RecordedTask(reader_of(store, each, in_public=in_public), each) for each in ids]


def _write_lines(lines: Iterable[str], output: Path) -> None:
    if output == STDOUT:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return
    with output.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def _say_written(output: Path, more: str = "") -> None:
    err.print(f"written to {output}{more}", soft_wrap=True)


class _Beside:
    """Puts pictures into a folder beside a file, small, and links them from there."""

    def __init__(self, recording: Recording, file: Path) -> None:
        self.folder = file.with_name(f"{file.stem}.pictures")
        self.has_pictures = False
        self._recording = recording

    def link(self, picture: Mapping[str, Any]) -> str:
        content = self._recording.content(picture, _WIDTH)
        name = f"step-{picture['step_number']}-{picture['sha256'][:8]}"
        path = self.folder / f"{name}.{EXTENSIONS[describe(content).mime_type]}"
        self.folder.mkdir(exist_ok=True)
        path.write_bytes(content)
        self.has_pictures = True
        return f"{self.folder.name}/{path.name}"
