"""The commands say what is true, in words or in JSON, and end with a status for scripts."""

import hashlib
import io
import json
import re
import shlex
import sqlite3
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from otel_steps import semconv, viewer
from otel_steps.cli import main
from otel_steps.cli.flag_words import FLAG_WORDS
from otel_steps.cli.wording import (
    action_text,
    duration_text,
    plain,
    short_ids,
    size_text,
)
from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.otlp import to_line
from otel_steps.otlp.span import Span
from otel_steps.pictures.stored import StoredPicture
from otel_steps.pricing.amounts import amount_text
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from otel_steps.stores.annotation import Annotation
from tests.commands import (
    AT,
    command,
    leave_behind,
    python,
    store_tasks,
    store_used,
    task_spans,
    write_prices,
)
from tests.patience import PATIENCE_S
from tests.pictures import png

# --- All commands


def test_help_names_every_command() -> None:
    """The help lists what there is, and asking for it is a success."""
    done = command("--help")

    assert done.status == 0
    for name in ("demo", "run", "tasks", "report", "sync", "migrate", "import", "doctor"):
        assert f"\n  {name} " in done.out


def test_version_is_printed() -> None:
    """`--version` says which one is installed."""
    done = command("--version")

    assert (done.status, done.out.split()[0]) == (0, "otel-steps")


def test_bad_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used ends every command with its name, its value and 2."""
    monkeypatch.setenv("OTEL_STEPS_BUFFER_SIZE", "many")

    for name in ("tasks", "sync"):
        done = command(name)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert "OTEL_STEPS_BUFFER_SIZE has the value 'many'" in done.err


def test_store_that_is_not_there_is_one_line() -> None:
    """A store that cannot be opened ends a command with the reason and the remedy."""
    done = command("tasks", "--store", "postgresql://me:secret@host/db")

    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("error: ")
    assert "secret" not in done.err


def test_output_may_be_any_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream in memory takes the answer as a terminal does."""
    store_tasks("aaaaaaaa-1")
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)

    with pytest.raises(SystemExit):
        main(["tasks", "--json"])

    assert json.loads(stream.getvalue())[0]["task_id"] == "aaaaaaaa-1"


# --- tasks


def test_tasks_lists_the_newest_first() -> None:
    """Each task is a line with its beginning of an id, status, counts and description."""
    store_tasks("aaaaaaaa-1", "aaaaaaaa-2", "bbbbbbbb-3")

    done = command("tasks")

    lines = done.out.splitlines()
    assert (done.status, done.err) == (0, "")
    assert [line.split()[0] for line in lines] == ["TASK", "bbbbbbbb", "aaaaaaaa-2", "aaaaaaaa-1"]
    assert lines[1].split()[1:6] == ["completed", "1", "1", "1", "min"]
    assert "任务 bbbbbbbb-3" in lines[1]
    assert lines[1].rstrip().endswith("emulator-5554")


def test_tasks_in_a_narrow_terminal_shortens_the_description_only() -> None:
    """80 columns have room for all but the device and the end of a long description."""
    store_tasks("aaaaaaaa-1", **{semconv.TASK_DESCRIPTION: "a long way to go " * 9})

    lines = python("-m", "otel_steps", "tasks", COLUMNS="80").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert len(lines) == 2
    assert lines[1].startswith("aaaaaaaa  completed ")
    assert lines[1].endswith("…")


def test_tasks_in_a_narrow_terminal_keeps_ids_and_descriptions() -> None:
    """At 60 columns ids are whole, and of each description there is enough to know it by."""
    ids = ("nightly-checkout-0001", "nightly-checkout-0002")
    store_tasks(*ids, **{semconv.TASK_DESCRIPTION: "打开相机 and take a photo of the cat"})

    lines = python("-m", "otel_steps", "tasks", COLUMNS="60").stdout.splitlines()

    assert lines[0].split() == ["TASK", "STATUS", "DESCRIPTION"]
    assert [line.split()[0] for line in lines[1:]] == [*reversed(ids)]
    assert all("completed  打开相机 and take" in line for line in lines[1:])
    assert max(map(cell_len, lines)) <= 60


@pytest.mark.parametrize("width", [1, 30])
def test_tasks_in_no_room_at_all_are_long_lines(width: int) -> None:
    """Where even the shortest line is too long it is as long as it must be."""
    store_tasks("aaaaaaaa-1", **{semconv.TASK_DESCRIPTION: "take a photo of the cat"})

    lines = python("-m", "otel_steps", "tasks", COLUMNS=str(width)).stdout.splitlines()

    assert lines[1].startswith("aaaaaaaa  completed  take a phot")


