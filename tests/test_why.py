"""Why a run did not end well is found where it can be known, and nothing is made up."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import otel_steps
from otel_steps.rows.model import Batch
from otel_steps.stores import Store, open_store
from otel_steps.stores.contract import MAX_TEXTS
from otel_steps.why import Why
from otel_steps.why.reading import whys_of
from tests.benchmarks.bench_why import is_right, is_wrong
from tests.benchmarks.labelled_runs import record
from tests.benchmarks.odd_runs import RUNS
from tests.commands import command, store_tasks
from tests.patience import PATIENCE_S
from tests.store_contract import a_step, a_task
from tests.viewing import client_of, opened_library

# Of the labelled set, which `python -m tests.benchmarks why` measures whole: one of each kind, on
# few screens, since drawing them is what takes time.
QUICK = (
    *("model_balance_zh", "model_filter_zh", "reply_is_empty_zh", "adb_missing_zh"),
    *("permission_of_vendor", "crash_each_time_zh", "black_picture_zh", "no_keyboard_zh"),
    *("text_in_wrong_field", "other_app_opened_zh", "taps_below_the_row_zh", "there_and_back_zh"),
    *("not_enough_steps_zh", "nobody_took_over_zh", "gave_up_zh", "good_and_short_zh"),
)

Play = Callable[[Any], None]


@pytest.fixture(name="recorded")
def _recorded(own_pipeline: None) -> Callable[..., dict[str, Why]]:
    """What has been recorded, as the whys of its tasks."""

    def whys(**plays: Play) -> dict[str, Why]:
        recording = otel_steps.configure()
        for task_id, play in plays.items():
            with otel_steps.task("Write to Rain", task_id=task_id) as task:
                play(task)
        assert recording.flush(PATIENCE_S)
        with closing(open_store()) as store:
            return found_in(store)

    return whys


def found_in(store: Store) -> dict[str, Why]:
    return whys_of(store, store.tasks(limit=100))


def acts(*actions: Any, error: str | None = None, kind: Any = "action_error", **said: Any) -> None:
    """Take a step for each action; with *error* the last one fails."""
    for number, action in enumerate(actions, start=1):
        with otel_steps.step(action=action, **said) as step:
            if error is not None and number == len(actions):
                step.fail(error, error_kind=kind)


def tap(x: int, y: int) -> dict[str, Any]:
    return {"_metadata": "do", "action": "Tap", "element": [x, y]}


def test_causes_of_labelled_runs_are_found(own_pipeline: None) -> None:
    """One run of each kind, in English or Chinese: cause and first bad step, none made up."""
    recording = otel_steps.configure()
    runs = [run for run in RUNS if run.name in QUICK]
    for run in runs:
        record(run)
    assert recording.flush(10 * PATIENCE_S)

    with closing(open_store()) as store:
        whys = found_in(store)

    assert len(runs) == len(QUICK)
    assert [run.name for run in runs if not is_right(run, whys.get(run.name))] == []
    assert [run.name for run in runs if is_wrong(run, whys.get(run.name))] == []


def test_what_a_run_is_about_is_no_cause(own_pipeline: None) -> None:
    """Words of a task's subject, as of a lamp that is offline, name no cause: traps of the set."""
    recording = otel_steps.configure()
    runs = [replace(run, has_pictures=False) for run in RUNS if run.name.startswith("trap_")]
    for run in runs:
        record(run)
    assert recording.flush(10 * PATIENCE_S)

    with closing(open_store()) as store:
        whys = found_in(store)

    assert len(runs) > 15
    assert {name: why["sentence"]["en"] for name, why in whys.items() if why["step"]} == {}


def test_equal_causes_have_an_equal_fingerprint(recorded: Callable[..., dict[str, Why]]) -> None:
    """Whatever their ids, numbers, places and words; another app, or another error, is another."""

    def lost(serial: str, steps: int) -> Play:
        def play(task: Any) -> None:
            acts(*[tap(100 * at, 500) for at in range(steps)], app="Chat")
            acts(None, error=f"adb: device '{serial}' not found", kind="device_error")
            task.fail("device")

        return play

    def looped(x: int, app: str) -> Play:
        def play(task: Any) -> None:
            acts(*[tap(x, 500)] * 5, app=app)
            task.exhaust_steps()

        return play

    whys = recorded(
        one=lost("emulator-5554", 2),
        other=lost("R58M", 4),
        near=looped(100, "Chat"),
        far=looped(700, "Chat"),
    )

    marks = {name: why["fingerprint"] for name, why in whys.items()}
    assert marks["one"] == marks["other"] == "device_error/offline"
    assert marks["near"] == marks["far"] != marks["one"]
    assert whys["one"]["step"] == 3
    assert whys["other"]["step"] == 5


def test_lists_and_statistics_group_by_cause(recorded: Callable[..., dict[str, Why]]) -> None:
    """The tasks of one cause are counted, on a page of the list and over the newest tasks."""

    def limited(task: Any) -> None:
        acts(None, error="RateLimitError: Error code: 429", kind="model_error")
        task.fail("429")

    def unknown(task: Any) -> None:
        task.fail("sold out")

    recorded(a=limited, b=limited, c=unknown, d=unknown, e=lambda task: task.complete())

    counted = command("stats", "--json").json["causes"]
    assert [(cause["fingerprint"], cause["tasks"]) for cause in counted] == [
        ("model_error/quota", 2),
        ("not_clear", 2),
    ]
    assert "2  model_error/quota  b" in command("stats").out
    with opened_library() as library, client_of(library) as client:
        for _ in range(2):  # the second time from what is kept
            cards = client.get("/api/tasks").json()["data"]["tasks"]
            alike = {card["task_id"]: card["alike"] for card in cards}
            assert alike == {"a": 2, "b": 2, "c": 0, "d": 0, "e": 0}


