"""Moving in: what other recorders have left becomes the same rows as a recording, once each."""

import builtins
import datetime
import errno
import hashlib
import json
import os
import pickle
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otel_steps.admit import Admission
from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.importing import FormerDatabase, Importer, find_sources, plain_pickle, replay
from otel_steps.importing.item import (
    Item,
    PictureFile,
    Refused,
    milliseconds,
    span_id_of,
    span_of,
    unix_nano,
)
from otel_steps.migrations import runner
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.model import Batch
from otel_steps.stores import RowRejected, StoreOnHold, StoreUnavailable, Written, open_store
from tests.commands import command
from tests.dict_store import DictStore
from tests.pictures import png
from tests.supabase import databases
from tests.supabase.postgres import Postgres

pytest_plugins = ["tests.supabase.fixtures"]

_TRACE = "31e4f580b1134cfa96cb64da478b0afd"
_LATER = datetime.timedelta(seconds=1)
_AT = datetime.datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.UTC)


def rows(task_id: str) -> Any:
    """Return all that the default store holds of a task."""
    with closing(open_store()) as store:
        return {"report": store.report(task_id), "spans": store.spans(task_id)}


# --- AutoGLM-GUI's replays


class ReplayWriter:
    """Writes a run as AutoGLM-GUI 1.5.21 does (`AutoGLM_GUI/trace.py`), a second an event."""

    def __init__(self, folder: Path, *, trace_id: str = _TRACE, task_id: str = "t-1") -> None:
        self.folder = folder / "runs" / trace_id
        (self.folder / "artifacts").mkdir(parents=True)
        self.path = self.folder / "replay.jsonl"
        self._ids = {"trace_id": trace_id, "task_id": task_id}
        self._seq = -1
        self._time = _AT
        self._event("task_start", "autoglm.task.start", role="system")

    def event(self, kind: str, **payload: Any) -> None:
        """Write an event that is no step."""
        self._event(kind, f"autoglm.event.{kind}", payload=payload)

    def step(
        self,
        number: int | None,
        *,
        action: Any = None,
        picture: bytes | None = None,
        timings: dict[str, Any] | None = None,
        **result: Any,
    ) -> None:
        """Write a step, and the file of its picture."""
        artifacts = {}
        if picture is not None:
            name = f"artifacts/step_{number:04d}_screen.png"
            (self.folder / name).write_bytes(picture)
            artifacts["screenshot"] = {
                "id": f"step_{number:04d}_screen",
                "path": name,
                "mime_type": "image/png",
                "sha256": hashlib.sha256(picture).hexdigest(),
                "size_bytes": len(picture),
            }
        step = {
            "index": number,
            "agent_type": None,
            "model_name": "autoglm-phone-9b",
            "thinking": f"想 {number}",
            "action": action,
            "result": {"success": True, "finished": False, "message": None, **result},
            "timings": timings or {},
            "artifacts": artifacts,
        }
        self._event("step", "autoglm.step", step=step)

    def line(self, line: str) -> None:
        """Write anything."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)

    def _event(self, kind: str, name: str, role: str = "assistant", **more: Any) -> None:
        self._seq += 1
        self._time += _LATER
        event = {
            "schema": "autoglm.replay.event.v1",
            "record_type": "event",
            **self._ids,
            "event_seq": self._seq,
            "event_type": kind,
            "event_name": name,
            "timestamp": self._time.isoformat(),
            "source": "classic_chat",
            "role": role,
            "device": {"device_id": "emulator-5554", "device_serial": "emulator-5554"},
            "task": {"id": "t-1", "input_text": "打开设置", "status": "RUNNING"},
            **more,
        }
        self.line(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")


@pytest.fixture
def run(tmp_path: Path) -> ReplayWriter:
    """Return a run that has started."""
    return ReplayWriter(tmp_path)


def test_replay_becomes_task_steps_and_pictures(run: ReplayWriter) -> None:
    """A run is a task with its steps, their times, actions, timings and pictures."""
    run.event("thinking", chunk="想")
    tap = {"_metadata": "do", "action": "Tap", "element": [500, 82]}
    timings = {"step": 1, "total_duration_ms": 900.5, "llm_duration_ms": 700.0, "odd": None}
    run.step(1, action=tap, picture=png(colour=(1, 2, 3)), timings=timings)
    run.step(2, action={"_metadata": "finish"}, picture=png(), finished=True, message="好了")
    run.event("done", message="好了", steps=2, success=True, stop_reason="completed")

    done = command("import", run.path)

    assert (done.status, done.err) == (0, "")
    assert done.out == "imported 1 tasks, 2 steps, 2 pictures\n"
    report = rows("t-1")["report"]
    task, (first, second) = report["task"], report["steps"]
    assert (task["status"], task["result"], task["total_steps"]) == ("completed", "好了", 2)
    assert (task["task_description"], task["device_id"]) == ("打开设置", "emulator-5554")
    assert (task["agent"], task["model"]) == ("AutoGLM-GUI", "autoglm-phone-9b")
    assert (first["trace_id"], first["step_number"], first["thinking"]) == (_TRACE, 1, "想 1")
    assert (first["action"], first["duration_ms"]) == (tap, 900)
    assert first["ended_at"] == "2026-05-06T07:08:12.123456+00:00"
    assert first["timings"] == {"total_ms": 900.5, "model_ms": 700.0}
    # Nobody has measured the second: it began when the first was over.
    assert (second["step_type"], second["duration_ms"]) == ("completion", 1000)
    pictures = [each["metadata"]["sha256"] for each in report["screenshots"]]
    expected = [hashlib.sha256(each).hexdigest() for each in (png(colour=(1, 2, 3)), png())]
    assert sorted(expected) == sorted(pictures)
    assert all(Path(each["screenshot_path"]).is_file() for each in report["steps"])


def test_importing_twice_changes_nothing(run: ReplayWriter) -> None:
    """The same run, imported again, leaves every row as it is."""
    run.step(1, picture=png())
    run.event("tool_call", tool_name="chat", arguments={"message": "x"})
    run.event("done", message="ok", success=True)
    command("import", run.path)
    before = rows("t-1")

    done = command("import", run.folder.parent, "--json")

    assert (before, 3) == (rows("t-1"), done.json["known"])
    assert before["spans"][0]["attributes"] == {
        "autoglm.payload": '{"tool_name":"chat","arguments":{"message":"x"}}'
    }


def test_run_that_goes_on_is_completed_by_the_next_import(run: ReplayWriter) -> None:
    """A run without an end counts as interrupted, until an import finds its end."""
    run.step(1)
    command("import", run.path)
    first = rows("t-1")["report"]["task"]["status"]
    run.step(2)
    run.event("done", message="ok", success=True)

    command("import", run.path)

    report = rows("t-1")["report"]
    assert (
        first,
        report["task"]["status"],
        report["task"]["total_steps"],
    ) == ("interrupted", "completed", 2)


@pytest.mark.parametrize(
    ("kind", "payload", "status"),
    [
        ("done", {"message": "no", "success": False}, "failed"),
        ("done", {"success": False, "stop_reason": "max_steps_reached"}, "max_steps"),
        ("error", {"message": "boom sk-abcdefghijkl", "stop_reason": "error"}, "failed"),
        ("cancelled", {"message": "by user"}, "cancelled"),
        ("takeover", {"message": "please log in"}, "completed"),
    ],
)
def test_replay_ends_as_it_says(
    run: ReplayWriter, kind: str, payload: dict[str, Any], status: str
) -> None:
    """The last word of a run decides how its task ended; a secret in it is masked."""
    run.step(1)
    run.event(kind, **payload)

    command("import", run.path)

    task = rows("t-1")["report"]["task"]
    assert status == task["status"]
    assert "abcdefghijkl" not in json.dumps(task)
    assert (task["result"] is None) == (status != "completed")


def test_failed_step_says_why(run: ReplayWriter) -> None:
    """A step that failed has its message, its kind and the details of the agent."""
    details = {"code": 401}
    run.step(1, success=False, message="Model error: refused", error_details=details)

    command("import", run.path)

    (step,) = rows("t-1")["report"]["steps"]
    assert (step["status"], step["error_kind"]) == ("failed", "model_error")
    assert step["error_message"] == "Model error: refused"
    assert step["step_data"] == {"message": "Model error: refused", "error_details": details}


def test_bad_lines_are_refused_and_the_others_imported(run: ReplayWriter) -> None:
    """A line that is no event is named with its reason; the exit status says so."""
    run.step(1)
    for event in ([1], {"schema": "autoglm.replay.event.v2"}, {"schema": replay.SCHEMA}):
        run.line(json.dumps(event) + "\n\n")
    event = {"schema": replay.SCHEMA, "trace_id": _TRACE, "task_id": "t-1", "timestamp": "soon"}
    run.line(json.dumps(event) + "\n")
    run.line("[" * replay.MAX_LINE_BYTES + "[\n")
    run.line('{"schema": "autoglm.repl')

    done = command("import", run.path, "--json")

    assert (done.status, done.json["steps"]) == (1, 1)
    reasons = [(r["source"].rpartition(" ")[2], r["reason"]) for r in done.json["refused"]]
    assert reasons == [
        ("3", f"not an event of the schema {replay.SCHEMA}"),
        ("5", f"not an event of the schema {replay.SCHEMA}"),
        ("7", "the event has no trace_id or no task_id"),
        ("9", "the event has no time"),
        ("10", f"not JSON: cut off, or longer than {replay.MAX_LINE_BYTES} bytes"),
        ("11", f"not JSON: cut off, or longer than {replay.MAX_LINE_BYTES} bytes"),
    ]


def test_odd_values_are_storable(tmp_path: Path) -> None:
    """Whatever stands where something else should, becomes a row."""
    run = ReplayWriter(tmp_path, trace_id="../no hex")
    run.step(None, action="Tap", timings={"total_duration_ms": True, "llm_duration_ms": 1e99})
    run.event("step", step="none")

    done = command("import", run.path)

    assert done.status == 0
    first, second = rows("t-1")["report"]["steps"]
    assert (first["action"], first["step_number"], first["timings"]) == ("Tap", 0, None)
    assert (len(first["trace_id"]), second["trace_id"]) == (32, first["trace_id"])


def test_picture_of_another_step_is_left_out(run: ReplayWriter) -> None:
    """A file that was overwritten since is not the picture that the step saw."""
    run.step(1, picture=png(colour=(1, 1, 1)))
    run.step(1, picture=png(colour=(2, 2, 2)))

    done = command("import", run.path)

    first, second = rows("t-1")["report"]["steps"]
    assert done.out.endswith("; 1 pictures are not where their steps say\n")
    assert "is not the picture of this step" in first["attributes"]["otel_steps.screenshot.error"]
    assert (first["screenshot_path"], bool(second["screenshot_path"])) == (None, True)


@pytest.mark.parametrize("path", ["../../secret.png", "/etc/x.png", "C:\\x.png", "a\\..\\..\\x", 7])
def test_replay_cannot_name_files_elsewhere(run: ReplayWriter, path: Any, tmp_path: Path) -> None:
    """A path that leads out of the run's folder is not followed."""
    (tmp_path / "secret.png").write_bytes(png())
    run.step(1, picture=png())
    text = run.path.read_text(encoding="utf-8")
    run.path.write_text(
        text.replace('"artifacts/step_0001_screen.png"', json.dumps(path)), encoding="utf-8"
    )

    done = command("import", run.path, "--json")

    assert (done.status, done.json["pictures"], done.json["missing_pictures"]) == (0, 0, 0)


