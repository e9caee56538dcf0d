"""What can be set, and what each setting is once it has been checked."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypedDict

from otel_steps.config.retention import Retention
from otel_steps.config.root_path import RootPath
from otel_steps.config.secret import Secret, Url

Durability = Literal["process", "power", "memory"]
ScreenshotMode = Literal["on", "off", "on_error"]
ScreenshotFormat = Literal["webp", "png", "jpeg"]
WebhookOn = Literal["failed", "ended"]
WebhookFormat = Literal["json", "slack", "feishu"]

# A text that may hold several of them is recorded where all of them are.
TEXT_PARTS: Final = frozenset({"thinking", "action", "result"})
CONTENT_PARTS: Final = TEXT_PARTS | {"screenshot"}

# The schema of a database that our tables are in by default.
PUBLIC: Final = "public"

# These may hold a user and a password, or a parameter that opens something.
_URLS: Final = ("store", "screenshot_url", "archive", "trace_url", "viewer_url", "supabase_url")


class SettingsArguments(TypedDict, total=False):
    """
    The settings as a caller gives them: what `configure()` takes besides its own arguments.

    A type checker so finds an argument that is misspelt. None counts as not given.
    """

    dir: str | os.PathLike[str] | None
    backup_dir: str | os.PathLike[str] | None
    durability: Durability | None
    buffer_size: int | None
    flush_interval_s: float | None
    max_disk_bytes: int | str | None
    screenshots: ScreenshotMode | bool | None
    screenshot_format: ScreenshotFormat | None
    screenshot_url: str | None
    archive: str | None
    capture_content: Collection[str] | bool | None
    openinference: bool | None
    record_unsampled: bool | None
    elements: bool | None
    token: str | None
    trace_url: str | None
    viewer_url: str | None
    webhook: str | None
    webhook_on: WebhookOn | None
    webhook_format: WebhookFormat | None
    webhook_secret: str | None
    root_path: str | None
    prices: str | os.PathLike[str] | None
    schema: str | None
    retention: str | None
    supabase_url: str | None
    supabase_key: str | None


class Arguments(SettingsArguments, total=False):
    """All settings as a caller gives them."""

    store: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    All settings, checked; printed, they show no key, token or password.

    `configure()` says what each of them means.
    """

    store: Url
    dir: Path
    backup_dir: Path
    durability: Durability = "process"
    buffer_size: int = 50
    flush_interval_s: float = 5.0
    max_disk_bytes: int = 2 * 2**30
    screenshots: ScreenshotMode = "on"
    screenshot_format: ScreenshotFormat = "webp"
    screenshot_url: Url | None = None
    archive: Url | None = None
    capture_content: frozenset[str] = CONTENT_PARTS
    openinference: bool = False
    record_unsampled: bool = False
    elements: bool = False
    token: Secret | None = None
    trace_url: Url | None = None
    viewer_url: Url | None = None
    webhook: Secret | None = None
    webhook_on: WebhookOn = "failed"
    webhook_format: WebhookFormat = "json"
    webhook_secret: Secret | None = None
    root_path: RootPath = RootPath()  # noqa: RUF009 - it cannot be changed
    prices: Path | None = None
    schema: str = PUBLIC
    retention: Retention | None = None
    supabase_url: Url | None = None
    supabase_key: Secret | None = None

    def __post_init__(self) -> None:
        # Here, where every way to settings leads through: `dataclasses.replace` is one, too.
        for name in _URLS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, Url(value))

    @property
    def problems_dir(self) -> Path:
        """Where problems are noted for `otel-steps doctor`."""
        return self.dir / "problems"
