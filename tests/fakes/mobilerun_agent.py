"""mobilerun's agent with a phone that is two pictures, traced by its own instrumentation."""

import asyncio
import io
import tempfile

from llama_index.llms.openai_like import OpenAILike
from mobilerun import MobileAgent
from mobilerun.config_manager.config_manager import (
    AgentConfig,
    FastAgentConfig,
    LoggingConfig,
    MobileConfig,
    TelemetryConfig,
    TracingConfig,
)
from mobilerun.tools.ui.provider import StateProvider
from mobilerun.tools.ui.state import UIState
from mobilerun_core_local.driver.base import DeviceDriver
from PIL import Image

WIDTH, HEIGHT = 108, 240
BUTTON = {
    "index": 1,
    "text": "Settings",
    "bounds": "10,20,30,40",
    "className": "Button",
    "resourceId": "settings",
    "children": [],
    "type": "clickable",
}


class _Phone(DeviceDriver):
    """Its screen turns from black to white when it is tapped."""

    platform = "Android"
    supported = frozenset({"tap", "screenshot"})
    is_tapped = False

    async def connect(self) -> None:
        """Do nothing: it is here."""

    async def ensure_connected(self) -> None:
        """Do nothing: it is here."""

    async def tap(self, x: int, y: int) -> None:
        """Change the screen."""
        self.is_tapped = True

    async def screenshot(self, *args: object, **kwargs: object) -> bytes:
        """Return the screen."""
        picture = io.BytesIO()
        Image.new("L", (WIDTH, HEIGHT), 255 * self.is_tapped).save(picture, "PNG")
        return picture.getvalue()


class _State(StateProvider):
    supported = frozenset({"element_index", "convert_point"})

    async def get_state(self) -> UIState:
        """Return one button."""
        return UIState(
            elements=[BUTTON],
            formatted_text="1. Button: Settings",
            focused_text="",
            phone_state={"packageName": "com.launcher", "currentApp": "Launcher"},
            screen_width=WIDTH,
            screen_height=HEIGHT,
            use_normalized=False,
        )


def run(base_url: str, provider: str, max_steps: int) -> None:
    """
    Let it tap once.

    Traced for Langfuse, which is not there, it tells of its screens in spans of their own; traced
    for Phoenix, at the address of the environment, it shows them to its model.
    """
    config = MobileConfig(
        tracing=TracingConfig(
            enabled=True,
            provider=provider,
            langfuse_screenshots=True,
            langfuse_secret_key="sk-lf-none",
            langfuse_public_key="pk-lf-none",
            langfuse_host="http://127.0.0.1:9",
        ),
        telemetry=TelemetryConfig(enabled=False),
        logging=LoggingConfig(save_trajectory="step", trajectory_path=tempfile.mkdtemp()),
        agent=AgentConfig(
            max_steps=max_steps,
            streaming=False,
            after_sleep_action=0.0,
            wait_for_stable_ui=0.0,
            fast_agent=FastAgentConfig(vision=provider == "phoenix"),
        ),
    )
    model = OpenAILike(model="robot", api_base=base_url, api_key="none", is_chat_model=True)
    phone = _Phone()
    agent = MobileAgent(
        "打开设置", config=config, llms=model, driver=phone, state_provider=_State(phone)
    )

    async def result() -> object:
        return await agent.run()

    asyncio.run(result())