# --- The tracker's pickles


def a_step(number: int = 1, **more: Any) -> dict[str, Any]:
    """Return a step as the tracker's `to_dict()` did."""
    return {
        "step_id": f"00000000-0000-4000-8000-{number:012d}",
        "task_id": "former",
        "step_number": number,
        "step_type": "action",
        "step_data": {"action": "Tap"},
        "thinking": "想",
        "action_result": {"success": True},
        "screenshot_path": None,
        "duration_ms": 250,
        "success": True,
        "error_message": None,
        "timestamp": (_AT + number * _LATER).isoformat(),
        "metadata": None,
        **more,
    }


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Return the folder that a tracker in the folder `project` backs its steps up to."""
    folder = tmp_path / "project" / "backup" / "steps"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_become_steps(backup: Path, protocol: int) -> None:
    """A backup file is read in every protocol of pickle; its times are the end of a step."""
    failed = a_step(2, success=False, error_message="no such app", metadata={"n": (1, {2})})
    content = pickle.dumps([a_step(1), failed], protocol=protocol)
    (backup / "former_20260506_070809.pkl").write_bytes(content)

    done = command("import", backup.parent)

    assert (done.status, done.out) == (0, "imported 1 tasks, 2 steps, 0 pictures\n")
    report = rows("former")["report"]
    first, second = report["steps"]
    assert report["task"]["status"] is None
    assert (first["ended_at"], first["duration_ms"]) == ("2026-05-06T07:08:10.123456+00:00", 250)
    assert (first["step_data"], first["action_result"]) == ({"action": "Tap"}, {"success": True})
    assert (second["status"], second["error_message"]) == ("failed", "no such app")
    assert second["attributes"]["otel_steps.step.metadata"] == '{"n":[1,[2]]}'


def test_steps_of_several_files_meet_in_one_task(backup: Path) -> None:
    """Files of one task add up, and a step that two of them hold is there once."""
    (backup / "a.pkl").write_bytes(pickle.dumps([a_step(1), a_step(2)]))
    (backup / "b.pkl").write_bytes(pickle.dumps([a_step(2), a_step(3)]))

    command("import", backup)
    before = rows("former")
    command("import", backup)

    assert [step["step_number"] for step in before["report"]["steps"]] == [1, 2, 3]
    assert before == rows("former")


def test_pictures_are_found_where_the_agent_ran(backup: Path) -> None:
    """A path is relative to the folder that holds `backup/steps`."""
    (backup.parents[1] / "shot.png").write_bytes(png())
    steps = [
        a_step(1, screenshot_path="shot.png"),
        a_step(2, screenshot_path="gone.png"),
        a_step(3, screenshot_path="//server/share/shot.png"),
    ]
    (backup / "a.pkl").write_bytes(pickle.dumps(steps))

    done = command("import", backup, "--json")

    assert (done.json["pictures"], done.json["missing_pictures"]) == (1, 1)
    first, second, _ = rows("former")["report"]["steps"]
    assert Path(first["screenshot_path"]).is_file()
    assert "gone.png" in second["attributes"]["otel_steps.screenshot.error"]


class Calls:
    """Pickles as a call of *function*."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


