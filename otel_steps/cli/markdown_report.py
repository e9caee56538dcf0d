"""`otel-steps report --format md`: a task for a bug report, with its pictures beside it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from otel_steps.asking import Recording
from otel_steps.asking.markdown import markdown
from otel_steps.cli.asking import asking, place_of
from otel_steps.cli.export_files import STDOUT
from otel_steps.cli.find_task import find_task
from otel_steps.cli.terminal import err
from otel_steps.pictures.captured import EXTENSIONS, describe

# As wide as the viewer shows a screen beside the next one.
_WIDTH: Final = 540


def write_markdown(task: str, output: Path, store: str | None, folder: Path | None) -> None:
    """Write the report of *task* to *output*; pictures go to a folder that is named after it."""
    with asking(store, folder) as (opened, recording):
        found = recording.task(find_task(opened, task))
        if output == STDOUT:
            sys.stdout.writelines(f"{line}\n" for line in markdown(found, place_of))
            return
        beside = _Beside(recording, output)
        with output.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in markdown(found, beside.link))
    pictures = f", pictures in {beside.folder}" if beside.has_pictures else ""
    err.print(f"written to {output}{pictures}", soft_wrap=True)


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
