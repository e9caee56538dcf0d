"""
An asynchronous agent of one's own, recorded: two tasks at a time, pictures, a failure it survives.

    pip install otel-steps
    python examples/own_agent_async.py
    otel-steps tasks
"""

import asyncio

import otel_steps
from otel_steps.demo.phone import Phone


async def launch(phone: Phone, app: str) -> bool:
    """Open *app* on a simulated phone; a real agent waits here for adb, a browser or a desktop."""
    await asyncio.sleep(0.01)
    return phone.launch(app)


async def open_one_of(*apps: str) -> str:
    """Try one app after the other until one is there; return the id of the task."""
    phone = Phone()
    async with otel_steps.task(f"Open {' or '.join(apps)}", agent="app-opener") as task:
        for app in apps:
            # What is set is on disk at once: a crash in the block would leave an interrupted step.
            async with otel_steps.step(screenshot=phone.screenshot().png, app=phone.app) as step:
                step.set(thinking=f"I look for {app}.", action={"action": "Launch", "app": app})
                is_there = await launch(phone, app)
                step.set(action_result={"success": is_there})
                if is_there:
                    task.complete(f"{app} is open.")
                    return task.task_id
                step.fail(f"App not found: {app}")
        task.fail("none of the apps is installed")
    return task.task_id


async def main() -> None:
    """Run two tasks at a time; each step finds its own task."""
    recording = otel_steps.configure()
    for task_id in await asyncio.gather(open_one_of("Telegraph", "Chat"), open_one_of("Camera")):
        print(f"recorded: otel-steps report {task_id}")
    # Nothing is lost without this; with it the rows are there before the program ends.
    await asyncio.to_thread(recording.flush)


if __name__ == "__main__":
    asyncio.run(main())
