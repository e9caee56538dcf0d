"""The real agents, as their authors have published them: never changed, never simulated."""

from pathlib import Path

from tests.wheels import path_with, wheel_folder

# The current shape of `phone_agent`, and the one from before it knew device kinds.
CURRENT, EARLY = "1.5.0", "0.3.2"
VERSIONS = (CURRENT, EARLY)

# AutoGLM-GUI since it has asynchronous agents of its own and no `phone_agent`: now, and at first.
ASYNC, EARLY_ASYNC = "1.5.21", "1.5.2"
ASYNC_VERSIONS = (ASYNC, EARLY_ASYNC)

# The synchronous agents of AutoGLM-GUI's own: the last version of each kind of them.
SYNC_GLM, SYNC_MAI, SYNC_ADAPTER = "1.5.8", "1.5.14", "1.4.1"
SYNC_VERSIONS = (SYNC_GLM, SYNC_MAI, SYNC_ADAPTER)

# browser-use has an environment's worth of dependencies; these are what a run imports besides what
# the tests have anyway.
BROWSER_USE = "0.13.14"
_BROWSER_NEEDS = (
    *("aiohappyeyeballs==2.7.1", "aiohttp==3.14.5", "aiosignal==1.4.0", "anthropic==2.14.0"),
    *("bubus==1.5.6", "cdp-use==1.4.5", "click==8.3.3", "docstring-parser==0.18.0"),
    *("frozenlist==1.8.0", "multidict==7.2.1", "propcache==0.5.4", "psutil==7.2.2"),
    *("pydantic-settings==2.16.3", "pyotp==2.12.1", "python-dotenv==1.2.4", "screeninfo==0.8.1"),
    *("sniffio==1.3.1", "uuid7==0.1.0", "websockets==17.4", "yarl==1.25.1"),
)

# What these import besides what the tests have anyway, of the hundred packages that they ask for.
_LOG = "loguru==0.7.3"
_NEEDS = {
    **dict.fromkeys(
        (*ASYNC_VERSIONS, SYNC_GLM, SYNC_MAI), (_LOG, "zeroconf==0.148.0", "ifaddr==0.2.0")
    ),
    SYNC_ADAPTER: (_LOG, "jinja2==3.1.6"),
}


def agent_folder(version: str) -> Path:
    """Return a folder with the packages of *version*."""
    requirements = (f"autoglm-gui=={version}", *_NEEDS.get(version, ()))
    return wheel_folder(f"autoglm-gui-{version}", *requirements)


def python_path(version: str, *folders: Path) -> str:
    """Return a PYTHONPATH with the agent of *version*, and *folders*, in front."""
    return path_with(agent_folder(version), *folders)


# smolagents: now, and the first whose steps have the shape that is recorded. With each what it
# imports besides what the tests have anyway.
SMOLAGENTS, EARLY_SMOLAGENTS = "1.26.0", "1.20.0"
SMOLAGENTS_VERSIONS = (SMOLAGENTS, EARLY_SMOLAGENTS)
_HUB = {SMOLAGENTS: "huggingface-hub==2.4.0", EARLY_SMOLAGENTS: "huggingface-hub==0.34.4"}


def smolagents_path(version: str) -> str:
    """Return a PYTHONPATH with smolagents of *version* in front."""
    needs = (_HUB[version], "jinja2==3.1.6", "python-dotenv==1.2.4", "tqdm==4.70.1")
    name = f"smolagents-{version}"
    return path_with(wheel_folder(name, f"smolagents=={version}", *needs))


def browser_use_path() -> str:
    """Return a PYTHONPATH with browser-use, and this project's root, in front."""
    requirements = (f"browser-use=={BROWSER_USE}", *_BROWSER_NEEDS)
    folder = wheel_folder(f"browser-use-{BROWSER_USE}", *requirements)
    return path_with(folder, Path(__file__).parent.parent)
