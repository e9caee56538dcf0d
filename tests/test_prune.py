"""What rules choose, `otel-steps prune`, and the same rules as a setting."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import ConfigError, Retention, Settings, resolve
from otel_steps.health.problems import Problems
from otel_steps.retention.daily import Daily
from otel_steps.retention.planning import plan
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, open_store
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.pictures import open_screenshots
from tests.collecting import eventually
from tests.commands import command
from tests.patience import PATIENCE_S
from tests.pictures import png
from tests.store_contract import a_screenshot, a_step, a_task

NOW = datetime.now(UTC)
MIB = 2**20


def days_ago(days: float) -> str:
    """Return a time as rows have it."""
    return (NOW - timedelta(days=days)).isoformat(timespec="microseconds")


def write(store: Store, task_id: str, days: float, **values: Any) -> None:
    """Write a task of one step, with a picture of 10 MiB, that ended so many days ago."""
    trace = hashlib.md5(task_id.encode()).hexdigest()
    name = hashlib.sha256(task_id.encode()).hexdigest()
    when = {"created_at": days_ago(days), "started_at": days_ago(days), "ended_at": days_ago(days)}
    step = a_step(1, task_id, trace_id=trace, **when)
    row = {"status": "completed", "trace_id": trace} | values
    row |= {"created_at": days_ago(days), "last_activity": days_ago(days)}
    shot = a_screenshot(step, screenshot_path=f"{name[:2]}/{name}.webp", file_size=10 * MIB)
    store.write(Batch(tasks=[a_task(task_id, **row)], steps=[step], screenshots=[shot]))


@pytest.fixture
def store() -> Iterator[Store]:
    """Open a store with five tasks, t1 the youngest."""
    with closing(open_store()) as store:
        write(store, "t1", 1)
        write(store, "t2", 10, status="failed")
        write(store, "t3", 20)
        write(store, "t4", 30, status="running")
        write(store, "t5", 40, status="max_steps")
        store.annotate("t3", Annotation(tags=["demo", "good"], notes=""))
        for task_id, value in (("t1", 0.5), ("t3", 0.25)):
            store.annotate(task_id, Annotation(scores=[{"name": "human", "value": value}]))
        yield store


@pytest.mark.parametrize(
    ("rules", "going"),
    [
        ("15d", "t5 t3"),
        ("15d,keep=failed", "t3"),
        ("15d,keep=tagged", "t5"),
        ("15d,keep=tagged,keep=failed", ""),
        ("100d", ""),
        ("tasks=3", "t5 t3"),
        ("tasks=3,keep=failed", "t3 t1"),
        ("tasks=9", ""),
        ("max=35MB", "t5 t3"),
        ("100d,max=35MB", "t5 t3"),
        ("max=1GB", ""),
        ("status=completed", "t3 t1"),
        ("status=completed,status=failed,5d", "t3 t2"),
        ("tag=demo", "t3"),
        ("tag=other,tag=good,15d", "t3"),
        ("score-below=0.5", "t3"),
        ("score-below=1", "t3 t1"),
        ("score-below=-1", ""),
        ("15d,pictures", "t5 t3"),
        ("15d,pictures,keep=first-last-failed", ""),
        ("pictures,max=35MB", "t5 t3"),
        ("status=running", ""),
        ("0d", "t5 t3 t2 t1"),
    ],
)
def test_rules_choose(store: Store, rules: str, going: str) -> None:
    """The oldest first; one that runs never goes, though it counts."""
    chosen = plan(store, resolve({}, retention=rules).retention or Retention(), now=NOW)
    assert [held.task_id for held in chosen.going] == going.split()
    assert chosen.tasks == 5


def test_no_rule_means_nothing(store: Store) -> None:
    """Never everything."""
    with pytest.raises(ValueError, match="no rule says what goes"):
        plan(store, Retention(keep_failed=True))


@pytest.mark.parametrize(
    "text",
    [
        *("", "keep=failed", "ninety", "90d,", "90d=1", "max=1", "tasks=0", "keep=some", "tag="),
        *("score-below=2", "score-below=x", "90d,keep=first-last-failed"),
    ],
)
def test_a_setting_that_cannot_be_read_is_told(text: str) -> None:
    """With what it may be."""
    with pytest.raises(ConfigError, match="retention"):
        resolve({}, retention=text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("90d", "90d"),
        ("2w, keep=tagged,MAX=1GB", "14d,max=1073741824,keep=tagged"),
        (
            "36h,tasks=7,status=failed,status=completed",
            "36h,tasks=7,status=completed,status=failed",
        ),
        ("tag=Ab,keep=failed,pictures", "tag=Ab,keep=failed,pictures"),
        ("keep=first-last-failed,pictures,9d", "9d,pictures,keep=first-last-failed"),
        ("score-below=.5", "score-below=0.5"),
    ],
)
def test_rules_are_shown_as_they_are_written(text: str, shown: str) -> None:
    """So that `doctor` says what is in force; and they can be read again."""
    rules = resolve({}, retention=text).retention
    assert str(rules) == shown
    assert resolve({}, retention=shown).retention == rules


def left() -> set[str]:
    """Return the ids of the tasks that are in the store."""
    with closing(open_store()) as store:
        return {held.task_id for held in store.holdings()}


def test_without_yes_it_only_says_what_would_go(store: Store) -> None:
    """Nothing is removed, and no picture is looked for; scripts get all of it."""
    told = command("prune", "--older-than", "15d", "--keep-tagged")
    found = command("prune", "--max-tasks", "1", "--json")

    assert told.status == 0
    assert "to go    1 task of " in told.out
    assert "(1 step, 1 picture; about 10.0 MiB) of 5 tasks" in told.out
    assert "1 max_steps" in told.out
    assert "to stay  1 task, kept for their tags, notes or scores" in told.out
    assert "to stay  1 task, still running" in told.out
    assert "nothing was removed; add --yes" in told.out
    assert found.json["dry_run"] is True
    assert found.json["to_go"]["tasks"] == ["t5", "t3", "t2", "t1"]
    assert (found.json["to_stay"], found.json["removed"]) == ({"running": 1}, None)
    assert left() == {"t1", "t2", "t3", "t4", "t5"}


def test_with_yes_it_goes(store: Store) -> None:
    """Rows and files; the second time there is nothing to do."""
    settings = resolve()
    picture = png()
    saved = open_screenshots(settings, store).save(hashlib.sha256(picture).hexdigest(), picture)
    when = {"started_at": days_ago(41), "ended_at": days_ago(41)}
    step = a_step(7, "t5", screenshot_path=saved.path, **when)
    shot = a_screenshot(step, screenshot_path=saved.path)
    store.write(Batch(steps=[step], screenshots=[shot]))
    assert (settings.dir / "screenshots" / saved.path).exists()

    done = command("prune", "--older-than", "1w", "--keep-tagged", "--yes")
    again = command("prune", "--older-than", "1w", "--keep-tagged", "--yes", "--json")

    assert (done.status, again.status) == (0, 0)
    assert "removed 2 tasks, 3 steps and 3 pictures" in done.out
    assert left() == {"t1", "t3", "t4"}
    assert list((settings.dir / "screenshots").rglob("*.*")) == []
    assert again.json["removed"] == {
        "tasks": [],
        "kept": [],
        "rows": 0,
        "pictures": 0,
        "lost": [],
    }


def test_pictures_go_alone(store: Store) -> None:
    """And are not counted as still to go."""
    done = command("prune", "--status", "completed", "--pictures-only", "--yes")
    again = command("prune", "--status", "completed", "--pictures-only", "--json")

    assert "removed the pictures of 2 tasks: 2 files" in done.out
    assert again.json["to_go"]["tasks"] == []
    assert store.screenshots("t1") == []
    assert left() == {"t1", "t2", "t3", "t4", "t5"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing says what is to go"),
        (["--keep-failed"], "nothing says what is to go"),
        (["--older-than", "soon"], "--older-than has the value 'soon'; expected an age"),
        (["--max-tasks", "1", "--keep-first-last-failed"], "give --pictures-only as well"),
        (["--max-size", "1"], "--max-size has the value '1'; expected a size"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], said: str) -> None:
    """In one line, and nothing is removed."""
    failed = command("prune", *arguments, "--yes")
    assert failed.status == 2
    assert said in failed.err


def test_the_rules_of_the_setting_are_the_default(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To see what would go by them."""
    monkeypatch.setenv("OTEL_STEPS_RETENTION", "tasks=4")
    assert command("prune", "--json").json["to_go"]["tasks"] == ["t5"]
    assert command("prune", "--tag", "demo", "--json").json["to_go"]["tasks"] == ["t3"]


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_person_is_asked(store: Store, answer: str) -> None:
    """On a terminal, before anything goes."""
    import pty  # not everywhere

    ours, theirs = pty.openpty()
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "otel_steps", "prune", "--tag", "demo"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        said = b""
        while b"[y/N]" not in said:
            said += os.read(ours, 4096)
        os.write(ours, f"{answer}\n".encode())
        assert child.wait(PATIENCE_S) == 0
    finally:
        os.close(theirs)
        os.close(ours)
    assert ("t3" in left()) is (answer == "n")