class Named:
    """Pickles as a name of this module."""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda path: Calls(os.system, f"echo x > {path}"), f"{os.name}.system"),
        (lambda path: Calls(builtins.eval, f"open({str(path)!r}, 'w')"), "eval"),
        (lambda path: [a_step(1, step_data={"x": [Calls(open, str(path), "w")]})], "open"),
        (lambda _: {Named()}, ""),
        (lambda _: [a_step(1, step_data={"x": datetime.time(1)})], "datetime.time"),
        (lambda _: Calls(getattr, "", "format"), "getattr"),
    ],
    ids=["system", "eval", "nested open", "class", "another class of datetime", "getattr"],
)
def test_pickles_run_nothing(
    backup: Path, tmp_path: Path, protocol: int, make: Any, name: str
) -> None:
    """A file that names anything but plain data is refused, with the name, before it is called."""
    trap = tmp_path / "trap"
    (backup / "evil.pkl").write_bytes(pickle.dumps(make(trap), protocol=protocol))

    done = command("import", backup)

    assert (done.status, trap.exists()) == (1, False)
    assert done.out == "imported 0 tasks, 0 steps, 0 pictures; 1 refused\n"
    assert "evil.pkl: it names" in done.err
    assert f"{name}, which is not plain data" in done.err


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no whole pickle"),
        (pickle.dumps([a_step()])[:-20], "no whole pickle"),
        (b"\x80\x04r\xff\xff\xff\x7f.", "no whole pickle|remembers more"),
        (b"]r\xff\xff\xff\x7f.", "remembers more objects"),
        (b"\x8e" + struct.pack("<Q", 2**62) + b"x.", "no whole pickle"),
        (b"Psomewhere\n.", "object outside of itself"),
        (b"cdatetime\ndatetime\n(I1\ntR.", "no whole pickle"),
        (b"cdatetime\ndatetime\n}Vnow\nI1\nsb.", "no whole pickle"),
        pytest.param(
            b"(" + b"\x8f" * plain_pickle.MAX_INSTRUCTIONS + b"1.", "instructions", id="too many"
        ),
        pytest.param(b" " * (plain_pickle.MAX_BYTES + 1), "may have", id="too large"),
    ],
)
def test_broken_pickles_are_refused(data: bytes, reason: str) -> None:
    """A file that is cut off, lies about sizes or is too large ends with its reason."""
    with pytest.raises(plain_pickle.NotPlainError, match=reason):
        plain_pickle.loads(data)