def useless_taps(task_id: str, count: int = 4) -> list[Span]:
    """Return the spans of a task whose taps leave the picture as it was."""
    root, tap, _ = task_spans(task_id)
    picture = {semconv.SCREENSHOT_SHA256: "ab" * 32}
    taps = [
        replace(
            tap,
            span_id=f"{number + 100:016x}",
            start_time_unix_nano=AT + number * 10**9,
            end_time_unix_nano=AT + number * 10**9 + 1,
            attributes={**tap.attributes, **picture, semconv.STEP_NUMBER: number},
        )
        for number in range(1, count + 1)
    ]
    return [root, *taps]


PICTURE = StoredPicture(
    sha256="ab" * 32,
    path=f"ab/{'ab' * 32}.webp",
    file_size=1,
    file_hash="ab" * 32,
    compressed=True,
    mime_type="image/webp",
    width=540,
    height=1200,
    phash=7,
)


def test_tasks_and_report_show_what_is_odd() -> None:
    """Steps that did nothing are told from those that did, whatever they call themselves."""
    with closing(open_store()) as store:
        store.write(batch_of(useless_taps("aaaaaaaa-1"), {PICTURE.sha256: PICTURE}))

    table = command("tasks")
    narrow = python("-m", "otel_steps", "tasks", COLUMNS="60")
    report = command("report", "latest")

    assert "4 x loop, 3 x no effect" in table.out.splitlines()[1]
    assert narrow.stdout.splitlines()[0].split() == [
        *("TASK", "STATUS", "OK", "FAILED", "FLAGS", "DESCRIPTION")
    ]
    assert narrow.stdout.splitlines()[1].split()[3:5] == ["0", "4"]
    heads = [line for line in report.out.splitlines() if line.startswith("Step")]
    assert [line.endswith("loop, no effect") for line in heads] == [True] * 3 + [False]
    assert report.out.splitlines()[-1] == "worth a look: 4 x loop, 3 x no effect"


def test_report_says_what_became_of_a_picture() -> None:
    """Why a picture is black, why there is none, and that one is still to come."""
    black, lost, awaited = "ab" * 32, "cd" * 32, "ef" * 32
    root, *taps = useless_taps("aaaaaaaa-1", 3)
    named = [
        replace(tap, attributes={**tap.attributes, semconv.SCREENSHOT_SHA256: sha256})
        for tap, sha256 in zip(taps, (black, lost, awaited), strict=True)
    ]
    pictures = {black: replace(PICTURE, black=True), lost: "it was cut off"}
    with closing(open_store()) as store:
        store.write(batch_of([root, *named], pictures))

    lines = command("report", "latest").out.splitlines()

    notes = [line.strip() for line in lines if line.startswith("    picture: ")]
    assert notes[0].startswith("picture: the picture is all black: ")
    assert notes[1:] == ["picture: it was cut off", "picture: on its way to the store"]
    assert "1 x black screen" in lines[-1]


def test_flags_are_called_what_the_viewer_calls_them() -> None:
    """A person who goes from one to the other meets the same words."""
    page = Path(viewer.__file__).with_name("static") / "words.en.js"
    words = re.findall(r'"flag\.(\w+)": "(.*)"', page.read_text(encoding="utf-8"))

    assert {name: word.lower() for name, word in words} == FLAG_WORDS


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (("tasks", "--status", "c"), ["completed", "cancelled"]),
        (("report", "aaaa"), ["aaaaaaaa-1"]),
        (("export", ""), ["latest", "bbbbbbbb-2", "aaaaaaaa-1"]),
        (("report", "--dir", "/no/such/folder", "b"), []),
        (("report", "--store", "nonsense", "b"), []),
    ],
    ids=str,
)
def test_a_shell_completes_statuses_and_tasks(typed: tuple[str, ...], offered: list[str]) -> None:
    """Whatever is wrong, a shell that asks gets an answer and no message."""
    store_tasks("aaaaaaaa-1", "bbbbbbbb-2")

    done = python(
        *("-m", "otel_steps"),
        _OTEL_STEPS_COMPLETE="complete_bash",
        COMP_WORDS=shlex.join(["otel-steps", *typed]),
        COMP_CWORD=str(len(typed)),
    )

    assert (done.stdout.split(), done.stderr) == (offered, "")


