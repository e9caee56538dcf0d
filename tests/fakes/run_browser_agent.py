"""
Runs scenarios with the real browser-use in one real browser, and prints what the agents returned.

    run_browser_agent.py [--configure] MODEL_URL PAGE_URL CHROMIUM SCENARIO ...

A scenario's name is also the name of its model and the id of its task.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import otel_steps

if "--configure" in sys.argv:
    sys.argv.remove("--configure")
    otel_steps.configure()

# The recording begins before the agent is imported.
from browser_use import Agent, Browser
from browser_use.llm import ChatOpenAI

from otel_steps.instrumentation import awaited_run
from tests.fakes.shop import BOWL
from tests.patience import PATIENCE_S

awaited_run.MAX_LOOK_S = PATIENCE_S  # a busy machine is no browser that hangs

KEY = "sk-not-to-be-seen"


class Bench:
    """What a scenario works with."""

    def __init__(self, name: str, model_url: str, page_url: str, browser: Browser) -> None:
        self.name, self.page_url = name, page_url
        self._model_url, self._browser = model_url, browser

    def agent(self, **settings: Any) -> Agent:
        """Return an agent that is on the page already."""
        defaults: dict[str, Any] = {
            "task": f"Do {self.name}",
            "task_id": self.name,
            "initial_actions": [{"navigate": {"url": self.page_url, "new_tab": False}}],
            "use_judge": False,
            "max_failures": 1,
            "final_response_after_failure": False,
            "enable_signal_handler": False,
            "sensitive_data": {"password": "open-sesame"},
        }
        llm = ChatOpenAI(
            model=self.name, base_url=self._model_url, api_key=KEY, max_retries=0, temperature=0.0
        )
        return Agent(llm=llm, browser=self._browser, **(defaults | settings))


SCENARIOS: dict[str, Callable[[Bench], Awaitable[Any]]] = {}


def scenario(function: Callable[[Bench], Awaitable[Any]]) -> Callable[[Bench], Awaitable[Any]]:
    """Make a scenario known under its name."""
    SCENARIOS[function.__name__] = function
    return function


async def plain(bench: Bench) -> Any:
    """Run a task to its end, with room for more steps than any script has."""
    return (await bench.agent().run(max_steps=8)).final_result()


@scenario
async def bowl(bench: Bench) -> Any:
    """What the README shows: something is bought that is further down."""
    return (await bench.agent(task=BOWL).run(max_steps=4)).final_result()


@scenario
async def framed(bench: Bench) -> Any:
    """What is to be clicked stands in frames, one of them another site's; all of them scroll."""
    page = {"navigate": {"url": f"{bench.page_url}framed", "new_tab": False}}
    return (await bench.agent(initial_actions=[page]).run(max_steps=4)).final_result()


@scenario
async def max_steps(bench: Bench) -> Any:
    """The last step may do nothing but finish; the model wants something else."""
    return len(await bench.agent(max_failures=5).run(max_steps=2))


@scenario
async def out_of_time(bench: Bench) -> Any:
    """In its last step the agent says how far it came."""
    return (await bench.agent().run(max_steps=1)).final_result()


@scenario
async def stopped(bench: Bench) -> Any:
    """Somebody stops the agent between two steps."""

    async def stop(agent: Agent) -> None:
        agent.stop()

    return len(await bench.agent().run(on_step_end=stop))


@scenario
async def stopped_in_step(bench: Bench) -> Any:
    """Somebody stops the agent when the model has answered."""
    agent = bench.agent(register_new_step_callback=lambda *_: agent.stop())
    return len(await agent.run())


@scenario
async def cancelled(bench: Bench) -> Any:
    """Ctrl-C, as `asyncio.run` makes it, while the model thinks."""
    asked = asyncio.Event()
    agent = bench.agent()
    ask = agent.llm.ainvoke

    async def ainvoke(*args: Any, **kwargs: Any) -> Any:
        asked.set()
        return await ask(*args, **kwargs)

    object.__setattr__(agent.llm, "ainvoke", ainvoke)
    running = asyncio.create_task(agent.run())
    await asked.wait()
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        return "cancelled"


@scenario
async def step_timeout(bench: Bench) -> Any:
    """The agent itself gives up a step in which the model does not answer."""
    return len(await bench.agent(step_timeout=8, initial_actions=None).run())


@scenario
async def raised(bench: Bench) -> Any:
    """An exception of the agent's own goes its way."""
    error = RuntimeError(f"no luck with {KEY}")

    async def fail(agent: Agent) -> None:
        raise error

    try:
        await bench.agent().run(on_step_end=fail)
    except RuntimeError as caught:
        return caught is error


@scenario
async def bare_steps(bench: Bench) -> Any:
    """A loop of the program's own."""
    agent = bench.agent()
    while not (await agent.take_step())[0]:
        pass
    return agent.history.final_result()


@scenario
async def follow_up(bench: Bench) -> Any:
    """The same agent is given another task."""
    agent = bench.agent()
    await agent.run()
    agent.add_new_task("And the other thing")
    return (await agent.run()).final_result()


@scenario
async def browser_gone(bench: Bench) -> Any:
    """The browser goes away between two steps; it is the last scenario, therefore."""

    async def kill(agent: Agent) -> None:
        await agent.browser_session.kill()

    return len(await bench.agent().run(on_step_end=kill))


async def main() -> None:
    model_url, page_url, chromium, *names = sys.argv[1:]
    browser = Browser(
        executable_path=chromium,
        headless=True,
        chromium_sandbox=False,
        enable_default_extensions=False,
        viewport={"width": 1000, "height": 700},
        # Unlike the pixels of CSS, those of the picture.
        device_scale_factor=2.0,
        minimum_wait_page_load_time=0.0,
        wait_for_network_idle_page_load_time=0.0,
        wait_between_actions=0.0,
        keep_alive=True,
    )
    await browser.start()
    results = {}
    for name in names:
        bench = Bench(name, model_url, page_url, browser)
        results[name] = await SCENARIOS.get(name, plain)(bench)
    await browser.kill()
    print(json.dumps(results), flush=True)
    assert otel_steps.configure().flush(PATIENCE_S)
    # An agent that was never `run` leaves an event bus that does not end.
    os._exit(0)


asyncio.run(main())
