"""
The route that gives a task as a file.
"""

from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from otel_steps.exporting import FORMATS, FormatUnavailable, TaskGone, export, file_title
from otel_steps.rows.public import public_task
from otel_steps.serving.refusal import NotFound
from otel_steps.viewer.library import LibraryDependency
from otel_steps.viewer.task_path import TASK

router = APIRouter(tags=["tasks"])

# Suffix of the address -> the format.
_FORMS: Final = {form.suffix: name for name, form in FORMATS.items()}
_CONTENT: Final[dict[str, Any]] = {form.media_type: {} for form in FORMATS.values()}


@router.get(
    f"/api/tasks/{TASK}/export.{{form}}",
    response_class=Response,
    responses={200: {"content": _CONTENT}},
)
def export_task(
    task_id: str, form: str, library: LibraryDependency, public: bool = False
) -> Response:
    """
    Return a task as a file to keep.

    `html`, `json`, `otlp.json`, `atif.json`, training data: `jsonl`, `parquet`, a script for adb:
    `sh`, `py`, or a film: `gif`, `mp4`, `webm`. Health tells as `has_video` whether there are the
    last two. With `public` it holds only what may be published: no text, picture or address.
    """
    name = _FORMS.get(f".{form}")
    if name is None:
        known = ", ".join(suffix.removeprefix(".") for suffix in _FORMS)
        raise NotFound(f"no export {form[:80]!r}; there are {known}")
    task = library.task(task_id)
    title = file_title(public_task(task) if public else task)
    try:
        pieces = export(
            library.store,
            library.pictures,
            task_id,
            name,
            prices=library.prices,
            in_public=public,
        )
    except FormatUnavailable as error:
        raise NotFound(str(error)) from error
    except TaskGone as error:
        raise NotFound(f"no task {task_id[:200]!r} in this store") from error
    # As RFC 6266 has it: a header is ASCII, and a name need not be.
    disposition = f"attachment; filename*=UTF-8''{quote(title)}.{form}"
    headers = {"Content-Disposition": disposition}
    return StreamingResponse(pieces, media_type=FORMATS[name].media_type, headers=headers)
