"""
A SQLite file with a million steps, as a year of many phones would leave it; made once and kept.

    python -m tests.benchmarks.million [PATH] [TASKS]

Every task is one of the same few errands, with its own device, model, tags, times and failures,
every step one of the same few actions, with its own time and tokens.
"""

import random
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from otel_steps.rows.ids import screenshot_id, step_id
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow, TaskRow
from otel_steps.rows.tables import BOOLEAN_COLUMNS
from otel_steps.stores import open_store
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.sqlite.annotations import annotate
from otel_steps.stores.sqlite.writes import EncodedBatch, write

TASKS = 20_000
STEPS = 50
_TASKS_AT_ONCE = 20
_START = datetime(2026, 1, 1, tzinfo=UTC)
APPS = (
    "微信",
    "支付宝",
    "淘宝",
    "美团",
    "设置",
    "相机",
    "Chrome",
    "Maps",
    "小红书",
    "System Home",
)
_MODELS = ("autoglm-phone-9b", "autoglm-phone-9b-multilingual", "glm-4.6v")
_STATUSES = ("completed", "completed", "completed", "failed", "max_steps", "cancelled")
_ERRANDS = ("打开微信给妈妈发消息", "在美团点一份外卖", "Find a hotel in Berlin", "把屏幕亮度调低")
# With how many of 100 steps do so.
_ACTIONS = {"Tap": 60, "Swipe": 15, "Type": 10, "Launch": 5, "Back": 5, "Wait": 4, "Take_over": 1}
_AGENTS = ("PhoneAgent", "PhoneAgent", "AsyncPhoneAgent")
_TAGS = (None, None, None, ["nightly"], ["nightly", "红米"])
_THOUGHT = (
    "屏幕上显示的是{app}的第{number}页，用户想要{errand}，"
    "下一步应该点击位于中间的按钮，然后等待页面加载完成。"
)
_RESOURCES = [
    {
        "service.name": "phone-agent",
        "service.version": version,
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": "1.45.0",
        "host.name": "lab-7",
    }
    for version in ("1.0", "1.1", "2.0", "2.1")
]


def kept_million(tasks: int = TASKS) -> Path:
    """Return the file of so many tasks that all benchmarks share; it takes minutes to make."""
    # The number goes up with what is in the file.
    name = f"steps{tasks * STEPS}-2.db"
    return million(Path(__file__).parent.parent.parent / ".cache" / "million" / name, tasks)