def test_plain_pickles_are_read() -> None:
    """What a record may consist of comes back as it was."""
    zone = datetime.timezone(datetime.timedelta(hours=8))
    value = [None, True, 2**70, 1.5, "中", b"x", (1, {"a": {3}}), _AT, _AT.date(), zone]

    assert value == plain_pickle.loads(pickle.dumps(value))


def test_files_without_steps_are_refused(backup: Path) -> None:
    """A pickle of something else, and entries that are no steps, are named."""
    (backup / "a.pkl").write_bytes(pickle.dumps({"steps": []}))
    entries = [7, a_step(1, task_id=""), a_step(2, timestamp=None), a_step(3, step_id=None)]
    (backup / "b.pkl").write_bytes(pickle.dumps(entries))

    done = command("import", backup, "--json")

    assert (done.json["steps"], done.status) == (1, 1)
    where = [Path(each["source"]).name for each in done.json["refused"]]
    assert where == ["a.pkl", "b.pkl, entry 1", "b.pkl, entry 2", "b.pkl, entry 3"]


def test_files_that_cannot_be_read_are_refused(backup: Path, run: ReplayWriter) -> None:
    """A file that is gone when its turn comes is named, with the system's reason."""
    (backup / "a.pkl").write_bytes(b"")
    sources = find_sources(backup.parents[2])
    for path in (backup / "a.pkl", run.path):
        path.unlink()

    found = [each for source in sources for each in source.read()]

    reason = os.strerror(errno.ENOENT)
    assert found == [Refused(source.name, reason) for source in sources]
    assert len(sources) == 2