def test_tasks_as_json_are_the_rows() -> None:
    """`--json` prints the rows of the store, with what they have used and why they went wrong."""
    store_tasks("aaaaaaaa-1", "bbbbbbbb-2")

    done = command("tasks", "--json")

    with closing(open_store()) as store:
        assert done.json == [{**row, "usage": None, "why": None} for row in store.tasks()]
    assert (done.status, done.err) == (0, "")


def test_tasks_can_be_chosen() -> None:
    """`--status` and `--limit` leave out the others; a status that does not exist is an error."""
    store_tasks("aaaaaaaa-1", "bbbbbbbb-2", "cccccccc-3")

    chosen = command("tasks", "--json", "--limit", "2").json
    assert [row["task_id"] for row in chosen] == ["cccccccc-3", "bbbbbbbb-2"]
    assert command("tasks", "--json", "--status", "failed").json == []
    with closing(open_store()) as store:
        store.annotate("aaaaaaaa-1", Annotation(tags=["x"], scores=[{"name": "r", "value": 0.5}]))
    for option in (["--tag", "x"], ["--judged"], ["--min-score", "0.5"]):
        assert [row["task_id"] for row in command("tasks", "--json", *option).json] == [
            "aaaaaaaa-1"
        ]
    assert "no task matches" in command("tasks", "--step-tag", "x").err
    for option, value in (("--status", "done"), ("--flag", "odd")):
        unknown = command("tasks", option, value)
        assert unknown.status == 2
        assert repr(value) in unknown.err


def test_no_tasks_is_no_error() -> None:
    """Where nothing is recorded yet, stderr says how to begin."""
    done = command("tasks")

    assert (done.status, done.out) == (0, "")
    assert "otel-steps demo" in done.err


def test_terminal_does_not_obey_what_a_model_wrote() -> None:
    """Escape sequences and line breaks of recorded text do not reach the terminal."""
    store_tasks("aaaaaaaa-1", **{semconv.TASK_DESCRIPTION: "\x1b[2Jgone\r\n[bold]x[/bold]"})

    for name in (["tasks"], ["report", "latest"]):
        done = command(*name)
        assert "\x1b" not in done.out
        assert "[bold]x[/bold]" in done.out


def test_reading_commands_ship_what_a_dead_process_left() -> None:
    """A run that was killed is complete when it is looked at: its last step is interrupted."""
    root, first, second = task_spans("aaaaaaaa-1")
    unknown = (semconv.STEP_SUCCESS, semconv.STEP_ERROR_KIND, semconv.STEP_ERROR_MESSAGE)
    running = [
        replace(
            root,
            end_time_unix_nano=0,
            attributes={**root.attributes, semconv.TASK_STATUS: "running"},
        ),
        replace(
            second,
            end_time_unix_nano=0,
            attributes={key: each for key, each in second.attributes.items() if key not in unknown},
        ),
    ]
    leave_behind([first], open_spans=running)

    (row,) = command("tasks", "--json").json

    assert row["status"] == "interrupted"
    report = command("report", "latest", "--format", "json").json
    assert [step["status"] for step in report["steps"]] == ["completed", "interrupted"]


def test_journal_that_cannot_ship_is_a_warning() -> None:
    """What does not reach the store is said on stderr; rows are shown without their pictures."""
    store_tasks("aaaaaaaa-1")
    picture = png()
    sha256 = hashlib.sha256(picture).hexdigest()
    spans = task_spans("bbbbbbbb-2", number=2, **{semconv.SCREENSHOT_SHA256: sha256})
    leave_behind(spans, picture=(sha256, picture))
    pictures = resolve().dir / "screenshots"
    pictures.write_text("in the way", encoding="utf-8")

    done = command("tasks", "--json")

    assert done.status == 0
    assert [row["task_id"] for row in done.json] == ["bbbbbbbb-2", "aaaaaaaa-1"]
    assert "warning: 1 picture waits in the journal" in done.err
    assert str(pictures) in done.err
    again = command("sync")
    assert (again.status, again.out) == (1, "0 spans shipped, 0 waiting and 1 picture\n")
    assert f"1 picture waits still: cannot write below {pictures}" in again.err
    pictures.unlink()
    assert command("sync").status == 0