def million(path: Path, tasks: int = TASKS) -> Path:
    """Return *path*, a database of so many tasks of `STEPS` steps; make it if it is missing."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        partial.unlink(missing_ok=True)
        _fill(partial, tasks)
        partial.rename(path)
    return path


def _fill(path: Path, tasks: int) -> None:
    with closing(open_store(f"sqlite:///{path.as_posix()}")) as store:
        store.write(Batch())  # makes the tables
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    for first in range(0, tasks, _TASKS_AT_ONCE):
        batch = _batch(range(first, min(first + _TASKS_AT_ONCE, tasks)))
        connection.execute("BEGIN")
        write(connection, EncodedBatch(batch))
        for task in batch.tasks:
            tags = random.Random(task.task_id).choice(_TAGS)
            if tags:
                annotate(connection, task.task_id, None, Annotation(tags=tags), None)
        connection.execute("COMMIT")
    # One file, without the log beside it.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def copy_into(path: Path, tables: Sequence[str], connection: psycopg.Connection[Any]) -> None:
    """Copy *tables* of the file *path* into those of a PostgreSQL, which has none of their rows."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
        for table in tables:
            names = [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
            listed = ", ".join(names)
            copying = f"COPY {table} ({listed}) FROM STDIN".encode()
            with connection.cursor().copy(copying) as copy:
                for row in file.execute(f"SELECT {listed} FROM {table}"):
                    copy.write_row(
                        [
                            bool(value) if name in BOOLEAN_COLUMNS and value is not None else value
                            for name, value in zip(names, row, strict=True)
                        ]
                    )
    connection.execute("VACUUM ANALYZE")


def _batch(numbers: range) -> Batch:
    rows: dict[str, list[Any]] = {"tasks": [], "steps": [], "screenshots": []}
    for number in numbers:
        chance = random.Random(number)
        start = _START + timedelta(minutes=25 * number)
        task_id = f"task-{number:06}"
        rows["tasks"].append(_task(task_id, number, start, chance))
        for turn in range(1, STEPS + 1):
            step = _step(task_id, number, turn, start, chance)
            rows["steps"].append(step)
            rows["screenshots"].append(_screenshot(step, chance))
    return Batch(**rows)


def _task(task_id: str, number: int, start: datetime, chance: random.Random) -> TaskRow:
    end = _iso(start + timedelta(seconds=6 * STEPS))
    status = chance.choice(_STATUSES)
    return TaskRow(
        task_id=task_id,
        task_description=f"{chance.choice(_ERRANDS)} {number}",
        status=status,
        created_at=_iso(start),
        last_activity=end,
        end_time=end,
        result="已完成" if status == "completed" else None,
        config={"max_steps": 100, "lang": "cn"},
        agent=_AGENTS[number % len(_AGENTS)],
        model=chance.choice(_MODELS),
        device_id=f"emulator-{5554 + 2 * (number % 12)}",
        trace_id=_trace(number),
        resource=_resource(number),
        session=f"night-{number // 50}",
    )


def _step(task_id: str, number: int, turn: int, start: datetime, chance: random.Random) -> StepRow:
    trace_id, span_id = _trace(number), f"{number * 100 + turn:016x}"
    begun = start + timedelta(seconds=6 * turn)
    is_ok = chance.random() > 0.03
    app = APPS[(number + turn // 10) % len(APPS)]
    place = [chance.randrange(1000), chance.randrange(1000)]
    (name,) = chance.choices(list(_ACTIONS), list(_ACTIONS.values()))
    return StepRow(
        id=step_id(trace_id, span_id),
        task_id=task_id,
        step_number=turn,
        step_type="action",
        step_data={},
        thinking=_THOUGHT.format(app=app, number=turn, errand=_ERRANDS[number % len(_ERRANDS)]) * 2,
        action_result={"success": is_ok, "should_finish": False, "message": None},
        screenshot_path=_path(trace_id, turn),
        duration_ms=chance.randrange(2_000, 9_000),
        success=is_ok,
        error_message=None if is_ok else f"App not found: {app}",
        created_at=_iso(begun),
        status="completed" if is_ok else "failed",
        error_kind=None if is_ok else "action_error",
        app=app,
        action={"_metadata": "do", "action": name, "element": place},
        started_at=_iso(begun),
        ended_at=_iso(begun + timedelta(seconds=5)),
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=f"{number * 100:016x}",
        timings={"ttft_ms": 812.5, "thinking_ms": 2310.0, "model_ms": 3120.5, "action_ms": 1044.0},
        attributes={
            "otel_steps.screenshot.sha256": _path(trace_id, turn)[3:67],
            "otel_steps.step.action.name": name,
            "otel_steps.step.finished": False,
        },
        resource=_resource(number),
        input_tokens=chance.randrange(2_000, 6_000),
        output_tokens=chance.randrange(40, 200),
    )


def _screenshot(step: StepRow, chance: random.Random) -> ScreenshotRow:
    path = str(step.screenshot_path)
    return ScreenshotRow(
        id=screenshot_id(step.id, path[3:67]),
        task_id=step.task_id,
        step_id=step.id,
        screenshot_path=path,
        file_size=31_000,
        file_hash=path[3:67],
        compressed=True,
        metadata={"sha256": path[3:67], "original_size": 280_000, "black": False},
        created_at=step.created_at,
        width=1080,
        height=2400,
        mime_type="image/webp",
        phash=chance.getrandbits(64) - 2**63,
        sensitive=False,
    )


def _resource(number: int) -> dict[str, str]:
    return _RESOURCES[number * len(_RESOURCES) // TASKS % len(_RESOURCES)]


def _trace(number: int) -> str:
    return f"{number + 1:032x}"


def _path(trace_id: str, turn: int) -> str:
    name = f"{turn:04x}{trace_id}".ljust(64, "0")
    return f"{name[:2]}/{name}.webp"


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".cache/million/steps.db")
    began = time.perf_counter()
    million(target, int(sys.argv[2]) if len(sys.argv) > 2 else TASKS)
    took = time.perf_counter() - began
    print(f"{target}: {target.stat().st_size / 1e9:.2f} GB in {took:.0f} s")