def test_many_refusals_are_cut_short(backup: Path) -> None:
    """A terminal shows the first twenty, and says how to see the others."""
    (backup / "a.pkl").write_bytes(pickle.dumps([7] * 25))

    done = command("import", backup)

    assert done.err.count("warning:") == 21
    assert done.err.endswith("warning: and 5 more; --json names all\n")


# --- The tracker's database


def test_database_becomes_tasks_and_steps(former: str, tmp_path: Path) -> None:
    """Task ids, words, counts and the steps' own times are kept; pictures come if they are here."""
    (tmp_path / "1.png").write_bytes(png())
    databases.run(
        former,
        f"UPDATE step_screenshots SET screenshot_path = '{tmp_path / '1.png'}';"
        """UPDATE tasks SET config = '{"api_key": "abc", "max_steps": 9, "hosts": ["u:p@h", "b"]}',
           result = 'ok' WHERE task_id = 'counted'""",
    )

    done = command("import", former)

    assert (done.status, done.err) == (0, "")
    assert done.out == "imported 3 tasks, 3 steps, 1 pictures\n"
    counted = rows("counted")["report"]
    assert (counted["task"]["status"], counted["task"]["result"]) == ("completed", "ok")
    assert counted["task"]["config"] == {"api_key": "***", "max_steps": 9, "hosts": ["u:p@h", "b"]}
    assert counted["steps"][0]["started_at"] == "2026-01-02T03:04:06.000000+00:00"
    assert counted["steps"][0]["ended_at"] == "2026-01-02T03:04:07.500000+00:00"
    assert Path(counted["steps"][0]["screenshot_path"]).is_file()
    uncounted = rows("uncounted")["report"]
    assert uncounted["task"]["task_description"] == "打开相机"
    assert uncounted["task"]["status"] == "failed"
    assert [step["success"] for step in uncounted["steps"]] == [True, False]
    assert uncounted["steps"][1]["error_message"] == "no such app"
    assert rows("bare")["report"]["task"]["status"] == "interrupted"


def test_database_imported_twice_changes_nothing(former: str) -> None:
    """A second import finds everything there already."""
    command("import", former)
    before = [rows(task_id) for task_id in ("counted", "uncounted", "bare")]

    done = command("import", former, "--json")

    assert (done.json["known"], done.json["steps"]) == (6, 3)
    assert before == [rows(task_id) for task_id in ("counted", "uncounted", "bare")]


