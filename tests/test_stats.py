"""`otel-steps stats` tells what the store answers, in every format."""

import csv
from contextlib import closing
from datetime import UTC, datetime

import pytest

from otel_steps.rows.model import Batch
from otel_steps.stores import TaskQuery, open_store
from tests.commands import command
from tests.store_contract import a_step, a_task, at


def store_figures() -> None:
    """Write one task of today that completed, and two of long ago: one failed, one goes on."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    hostile = "a|b <img src=x> \x1b[31m"
    tap = {"action": {"action": "Tap"}, "input_tokens": 10, "output_tokens": 5}
    with closing(open_store()) as store:
        store.write(
            Batch(
                tasks=[
                    a_task("new", status="completed", created_at=now, model="m1"),
                    a_task("old", status="failed", model=hostile, error_message="no *app*"),
                    a_task("on", model="m1", created_at=at(2)),
                ],
                steps=[
                    a_step(1, "new", **tap),
                    a_step(2, "old", **tap, success=False, duration_ms=61_000),
                    a_step(3, "old", **tap),
                ],
            )
        )


def test_figures_are_told_by_group_and_action() -> None:
    """As a table, as JSON that the store answers, and as CSV; since when, and by what."""
    store_figures()

    rows = [line.split() for line in command("stats", "--by", "device").out.splitlines()]
    recent = command("stats", "--since", "24h", "--json").json
    lines = list(csv.reader(command("stats", "--csv", "--by", "model").out.splitlines()))

    assert ["(no", "device)", "3", "50%", "1", "2", "1.0", "s", "1", "min", "02", "s"] in rows
    assert ["Tap", "3", "33%", "1.0", "s", "1", "min", "01", "s"] in rows
    with closing(open_store()) as store:
        asked = TaskQuery(since=recent["since"])
        assert recent["total"] == store.task_figures(asked)[0]
        assert recent["groups"] == store.task_figures(asked, "model")
        assert recent["actions"] == store.action_figures(asked)
    assert (recent["total"]["tasks"], recent["failed"]) == (1, [])
    assert recent["usage"]["total"]["input_tokens"] == 10
    assert lines[0][:5] == ["model", "tasks", "ended", "completed", "success_rate"]
    assert [line[:5] for line in lines[1:]] == [
        ["m1", "2", "1", "1", "1.0"],
        ["a|b <img src=x> \x1b[31m", "1", "1", "0", "0.0"],
    ]


def test_a_digest_tells_what_went_wrong_and_nothing_in_it_is_markup() -> None:
    """What a model or a phone has written is neither a table's bar nor a tag nor a colour."""
    store_figures()

    digest = command("stats", "--format", "md").out
    nothing = command("stats", "--since", "1m", "--format", "md")

    assert digest.startswith("# All tasks\n\n3 tasks (1 completed, 1 failed, 1 running), 50% of")
    (failed,) = command("stats", "--json").json["failed"]
    assert "no *app*" in failed["why"]["sentence"]["en"]
    reason = failed["why"]["sentence"]["en"].replace("*", "\\*")
    assert f"## 1 task that did not succeed\n\n- **failed** 打开相机: {reason} (old)\n" in digest
    assert (
        "| a\\|b \\<img src=x\\> \ufffd\\[31m | 1 | 0% | 2 (2) | 1 min 02 s (1 min 02 s) |"
        in digest
    )
    assert "| Tap | 3 | 33% | 1.0 s (1 min 01 s) |" in digest
    assert nothing.out.startswith("# Tasks since ")


def test_two_groups_are_told_apart_from_chance() -> None:
    """In a sentence beside the groups; a group that is not there is named, with some that are."""
    store_figures()
    hostile = "a|b <img src=x> \x1b[31m"

    told = command("stats", "--between", "m1", hostile)
    data = command("stats", "--between", "m1", hostile, "--json").json["between"]
    digest = command("stats", "--between", "m1", hostile, "--format", "md").out
    unknown = command("stats", "--between", "m1", "m3")

    assert (data["one"], data["other"], data["p_value"]) == ("m1", hostile, 1.0)
    assert f"\nm1 and a|b <img src=x> \ufffd[31m: {data['sentence']['en']}\n" in told.out
    assert f"\nm1 and a\\|b \\<img src=x\\> \ufffd\\[31m: {data['sentence']['en']}\n" in digest
    assert (unknown.status, unknown.out) == (2, "")
    assert "there is no model 'm3'; there are m1" in unknown.err


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("--since", "yesterday", "24h"),
        ("--since", "999999w", "24h"),
        ("--since", "", "24h"),
        ("--by", "colour", "device"),
    ],
)
def test_a_word_that_means_nothing_is_refused(option: str, value: str, known: str) -> None:
    """One line says what is understood."""
    done = command("stats", option, value)

    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"error: {option}")
    assert known in done.err
