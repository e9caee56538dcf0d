"""
The addresses of the pages, and of the files that they are made of.
"""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from otel_steps.serving.access import Access
from otel_steps.serving.refusal import NotFound
from otel_steps.viewer.assets import Asset, Assets
from otel_steps.viewer.library import AccessDependency
from otel_steps.viewer.preload import language_of
from otel_steps.viewer.task_path import TASK

router = APIRouter(include_in_schema=False)

_FOR_EVER: Final = "private, max-age=31536000, immutable"


async def _assets(request: Request) -> Assets:
    assets: Assets = request.app.state.assets
    return assets


AssetsDependency = Annotated[Assets, Depends(_assets)]


@router.get("/")
def list_page(assets: AssetsDependency, access: AccessDependency, request: Request) -> Response:
    """Return the page of all tasks; the script of the one page reads the address."""
    return _page(assets, "list", access, request)


@router.get("/compare")
def compare_page(assets: AssetsDependency, access: AccessDependency, request: Request) -> Response:
    """Return the page of two tasks."""
    return _page(assets, "compare", access, request)


@router.get("/stats")
def stats_page(assets: AssetsDependency, access: AccessDependency, request: Request) -> Response:
    """Return the page of figures over many tasks."""
    return _page(assets, "stats", access, request)


@router.get(f"/t/{TASK}")
def task_page(assets: AssetsDependency, access: AccessDependency, request: Request) -> Response:
    """Return the page of a task."""
    return _page(assets, "task", access, request)


def _page(assets: Assets, view: str, access: Access, request: Request) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    asset = assets.page(view, language, access.role)
    return Response(asset.content, media_type=asset.media_type)


@router.get("/static/{name:path}")
def static(name: str, assets: AssetsDependency, request: Request) -> Response:
    """Return a file of the pages."""
    asset = assets.find(name)
    if asset is None:
        raise NotFound(f"no file {name[:200]!r}")
    headers = _headers(asset)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def _headers(asset: Asset) -> dict[str, str]:
    caching = _FOR_EVER if asset.is_fixed else "no-cache"
    return {"ETag": f'"{asset.tag}"', "Cache-Control": caching}