def test_rows_are_read_in_portions(former: str) -> None:
    """More rows than a portion holds arrive all."""
    databases.run(
        former,
        """INSERT INTO task_steps (task_id, step_number, step_type, step_data)
           SELECT 'bare', n, 'action', '{}' FROM generate_series(1, 300) AS n""",
    )

    done = command("import", former, "--json")

    assert (done.json["steps"], rows("bare")["report"]["task"]["total_steps"]) == (303, 300)


def test_rows_without_time_are_refused(former: str) -> None:
    """A row that cannot be placed in time is named, and the others come."""
    databases.run(
        former,
        """UPDATE task_steps SET created_at = 'infinity' WHERE task_id = 'counted';
           UPDATE tasks SET created_at = 'infinity' WHERE task_id = 'bare'""",
    )

    done = command("import", former, "--json")

    assert (done.status, done.json["steps"]) == (1, 2)
    first, second = (each["source"] for each in done.json["refused"])
    assert first.endswith("tasks bare")
    assert second.endswith("task_steps 00000000-0000-4000-8000-000000000001")


def test_steps_alone_are_enough(former: str) -> None:
    """A database that has lost its other tables still has its steps; one without is refused."""
    databases.run(former, "DROP TABLE step_screenshots; DROP TABLE tasks CASCADE")

    first = command("import", former, "--json")
    databases.run(former, "DROP TABLE task_steps")
    second = command("import", former)

    assert (first.json["tasks"], first.json["steps"], second.status) == (2, 3, 1)
    assert "has no table task_steps; give the URL of the database" in second.err


def test_rows_of_otel_steps_stay_where_they_are(former: str, run: ReplayWriter) -> None:
    """Of a database that is in use already, only what the tracker wrote is imported."""
    runner.apply(former, lets_go=True)
    run.step(1)
    command("import", run.path, "--store", former)

    done = command("import", former, "--json")

    assert (done.json["tasks"], done.json["steps"]) == (3, 3)


def test_store_is_not_imported_into_itself(former: str) -> None:
    """A database that is the store, under whatever name, would have each step twice."""
    runner.apply(former, lets_go=True)

    done = command("import", former.replace("127.0.0.1", "localhost"), "--store", former)

    assert (done.status, done.out) == (1, "")
    assert "is the store itself; its old rows are readable where they are" in done.err


def test_database_is_imported_into_another(former: str, postgres_server: Postgres) -> None:
    """Into a store of the same kind on the same server it all goes, and goes once."""
    with postgres_server.empty_database() as url:
        runner.apply(url)

        first = command("import", former, "--store", url, "--json")
        second = command("import", former, "--store", url, "--json")

        assert (first.json["steps"], first.json["known"], second.json["known"]) == (3, 0, 6)


def test_database_that_cannot_be_had_is_one_line(former: str) -> None:
    """A wrong name and a wrong port say what failed, and nothing of the password."""
    wrong_name = command("import", former.rpartition("/")[0] + "/nowhere")
    wrong_port = command("import", "postgresql://me:geheim@127.0.0.1:1/x")

    assert "the URL to import from" in wrong_name.err
    assert "OTEL_STEPS_STORE" not in wrong_name.err
    assert "cannot be reached" in wrong_port.err
    assert "geheim" not in wrong_port.err
    assert (wrong_name.status, wrong_port.status) == (1, 1)


def test_connection_lost_while_reading_is_translated(former: str) -> None:
    """An error of the server is one of the store's three kinds."""
    databases.run(former, "ALTER TABLE task_steps DROP COLUMN step_number")

    with pytest.raises(StoreOnHold):
        list(FormerDatabase(former).read())


# --- What is imported, and into what


def test_folder_is_searched_for_both_kinds(run: ReplayWriter, backup: Path, tmp_path: Path) -> None:
    """All replays and pickles below a folder are imported, and nothing else is looked at."""
    run.step(1)
    (backup / "a.pkl").write_bytes(pickle.dumps([a_step()]))
    (tmp_path / "other.jsonl").write_text("no replay", encoding="utf-8")

    done = command("import", tmp_path, "--json")

    assert (done.status, done.json["tasks"], done.json["steps"]) == (0, 2, 2)


