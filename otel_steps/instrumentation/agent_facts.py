"""What a PhoneAgent says of itself: model, device, limits. Read only, and never a secret."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, Final

from otel_steps.config import redacted_url
from otel_steps.emit import current_task
from otel_steps.emit.span_values import text_of

# "EMPTY" and the like stand for no key; hiding such a word would garble ordinary messages.
_SHORTEST_SECRET: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """
    What is known of an agent when a task begins.

    Attributes:
        name: Of its class.
        version: See `version_of`.
        task_id: What the agent itself calls its task; see `task_id_of`.
        config: For the record; without secrets.
        max_steps: Its limit, where it has one.
        secrets: Its key and the like: to hide in what is told, nothing else.
    """

    name: str
    version: str | None
    task_id: str | None
    model: str | None
    device_id: str | None
    os_name: str | None
    config: Mapping[str, Any]
    max_steps: int | None
    secrets: Sequence[str]

    def mask(self, text: str) -> str:
        """Return *text* without the agent's secrets."""
        return without_secrets(text, self.secrets)


def facts_of(agent: Any) -> AgentFacts:
    """Return what *agent* says of itself; what it does not say is None."""
    kind = type(agent)
    agent_config = getattr(agent, "agent_config", None)
    model_config = getattr(agent, "model_config", None)
    max_steps = getattr(agent_config, "max_steps", None)
    device = getattr(agent, "device", None) or getattr(agent, "_device", None)
    base_url = _text(model_config, "base_url")
    key = _text(model_config, "api_key")
    return AgentFacts(
        name=kind.__name__,
        version=version_of(kind),
        task_id=task_id_of(agent),
        model=_text(model_config, "model_name"),
        device_id=_text(agent_config, "device_id") or _text(device, "device_id"),
        os_name=_os_name(agent_config),
        config={
            "agent": f"{kind.__module__}.{kind.__qualname__}",
            "max_steps": max_steps,
            "lang": _text(agent_config, "lang"),
            "base_url": redacted_url(base_url) if base_url else None,
        },
        max_steps=max_steps if isinstance(max_steps, int) else None,
        secrets=secrets_in([key]),
    )


def version_of(kind: type) -> str | None:
    """Return the version of the package that an agent's class, or else a parent of it, is from."""
    packages = dict.fromkeys(each.__module__.partition(".")[0] for each in kind.__mro__[:-1])
    return next((version for each in packages if (version := _version(each))), None)


@lru_cache(maxsize=16)
def _version(package: str) -> str | None:
    # Looked at, never asked: a module may load others when it is.
    said = getattr(sys.modules.get(package), "__dict__", {}).get("__version__")
    if isinstance(said, str):
        return said
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def secrets_in(values: Iterable[Any]) -> list[str]:
    """Return those of *values* that are secrets and no stand-in for one."""
    return [each for each in values if isinstance(each, str) and len(each) >= _SHORTEST_SECRET]


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return *text* with each of *secrets* hidden."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def task_id_of(agent: Any) -> str | None:
    """Return what *agent*, or the tracker that it holds, calls its task by now."""
    for value in list(getattr(agent, "__dict__", {}).values()):
        if isinstance(value, current_task.Namer):
            return text_of(value.task_id) or None
    return _text(agent, "_task_id")


def _text(owner: Any, name: str) -> str | None:
    value = getattr(owner, name, None)
    return value if isinstance(value, str) and value else None


def _os_name(agent_config: Any) -> str:
    if hasattr(agent_config, "wda_url"):
        return "iOS"
    # Looked at, never asked: asking would create the factory before the program chooses one.
    factory = getattr(sys.modules.get("phone_agent.device_factory"), "_device_factory", None)
    kind = getattr(getattr(factory, "device_type", None), "value", None)
    return "HarmonyOS" if kind == "hdc" else "Android"
