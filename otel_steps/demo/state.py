"""What the simulated phone is in the middle of: all that a screen depends on."""

from dataclasses import dataclass, field
from typing import Final

from otel_steps.demo.words import shown

NAVIGATION_BAR: Final = 84


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of light or dark mode."""

    paper: str
    card: str
    ink: str
    faded: str
    line: str


LIGHT: Final = Palette("#f2f3f7", "#ffffff", "#17181c", "#7b8090", "#e3e5ec")
DARK: Final = Palette("#0e0f13", "#1d1f27", "#f1f2f6", "#8d93a5", "#30333f")
ACCENT: Final = "#2f6bff"
GREEN: Final = "#22b868"


@dataclass(slots=True)
class PhoneState:
    """
    All that a screen depends on.

    Attributes:
        lang: Language of the screens, `en` or `zh`.
        app: The app in front, None on the home screen.
        page: Where in the app: "" is its first page.
        scroll: How far the settings are scrolled, in pixels.
        messages: Of the open conversation: whether mine, and the text.
    """

    lang: str = "en"
    app: str | None = None
    page: str = ""
    minutes: int = 608
    scroll: int = 0
    switches: set[str] = field(default_factory=lambda: {"Wi-Fi", "Location"})
    keyboard: bool = False
    draft: str = ""
    messages: list[tuple[bool, str]] = field(default_factory=list)
    photos: int = 0

    @property
    def palette(self) -> Palette:
        """The colours in use."""
        return DARK if "Dark mode" in self.switches else LIGHT

    def word(self, text: str) -> str:
        """Return how *text* appears on this phone."""
        return shown(text, self.lang)