def test_reading_commands_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that takes its time to write is read as it is, with a warning."""
    store_tasks("aaaaaaaa-1")
    leave_behind(task_spans("bbbbbbbb-2", number=2))
    monkeypatch.setattr("otel_steps.cli.backlog._PATIENCE_S", 0.05)
    shippers = set(threading.enumerate())
    with closing(sqlite3.connect(resolve().dir / "steps.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        done = command("tasks", "--json")
        other.execute("ROLLBACK")
    for thread in set(threading.enumerate()) - shippers:
        thread.join(PATIENCE_S)

    assert (done.status, [row["task_id"] for row in done.json]) == (0, ["aaaaaaaa-1"])
    assert "still on their way" in done.err
    assert len(command("tasks", "--json").json) == 2


# --- report


def test_report_shows_every_step() -> None:
    """The text names the task, and of each step action, outcome, time, app and full thinking."""
    store_tasks("aaaaaaaa-1")

    done = command("report", "aaaaaaaa-1")

    assert (done.status, done.err) == (0, "")
    for line in (
        "任务 aaaaaaaa-1",
        "status   completed",
        "duration 1 min 05 s",
        "result   all done",
        "Step 1  action  Tap (500, 82)  ok  500 ms  in Settings",
        "Step 2  action  Launch X  failed  500 ms",
        "    action_error: App not found: X",
        "2 steps: 1 ok, 1 failed (50% ok); 500 ms a step, 0 screenshots",
    ):
        assert line in done.out.splitlines()
    thinking = " ".join(line.strip() for line in done.out.splitlines() if "I tap" in line)
    assert thinking == ("I tap the button. " * 12).strip()


def test_report_of_a_running_step_says_so() -> None:
    """A step that has not ended is neither ok nor failed."""
    _, first, _ = task_spans("aaaaaaaa-1")
    running = Span(
        trace_id=first.trace_id,
        span_id=first.span_id,
        name="step",
        start_time_unix_nano=AT,
        attributes={semconv.TASK_ID: "aaaaaaaa-1", semconv.STEP_NUMBER: 1},
    )
    with closing(open_store()) as store:
        store.write(batch_of([running], {}))

    done = command("report", "latest")

    assert "running" in next(line for line in done.out.splitlines() if line.startswith("Step 1"))
    assert "(no description)" in done.out
    assert "status   unknown" in done.out


def test_report_as_json_is_the_report_of_the_store() -> None:
    """`--format json` prints what the store's `report()` returns, with what was used."""
    store_tasks("aaaaaaaa-1")

    done = command("report", "latest", "--format", "json")

    with closing(open_store()) as store:
        assert done.json == {**(store.report("aaaaaaaa-1") or {}), "usage": None, "why": None}


def test_tokens_and_cost_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a step, a task, a day and a model; what has no price has no cost, and is named."""
    monkeypatch.setenv("OTEL_STEPS_PRICES", str(write_prices(tmp_path)))
    store_used("aaaaaaaa-1", "m")
    store_used("bbbbbbbb-2", "autoglm", number=2)

    table = [line.split() for line in command("tasks").out.splitlines()]
    report = command("report", "aaaaaaaa-1").out
    stats = command("stats")
    counts = command("stats", "--json").json

    assert table[0][5:7] == ["TOKENS", "COST"]
    assert table[1][8:11] == ["10,500", "price", "unknown"]
    assert table[2][8:11] == ["10,500", "USD", "0.095"]
    assert report.count("10,000 tokens in (4,000 cached), 500 out") == 2
    assert "500 out; USD 0.095 (prices of 2026-11-20)" in report
    assert "500 out; price unknown (autoglm)" in command("report", "bbbbbbbb-2").out
    assert (stats.status, stats.err) == (0, "")
    headline = "2 tasks (2 completed), 100% of those that have ended succeeded, 4 steps (2 failed)"
    assert stats.out.startswith(f"{headline}\n")
    rows = [line.split() for line in stats.out.splitlines()]
    counted = ["1", "10,000", "4,000", "500"]
    assert ["m", *counted, "USD", "0.095"] in rows
    assert ["autoglm", *counted, "price", "unknown", "(autoglm)"] in rows
    assert rows[-1][:3] == ["prices", "of", "2026-11-20,"]
    assert (counts["total"]["tasks"], counts["usage"]["total"]["steps"]) == (2, 2)
    assert [each["model"] for each in counts["usage"]["by_model"]] == ["autoglm", "m"]


def test_stats_of_nothing_say_so() -> None:
    """Where no step has told its tokens there is no table, and no 0."""
    store_tasks("aaaaaaaa-1")

    done = command("stats")

    assert done.status == 0
    assert done.out.endswith("\nno step says what it has used of its model\n")
    assert "TOKENS" not in command("tasks").out
    assert "price" not in command("report", "latest").out


def test_prices_that_cannot_be_read_end_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says which file, and what to do."""
    monkeypatch.setenv("OTEL_STEPS_PRICES", "nowhere.toml")
    store_tasks("aaaaaaaa-1")

    for arguments in (("tasks",), ("report", "latest"), ("stats",), ("view", "--no-open")):
        done = command(*arguments)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert "nowhere.toml cannot be used: it cannot be read" in done.err


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "0.00"),
        (1234.5, "1,234.50"),
        (0.095, "0.095"),
        (0.1, "0.10"),
        (0.00123456, "0.0012"),
        (1.26e-7, "1.3e-07"),
    ],
)
def test_amounts_read_well(amount: float, text: str) -> None:
    """Two digits that count, however little a step costs."""
    assert amount_text(amount) == text


