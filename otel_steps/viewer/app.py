"""
The application: the routes, how they fail, and the guard before them.
"""

from pathlib import Path
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from otel_steps.serving.below_root import BelowRoot
from otel_steps.serving.guard import Guard
from otel_steps.serving.hosts import Hosts
from otel_steps.serving.keys import Keys
from otel_steps.serving.probes import Probes
from otel_steps.version import __version__
from otel_steps.viewer import (
    answers,
    comparing,
    events,
    export,
    figures,
    guide,
    judging,
    pages,
    pictures,
    report,
    selection,
    similar,
    tasks,
)
from otel_steps.viewer.assets import Assets
from otel_steps.viewer.library import Library
from otel_steps.viewer.schemas import Failure
from otel_steps.viewer.security import Entrance
from otel_steps.viewer.task_path import WholeSegments

# Every route may answer so.
_FAILURES: Final[dict[int | str, dict[str, Any]]] = {"default": {"model": Failure}}
# The default, 9, takes twice as long for a hundredth less.
_GZIP_LEVEL: Final = 6


def create_app(
    library: Library,
    *,
    keys: Keys,
    hosts: Hosts,
    cookie: str,
    otlp: ASGIApp | None = None,
    probes: Probes | None = None,
) -> ASGIApp:
    """
    Return the viewer as an ASGI application.

    Args:
        library: What it shows.
        keys: Who may look.
        hosts: The names it is asked for under, and the path that a proxy has it below.
        cookie: Name of the session's cookie.
        otlp: Has what is below `/v1/`, where spans come in, and looks after itself.
        probes: How it stands; by default it is ready while it answers.
    """
    root = hosts.root.path
    app = FastAPI(
        title="otel-steps",
        version=__version__,
        description="Recorded tasks of phone and GUI agents.",
        responses=_FAILURES,
        # For the document: `Entrance` has seen to it before.
        dependencies=[Depends(HTTPBearer(auto_error=False))],
        servers=[{"url": root}] if root else None,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.library = library
    app.state.assets = Assets(Path(__file__).parent / "static", base=f"{root}/")
    answers.add_handlers(app)
    app.router.routes.extend((probes or Probes()).routes())
    # The most special first: an id may have a slash in it.
    for part in (
        guide,
        events,
        export,
        comparing,
        figures,
        similar,
        selection,
        judging,
        tasks,
        pictures,
        report,
        pages,
    ):
        app.include_router(part.router)
    app.add_middleware(WholeSegments)
    # Pictures are small already, and a stream must not wait: both stay as they are.
    app.add_middleware(GZipMiddleware, compresslevel=_GZIP_LEVEL)
    # Around everything: what fails in the application gets its headers, too.
    guarded = Entrance(app, Guard(keys, hosts), keys=keys, cookie=cookie, root=hosts.root)
    return BelowRoot(guarded if otlp is None else _beside(guarded, otlp), root)


def _beside(viewer: ASGIApp, otlp: ASGIApp) -> ASGIApp:
    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        is_otlp = scope["type"] == "http" and scope["path"].startswith("/v1/")
        await (otlp if is_otlp else viewer)(scope, receive, send)

    return dispatch
