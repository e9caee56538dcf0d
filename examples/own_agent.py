"""
An agent of one's own, recorded: a task, its steps, a picture, a failure that the run survives.

    python examples/own_agent.py
    otel-steps report latest
"""

import asyncio
import struct
import zlib

import otel_steps


def screenshot(shade: int) -> bytes:
    """Return a grey PNG; a real agent has its browser or its phone for that."""
    rows = (b"\0" + bytes([shade]) * 90) * 200

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 90, 200, 8, 0, 0, 0, 0)
    parts = [("IHDR", header), ("IDAT", zlib.compress(rows)), ("IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name.encode(), data) for name, data in parts)


async def click(button: str) -> dict[str, bool]:
    """Click; the second button is not there."""
    await asyncio.sleep(0)
    return {"clicked": button != "Pay"}


async def order_coffee() -> str:
    """Run the task and return its id."""
    async with otel_steps.task("Order a coffee", agent="barista", model="my-model") as task:
        for shade, button in enumerate(["Menu", "Pay", "Cart"]):
            action = {"action": "Click", "button": button}
            async with otel_steps.step(action=action, screenshot=screenshot(80 * shade)) as step:
                step.set(thinking=f"The next button is {button}.")
                result = await click(button)
                step.set(action_result=result)
                if not result["clicked"]:
                    step.fail(f"there is no button {button}")
        task.complete("The coffee is on its way.")
    return task.task_id


def main() -> None:
    """Record the run and say where it is."""
    recording = otel_steps.configure()
    task_id = asyncio.run(order_coffee())
    recording.flush()
    print(f"recorded as {task_id} in {recording.settings.dir}")


if __name__ == "__main__":
    main()
