"""
The route that gives a task as a file.
"""

import re
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from otel_steps.exporting import FORMATS, TaskGone, export
from otel_steps.serving.refusal import NotFound
from otel_steps.viewer.library import LibraryDependency

router = APIRouter(tags=["tasks"])

# Suffix of the address -> the format.
_FORMS: Final = {form.suffix: name for name, form in FORMATS.items()}
_CONTENT: Final[dict[str, Any]] = {form.media_type: {} for form in FORMATS.values()}


@router.get(
    "/api/tasks/{task_id:path}/export.{form}",
    response_class=Response,
    responses={200: {"content": _CONTENT}},
)
def export_task(task_id: str, form: str, library: LibraryDependency) -> Response:
    """Return a task as a file to keep: `html`, `json`, or `otlp.json`."""
    name = _FORMS.get(f".{form}")
    if name is None:
        known = ", ".join(suffix.removeprefix(".") for suffix in _FORMS)
        raise NotFound(f"no export {form[:80]!r}; there are {known}")
    try:
        pieces = export(library.store, library.pictures, task_id, name)
    except TaskGone as error:
        raise NotFound(f"no task {task_id[:200]!r} in this store") from error
    # What is left of an id is safe in a header and on every file system.
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", task_id)[:80].strip("-") or "task"
    disposition = f'attachment; filename="{stem}.{form}"'
    headers = {"Content-Disposition": disposition}
    return StreamingResponse(pieces, media_type=FORMATS[name].media_type, headers=headers)
