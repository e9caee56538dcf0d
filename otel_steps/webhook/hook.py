"""Where to send, what, and in which shape: the settings of the webhook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from otel_steps.config import Secret, Settings
from otel_steps.config.settings import WebhookFormat, WebhookOn
from otel_steps.semconv import TASK_STATUSES

# A person who stops a task knows of it.
_STATUSES: Final[Mapping[WebhookOn, frozenset[str]]] = {
    "failed": frozenset({"failed", "max_steps", "interrupted"}),
    "ended": frozenset(TASK_STATUSES) - {"running"},
}


@dataclass(frozen=True, slots=True)
class Hook:
    """
    A webhook.

    Attributes:
        url: Whoever knows it may write there, so it is a secret as a whole.
        form: The shape of what is sent.
        statuses: Of tasks that are told.
        secret: What messages are signed with.
        viewer: The address of the viewer, without a slash at its end.
    """

    url: Secret
    form: WebhookFormat
    statuses: frozenset[str]
    secret: Secret | None = None
    viewer: str | None = None

    @property
    def host(self) -> str:
        """The part of the address that may be shown."""
        return urlsplit(self.url.reveal()).hostname or ""

    def link(self, task_id: str) -> str | None:
        """Return the address of a task's page."""
        return None if self.viewer is None else f"{self.viewer}/t/{quote(task_id, safe='')}"


def hook_of(settings: Settings, viewer: str | None = None) -> Hook | None:
    """
    Return the webhook of *settings*, or None.

    Args:
        viewer: The address that the viewer of this process is called by, if it has one; what
            OTEL_STEPS_VIEWER_URL says goes before it.
    """
    if settings.webhook is None:
        return None
    root = settings.root_path
    proxied = f"{root.origin}{root.path}" if root.origin else None
    own = settings.viewer_url.reveal().rstrip("/") if settings.viewer_url else None
    return Hook(
        settings.webhook,
        settings.webhook_format,
        _STATUSES[settings.webhook_on],
        settings.webhook_secret,
        own or proxied or viewer,
    )