@pytest.mark.parametrize("name", ["", "nowhere", "notes.txt"])
def test_nothing_to_import_is_a_usage_error(tmp_path: Path, name: str) -> None:
    """A path that leads to nothing says what would be expected."""
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "notes.txt").write_text("", encoding="utf-8")

    done = command("import", folder / name)

    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)


class Refusing(DictStore):
    """A store that takes at most *limit* rows at once, and no step of one number."""

    def __init__(self, *, limit: int = 1000, bad: int = 0) -> None:
        super().__init__()
        self.limit = limit
        self.bad = bad

    def write(self, batch: Batch) -> Written:
        if len(batch.steps) > self.limit:
            raise StoreUnavailable("too large", halve=True)
        if any(step.step_number == self.bad for step in batch.steps):
            raise RowRejected("never", code="23514")
        return super().write(batch)


class NoPictures:
    """A place for pictures that takes none."""

    def save(self, sha256: str, data: bytes) -> StoredPicture:
        raise RowRejected("413")

    def find(self, sha256: str) -> StoredPicture | None:
        return None


def import_steps(store: Any, count: int, *, picture: PictureFile | None = None) -> Importer:
    importer = Importer(store, NoPictures(), Admission(resolve(), problems=Problems(None)))
    for number in range(1, count + 1):
        span = span_of(
            name="step",
            trace_id=_TRACE,
            span_id=f"{number:016x}",
            parent_span_id=None,
            start=1,
            end=2,
            imported_from="test",
            attributes={"otel_steps.task.id": "t", "otel_steps.step.number": number},
        )
        importer.take(Item(span, picture))
    importer.flush()
    return importer


def test_refused_row_costs_no_other() -> None:
    """One step that the store will never take is named; all others are stored."""
    store = Refusing(bad=70)

    imported = import_steps(store, 130).imported

    assert (imported.steps, store.count_steps("t")) == (129, 129)
    assert imported.refused == [Refused("task t, step 70", "never")]


def test_batches_shrink_where_the_store_asks() -> None:
    """A store that takes only little at once gets little."""
    assert import_steps(Refusing(limit=5), 100).imported.steps == 100


def test_store_that_is_away_ends_the_import() -> None:
    """What does not pass by smaller batches is not refused but raised."""
    with pytest.raises(StoreUnavailable):
        import_steps(Refusing(limit=0), 3)


def test_refused_picture_costs_no_step(tmp_path: Path) -> None:
    """A step whose picture is never taken says so, and is stored."""
    (tmp_path / "x.png").write_bytes(png())
    store = Refusing()

    imported = import_steps(store, 1, picture=PictureFile([tmp_path / "x.png"])).imported

    assert imported.refused == [Refused("the picture of task t, step 1", "413")]
    assert (imported.steps, imported.pictures) == (1, 0)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-05-06T07:08:09.123456+00:00", 1_778_051_289_123_456_000),
        ("2026-05-06T15:08:09.123456+08:00", 1_778_051_289_123_456_000),
        ("1970-01-01T00:00:00+00:00", 1),
        ("infinity", None),
        (None, None),
        ("9999-12-31T23:59:59-23:59", None),
    ],
)
def test_times(time: Any, expected: int | None) -> None:
    """A time with its zone is that moment; what is none is told apart."""
    assert expected == unix_nano(time)


def test_time_without_zone_is_local() -> None:
    """The tracker wrote the time of the clock on the wall."""
    local = _AT.astimezone().replace(tzinfo=None)

    assert unix_nano(local) == unix_nano(_AT)


@pytest.mark.parametrize("value", [None, True, "1", -1, float("nan"), 1e99])
def test_what_is_no_duration(value: Any) -> None:
    """Only a number of milliseconds that can be one counts."""
    assert milliseconds(value) is None


def test_ids_keep_names_apart() -> None:
    """Where one name ends and the next begins makes a difference."""
    assert span_id_of("a", "bc") != span_id_of("ab", "c")


def test_link_to_itself_ends(tmp_path: Path) -> None:
    """A folder that contains itself by a link is searched once."""
    (tmp_path / "a.pkl").write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)

    assert len(find_sources(tmp_path)) == 1


def test_only_files_are_sources(tmp_path: Path) -> None:
    """What has the right name and is no file is no source: a FIFO would be waited for."""
    assert find_sources(tmp_path / "gone.pkl") == []
