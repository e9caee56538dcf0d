"""`otel-steps picture`: the screen before or after a step, as a file."""

import io
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from otel_steps.asking import Side
from otel_steps.cli.asking import asking
from otel_steps.cli.export_files import STDOUT
from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, StoreOption, TaskArgument
from otel_steps.cli.step import NumberArgument
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, out
from otel_steps.exporting import file_stem
from otel_steps.pictures.captured import describe
from otel_steps.pictures.decoding import decode

# Suffix of a file -> what Pillow calls its format.
_FORMATS: Final = {".webp": "WEBP", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def picture(
    task: TaskArgument,
    number: NumberArgument,
    after: Annotated[
        bool, typer.Option("--after", help="The screen that the step has led to.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file (.webp, .png or .jpg); `-` is stdout."),
    ] = None,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Print the path of the screen before a step, or write it to a file.

    A picture that is not on this machine is written to a file here.
    """
    if output not in (None, STDOUT) and output.suffix.lower() not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise CommandError(f"-o {output}: use a name that ends in {known}", status=USAGE_ERROR)
    side: Side = "after" if after else "before"
    with asking(store, folder) as (opened, recording):
        task_id = find_task(opened, task)
        found = recording.picture(task_id, number, side)
        if output is None and found["path"] is not None:
            out.print(found["path"], soft_wrap=True)
            return
        content = recording.content(found)
    if output == STDOUT:
        sys.stdout.buffer.write(content)
        return
    path = output or Path(f"{file_stem(task_id)}-step-{number}-{side}.webp")
    path.write_bytes(_converted(content, _FORMATS[path.suffix.lower()]))
    out.print(str(path), soft_wrap=True)


def _converted(content: bytes, form: str) -> bytes:
    """Return a picture in the format *form*; as it is, if it is in it already."""
    if describe(content).mime_type == f"image/{form.lower()}":
        return content
    buffer = io.BytesIO()
    image = decode(content).image
    (image.convert("RGB") if form == "JPEG" else image).save(buffer, format=form)
    return buffer.getvalue()
