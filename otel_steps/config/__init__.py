"""Settings: what can be set, where each value comes from, and what it may be."""

from otel_steps.config.config_error import ConfigError
from otel_steps.config.retention import Retention
from otel_steps.config.root_path import RootPath
from otel_steps.config.secret import Secret, Url, redacted_url
from otel_steps.config.settings import (
    CONTENT_PARTS,
    PUBLIC,
    TEXT_PARTS,
    Arguments,
    Durability,
    ScreenshotFormat,
    ScreenshotMode,
    Settings,
    SettingsArguments,
)
from otel_steps.config.sources import VARIABLES, Doubt, doubts, given, resolve
from otel_steps.config.store_url import absolute_url

__all__ = [
    "CONTENT_PARTS",
    "PUBLIC",
    "TEXT_PARTS",
    "VARIABLES",
    "Arguments",
    "ConfigError",
    "Doubt",
    "Durability",
    "Retention",
    "RootPath",
    "ScreenshotFormat",
    "ScreenshotMode",
    "Secret",
    "Settings",
    "SettingsArguments",
    "Url",
    "absolute_url",
    "doubts",
    "given",
    "redacted_url",
    "resolve",
]