@pytest.mark.parametrize("form", ["text", "json"])
def test_report_goes_to_a_file(tmp_path: Path, form: str) -> None:
    """`--output` writes what stdout would have had."""
    store_tasks("aaaaaaaa-1")
    path = tmp_path / "report"

    printed = command("report", "latest", "--format", form)
    done = command("report", "latest", "--format", form, "-o", path)
    to_stdout = command("report", "latest", "--format", form, "--output", "-")

    assert (done.status, done.out) == (0, "")
    assert path.read_text(encoding="utf-8") == printed.out == to_stdout.out


def test_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file that cannot be written is named, with exit status 1."""
    store_tasks("aaaaaaaa-1")

    done = command("report", "latest", "--output", tmp_path)

    assert (done.status, done.err.count("\n")) == (1, 1)
    assert str(tmp_path) in done.err


def test_task_is_found_by_its_beginning() -> None:
    """A beginning that only one id has is enough, and `latest` is the newest."""
    store_tasks("aaaaaaaa-1", "aaaaaaab-2")

    by_beginning = command("report", "aaaaaaaa", "--format", "json").json
    assert by_beginning["task"]["task_id"] == "aaaaaaaa-1"
    assert command("report", "latest", "--format", "json").json["task"]["task_id"] == "aaaaaaab-2"


def test_ambiguous_beginning_lists_the_tasks() -> None:
    """A beginning of several ids is an error that lists them."""
    store_tasks("aaaaaaaa-1", "aaaaaaab-2", "cccccccc-3")

    done = command("report", "aaaa")

    assert (done.status, done.out) == (1, "")
    assert "aaaaaaaa-1" in done.err
    assert "aaaaaaab-2" in done.err
    assert "cccccccc-3" not in done.err


def test_unknown_task_names_the_closest() -> None:
    """An id that is not there is an error that names it and what it may have been."""
    store_tasks("aaaaaaaa-1", "zzzzzzzz-2")

    done = command("report", "aaaxaaaa-1")
    assert (done.status, done.out) == (1, "")
    assert "no task 'aaaxaaaa-1'" in done.err
    assert "aaaaaaaa-1  任务" in done.err
    assert "zzzzzzzz" not in done.err
    assert "otel-steps tasks" in command("report", "0").err


def test_latest_of_nothing_is_an_error() -> None:
    """There is no latest task before the first one."""
    done = command("report", "latest")

    assert (done.status, "otel-steps demo" in done.err) == (1, True)


# --- sync


def test_sync_ships_what_waits() -> None:
    """All that a dead process left is in the store afterwards, and a second time nothing is."""
    leave_behind(task_spans("aaaaaaaa-1"))

    done = command("sync")
    assert (done.status, done.out) == (0, "3 spans shipped, 0 waiting\n")
    assert command("sync", "--json").json["shipped"] == 0
    assert command("tasks", "--json").json[0]["total_steps"] == 2


def test_sync_says_why_something_still_waits(tmp_path: Path) -> None:
    """A store that refuses leaves all on disk: exit status 1, the reason and the remedy."""
    leave_behind(task_spans("aaaaaaaa-1"))
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)

    done = command("sync", "--store", f"sqlite:///{tmp_path}/broken.db", "--json")

    assert (done.status, done.json["shipped"], done.json["waiting"]) == (1, 0, 3)
    assert "3 spans wait still" in done.err
    assert "broken.db" in done.err
    assert command("sync").status == 0


def test_sync_leaves_a_running_process_alone() -> None:
    """What a living process has in its journal is its own to ship, and is said to wait."""
    settings = resolve()
    journal = Journal(
        settings.backup_dir, durability="process", max_disk_bytes=2**30, problems=Problems(None)
    )
    span = task_spans("aaaaaaaa-1")[0]
    journal.append(to_line(span), span_id=span.span_id)

    done = command("sync")
    journal.close()

    assert done.status == 1
    assert "a process that runs" in done.err
    assert command("sync").status == 0


def test_dead_letters_are_tried_again() -> None:
    """`--dead` brings back what had been set aside, and says how many."""
    for span in task_spans("aaaaaaaa-1"):
        DeadLetters(resolve().backup_dir).add(span, reason="column missing", code="42703")

    done = command("sync", "--dead")

    assert (done.status, done.out) == (
        0,
        "3 spans shipped, 3 dead letters tried again, 0 waiting\n",
    )
    assert DeadLetters(resolve().backup_dir).count() == 0


def test_spans_that_can_never_be_stored_are_said() -> None:
    """A row that the store refuses for good is a dead letter, and the exit status 1."""
    store_tasks("aaaaaaaa-1")
    with closing(sqlite3.connect(resolve().dir / "steps.db")) as database:
        refusal = (
            "CREATE TRIGGER no BEFORE INSERT ON task_steps BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        database.execute(refusal)
    leave_behind(task_spans("bbbbbbbb-2", number=2)[:2])

    done = command("sync")

    assert (done.status, done.out) == (1, "1 span shipped, 0 waiting\n")
    assert "1 span can never be stored" in done.err
    assert "otel-steps doctor" in done.err


def test_known_spans_are_counted_as_such() -> None:
    """A replay of what the store has says so."""
    store_tasks("aaaaaaaa-1")
    leave_behind(task_spans("aaaaaaaa-1"))

    assert "3 of them known already" in command("sync").out


# --- Words


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({"_metadata": "do", "action": "Tap", "element": [500, 82]}, "Tap (500, 82)"),
        (
            {"action": "Swipe", "_metadata": "do", "start": [5, 8], "end": [5, 3]},
            "Swipe (5, 8) to (5, 3)",
        ),
        ({"_metadata": "do", "action": "Type", "text": "你好\nAnn"}, 'Type "你好 Ann"'),
        ({"_metadata": "finish", "message": "done"}, 'finish "done"'),
        ({"_metadata": "do", "action": "Wait", "duration": "2 seconds"}, "Wait duration=2 seconds"),
        ({"type": "click", "x": 1}, "click x=1"),
        ("press\x1b[0m", "press\ufffd[0m"),
        (None, ""),
        ([1, 2], "[1, 2]"),
    ],
    ids=str,
)
def test_actions_read_well(action: Any, text: str) -> None:
    """An action of any shape becomes one short line."""
    assert action_text(action) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, "-"), (0, "0 ms"), (2449, "2.4 s"), (185_000, "3 min 05 s"), (3_840_000, "1 h 04 min")],
)
def test_durations_read_well(milliseconds: float | None, text: str) -> None:
    """A duration has the unit that fits it."""
    assert duration_text(milliseconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(812, "812 bytes"), (2048, "2.0 KiB"), (3 * 2**20, "3.0 MiB"), (5 * 2**31, "10.0 GiB")],
)
def test_sizes_read_well(size: int, text: str) -> None:
    """A size has the unit that fits it."""
    assert size_text(size) == text


def test_short_ids_stay_apart() -> None:
    """Ids are cut to 8 characters, or to as many as tell them apart."""
    ids = ["run-2026-11-01", "run-2026-11-02", "run-2026-11", "5f2c6a0e-1111", "x"]

    assert short_ids(ids) == {
        "run-2026-11-01": "run-2026-11-01",
        "run-2026-11-02": "run-2026-11-02",
        "run-2026-11": "run-2026-11",
        "5f2c6a0e-1111": "5f2c6a0e",
        "x": "x",
    }


def test_plain_text_keeps_its_lines() -> None:
    """Control characters go, line breaks and tabs stay."""
    assert plain("a\n\tb\x07\x9bc") == "a\n\tb\ufffd\ufffdc"


def test_json_is_escaped_where_the_terminal_lacks_unicode() -> None:
    """In an ASCII terminal JSON loses nothing, and text no more than what cannot be shown."""
    store_tasks("aaaaaaaa-1")

    as_json = python("-m", "otel_steps", "tasks", "--json", PYTHONIOENCODING="ascii")
    as_text = python("-m", "otel_steps", "tasks", PYTHONIOENCODING="ascii")

    assert json.loads(as_json.stdout)[0]["task_description"] == "任务 aaaaaaaa-1"
    assert (as_text.returncode, "?? aaaaaaaa-1" in as_text.stdout) == (0, True)
