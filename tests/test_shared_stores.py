"""One run of the real agent in three stores: the same rows, the same pictures."""

import hashlib
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from otel_steps import open_store
from otel_steps.config import Settings, resolve
from otel_steps.health.problems import Problems
from otel_steps.pipeline import backlog_shipper
from tests.agents import CURRENT, python_path
from tests.fakes.model_server import ModelServer
from tests.fakes.phone import FakePhone
from tests.patience import PATIENCE_S
from tests.supabase.stack import SupabaseStack
from tests.test_three_ways import FAKES, TWELVE_STEPS

pytest_plugins = ("tests.supabase.fixtures",)


def record(folder: Path) -> Path:
    """Run the agent while its database is away, and return the journal that it leaves."""
    phone = FakePhone(folder / "phone")
    with ModelServer() as model:
        model.script("twelve", TWELVE_STEPS)
        subprocess.run(
            [
                *(sys.executable, "configured_main.py", "--base-url", model.base_url),
                *("--model", "twelve", "--device-id", "twelve", "打开蓝牙"),
            ],
            cwd=FAKES,
            env=phone.environment()
            | {
                "PYTHONPATH": python_path(CURRENT),
                "OTEL_STEPS_DIR": str(folder / "recorded"),
                "OTEL_STEPS_STORE": "postgresql://nobody@127.0.0.1:1/nowhere",
            },
            check=True,
            capture_output=True,
        )
    return folder / "recorded" / "backup" / "steps"


def ship(journal: Path, settings: Settings) -> None:
    """Ship a copy of the journal to the store of *settings*."""
    shutil.copytree(journal, settings.backup_dir)
    shipped = backlog_shipper(settings, Problems(None)).ship_all()
    assert (shipped.reason, shipped.waiting, shipped.dead) == (None, 0, 0)


def picture_of(step: dict[str, Any], shot: dict[str, Any]) -> bytes:
    """Return the bytes of a step's picture, from its file or from its address."""
    if step["screenshot_path"] and Path(step["screenshot_path"]).is_file():
        return Path(step["screenshot_path"]).read_bytes()
    with urllib.request.urlopen(shot["remote_url"], timeout=PATIENCE_S) as answer:
        content: bytes = answer.read()
    return content


def comparable(settings: Settings) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """Return task, steps and the hashes of the pictures as the store of *settings* has them."""
    store = open_store(settings=settings)
    try:
        (task,) = store.tasks()
        report = store.report(task["task_id"])
        assert report is not None
        shots = {shot["step_id"]: shot for shot in report["screenshots"]}
        pictures = [picture_of(step, shots[step["id"]]) for step in report["steps"]]
        hashes = [hashlib.sha256(picture).hexdigest() for picture in pictures]
        assert hashes == [shots[step["id"]]["file_hash"] for step in report["steps"]]
        # Where a picture lies is the one thing in which the stores differ by nature.
        elsewhere = ("screenshot_path", "screenshot_url")
        steps = [{k: v for k, v in s.items() if k not in elsewhere} for s in report["steps"]]
        return report["task"], steps, hashes
    finally:
        store.close()


@pytest.mark.parametrize("shared", ["postgresql", "supabase"])
def test_the_same_run_is_the_same_rows_and_pictures(
    tmp_path: Path, supabase_stack: SupabaseStack, shared: str
) -> None:
    """Byte for byte what SQLite has, in PostgreSQL and in Supabase."""
    journal = record(tmp_path)
    embedded = resolve({}, dir=tmp_path / "embedded")
    other = resolve(
        {},
        dir=tmp_path / shared,
        store=supabase_stack.dsn if shared == "postgresql" else "supabase",
        supabase_url=supabase_stack.url,
        supabase_key=supabase_stack.secret_key,
    )
    ship(journal, embedded)
    ship(journal, other)

    task, steps, pictures = comparable(embedded)
    other_task, other_steps, other_pictures = comparable(other)

    assert len(steps) == 12
    assert other_steps == steps
    assert other_pictures == pictures
    assert other_task == task
