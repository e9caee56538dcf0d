"""A server below a path, as a reverse proxy has it."""

from starlette.types import ASGIApp, Receive, Scope, Send


class BelowRoot:
    """
    Serves *app* under its own addresses and under those below *root*.

    So a proxy may take the path away or leave it. Nothing else of what a proxy says is believed:
    `X-Forwarded-*` may come from anybody.

    Args:
        root: A path without a slash at its end, of characters that are never percent-encoded.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            raw = scope["raw_path"].decode("ascii")
            if self._root and (raw == self._root or raw.startswith(f"{self._root}/")):
                path = scope["path"].removeprefix(self._root) or "/"
                raw = raw.removeprefix(self._root) or "/"
                scope = {**scope, "path": path, "raw_path": raw.encode("ascii")}
        await self._app(scope, receive, send)