@pytest.fixture
def settings() -> Settings:
    """Return settings with a rule for what is a fortnight old."""
    return resolve(retention="15d,keep=tagged")


def test_a_setting_is_applied_once_a_day_by_one_for_all(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    """Whoever else looks meanwhile leaves it alone."""
    problems = Problems(None)
    beside = [Daily(settings, problems) for _ in range(3)]
    for each in beside:
        each.begin()
    eventually(lambda: left() == {"t1", "t2", "t3", "t4"})
    write(store, "t6", 50)
    Daily(settings, problems)._look(settings.retention or Retention())
    for each in beside:
        each.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "otel-steps-retention"]
    assert left() == {"t1", "t2", "t3", "t4", "t6"}
    assert problems.all() == []


def test_what_stands_in_the_way_is_reported(settings: Settings) -> None:
    """And tried again; nothing else is in the way of who serves."""
    settings.dir.mkdir(parents=True, exist_ok=True)
    (settings.dir / "steps.db").write_bytes(b"no database, and longer than its head" * 9)
    problems = Problems(None)
    daily = Daily(settings, problems)
    daily.begin()
    eventually(lambda: bool(problems.all()))
    daily.close()
    assert [problem.kind for problem in problems.all()] == ["retention"]
    assert "OTEL_STEPS_RETENTION was not applied" in problems.all()[0].message


