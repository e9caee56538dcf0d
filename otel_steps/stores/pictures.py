"""Opens the place where the pictures of a recording live."""

from otel_steps.config import Settings
from otel_steps.screenshots import ScreenshotFolder, ScreenshotStore
from otel_steps.stores.picture_folder import folder_of


def open_screenshots(settings: Settings) -> ScreenshotStore:
    """
    Open the place that *settings* name for the pictures of a recording.

    Raises:
        ConfigError: They name none.
    """
    return ScreenshotFolder(folder_of(settings), settings.screenshot_format)