def test_what_was_recorded_comes_before_what_is_guessed(
    recorded: Callable[..., dict[str, Why]],
) -> None:
    """A model that is away ends a loop, too; a run that a person ended in a loop shows the loop."""

    def away(task: Any) -> None:
        acts(*[tap(500, 500)] * 5)
        acts(None, error="APIConnectionError: Connection error.", kind="model_error")
        task.fail("Connection error.")

    def stopped(task: Any) -> None:
        acts(tap(1, 1), tap(300, 300))
        task.cancel("stopped")

    def refused(task: Any) -> None:
        acts(tap(1, 1), tap(500, 500), error="the person said no", kind="refused")
        task.cancel()

    whys = recorded(away=away, stopped=stopped, refused=refused)

    assert {name: (why["kind"], why["step"]) for name, why in whys.items()} == {
        "away": ("model_error", 6),
        "stopped": ("cancelled", 2),
        "refused": ("refusal", 2),
    }


@pytest.mark.parametrize("status", ["completed", "running", None])
def test_what_went_well_or_goes_on_has_no_why(status: str | None) -> None:
    """Also where some of its steps have failed."""
    with closing(open_store()) as store:
        failed = a_step(1, success=False, error_kind="action_error", error_message="App not found")
        store.write(Batch(tasks=[a_task(status=status)], steps=[failed]))

        assert found_in(store) == {}


def test_odd_rows_are_no_error() -> None:
    """Rows of other writers may hold anything; an answer is always one of plain values."""
    odd = {"action": ["?"], "action_result": [{"message": 7}, None], "thinking": "“第 9 步”"}
    with closing(open_store()) as store:
        steps = [a_step(number, **odd, error_kind="?", success=False) for number in (1, 2)]
        store.write(Batch(tasks=[a_task(status="failed", error_message="\x1b[31m“”")], steps=steps))

        (why,) = found_in(store).values()

    assert (why["kind"], why["step"], why["steps"]) == ("not_clear", None, [2])
    assert json.loads(json.dumps(why)) == why


def test_long_run_costs_no_more_than_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a page of tasks one question brings what was said, and of a long run its last steps."""
    steps = [
        a_step(number, action=tap(number % 9 * 100, 500), thinking="t", success=True)
        for number in range(1, 3 * MAX_TEXTS)
    ]
    with closing(open_store()) as store:
        store.write(Batch(tasks=[a_task(status="max_steps")], steps=steps))
        counts: list[int] = []
        asked_for = store.texts

        def texts(wanted: Any) -> Any:
            found = asked_for(wanted)
            counts.extend(len(said) for said in found.values())
            return found

        monkeypatch.setattr(store, "texts", texts)

        assert found_in(store)["t1"]["ending"] == "max_steps"
    assert counts == [MAX_TEXTS]


# --- Where it is told


@pytest.fixture(name="failed_run")
def _failed_run(own_pipeline: None) -> str:
    """A run whose action fails, with a picture before and after it."""
    recording = otel_steps.configure()
    run = next(run for run in RUNS if run.name == "hit_another_row")
    record(run)
    assert recording.flush(PATIENCE_S)
    recording.shutdown()
    return run.name


def test_command_answers_in_less_than_two_kilobytes(failed_run: str, tmp_path: Path) -> None:
    """Verdict, first bad step, evidence, the pictures, what to do next; the status tells, too."""
    done = command("why", "latest", "--json")

    assert done.status == 3
    assert len(done.out.encode()) < 2_000
    answer = done.json
    assert (answer["task_id"], answer["status"]) == (failed_run, "failed")
    assert (answer["why"]["kind"], answer["why"]["step"]) == ("tap_beside", 2)
    assert answer["before"] != answer["after"]
    assert all(Path(answer[side]).is_file() for side in ("before", "after"))
    assert answer["next"] == f"otel-steps step {failed_run} 2"
    text = command("why", failed_run)
    assert text.status == 3
    assert f"why      {answer['why']['sentence']['en']}" in text.out.splitlines()


def test_command_tells_by_its_status_how_a_run_ended() -> None:
    """Well, not yet, or for a reason that is not in the recording; no such run is an error."""
    store_tasks("well")
    with closing(open_store()) as store:
        store.write(Batch(tasks=[a_task("on", status="running"), a_task("odd", status="failed")]))

    statuses = {name: command("why", name).status for name in ("well", "on", "odd", "none")}

    assert statuses == {"well": 0, "on": 5, "odd": 4, "none": 1}
    assert command("why", "well", "--json").json["why"] is None


def test_every_place_tells_the_same(failed_run: str) -> None:
    """The report, the list as JSON, the API, the cards of the list, and the export."""
    why = command("why", "latest", "--json").json["why"]

    assert command("report", "latest", "--format", "json").json["why"] == why
    assert command("tasks", "--json").json[0]["why"] == why
    assert why["sentence"]["en"] in command("report", "latest").out
    assert command("export", "latest", "--format", "json", "-o", "-").json["why"] == why
    with opened_library() as library, client_of(library) as client:
        for path in (f"/api/tasks/{failed_run}", f"/api/tasks/{failed_run}/report"):
            assert client.get(path).json()["data"]["why"] == why
        assert client.get("/api/tasks").json()["data"]["tasks"][0]["why"] == why
    assert (
        f"- why: {why['sentence']['en'][:20]}" in command("report", "latest", "--format", "md").out
    )
    page = command("export", "latest", "-o", "-").out
    assert json.dumps(why["fingerprint"]) in page