RECORDING = """
import sys, threading
import otel_steps
from otel_steps.recorder import tidying
tidying._AFTER_S = 0.0
otel_steps.configure()
def names():
    return {thread.name for thread in threading.enumerate()}
print("otel-steps-retention" in names(), flush=True)
with otel_steps.task("beside it"):
    with otel_steps.step():
        sys.stdin.readline()
print("otel-steps-retention" in names(), flush=True)
"""


@pytest.mark.parametrize("rules", ["tasks=4", None])
def test_who_records_applies_it(store: Store, rules: str | None) -> None:
    """
    From its first task, beside it, and ends at once; without a rule there is no thread.

    The rule takes the oldest whether its own task is in the store by then or not.
    """
    environment = {**os.environ, "OTEL_STEPS_RETENTION": rules or ""}
    with subprocess.Popen(
        [sys.executable, "-c", RECORDING],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "False\n"
        if rules:
            eventually(lambda: "t5" not in left())
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == f"{bool(rules)}\n"
        assert child.wait(PATIENCE_S) == 0
    assert ("t5" in left()) is (rules is None)


@pytest.mark.parametrize("serves", ["view", "collect"])
def test_what_serves_applies_it(store: Store, serves: str) -> None:
    """From its start."""
    arguments = {"view": ["--no-open"], "collect": []}[serves]
    with subprocess.Popen(
        [sys.executable, "-m", "otel_steps", serves, "--port", "0", *arguments],
        env={**os.environ, "OTEL_STEPS_RETENTION": "tasks=4"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        eventually(lambda: "t5" not in left())
        child.terminate()
    assert left() == {"t1", "t2", "t3", "t4"}
