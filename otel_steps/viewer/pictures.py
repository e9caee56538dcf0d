"""
Pictures by the hash of what was captured: never by a path, and nothing but pictures.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from otel_steps.pictures.captured import PictureError, describe
from otel_steps.serving.refusal import NotFound
from otel_steps.viewer.library import LibraryDependency

router = APIRouter(tags=["pictures"])

# The name is that of the content: it never changes.
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


@router.get(
    "/img/{sha256}",
    response_class=Response,
    responses={
        200: {
            "content": {"image/webp": {}, "image/png": {}, "image/jpeg": {}, "image/gif": {}},
        }
    },
)
def picture(
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    library: LibraryDependency,
    w: Annotated[int | None, Query(ge=1, description="Pixels wanted; it may be wider.")] = None,
) -> Response:
    """Return a picture, at least *w* pixels wide where it is as wide."""
    content = library.pictures.read(sha256, w)
    if content is None:
        raise NotFound(f"no picture {sha256} in this store")
    try:
        mime_type = describe(content).mime_type
    except PictureError as error:
        raise NotFound(f"what is stored as {sha256} is not a picture: {error}") from error
    return Response(content, media_type=mime_type, headers=_FOR_EVER)
