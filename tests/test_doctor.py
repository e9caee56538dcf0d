"""`otel-steps doctor` finds what is wrong, and says what to do about it."""

import hashlib
import os
import re
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otel_steps import semconv
from otel_steps.cli.surroundings import check_surroundings
from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.journal.dead_letters import DeadLetters
from tests.commands import Done, command, leave_behind, store_tasks, task_spans, write_prices
from tests.pictures import png


def checks_of(done: Done) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in done.json["checks"]}


def failed(done: Done) -> dict[str, dict[str, Any]]:
    return {name: check for name, check in checks_of(done).items() if check["status"] == "fail"}


def test_doctor_finds_nothing_wrong() -> None:
    """Where all is well every check says so, and the exit status is 0."""
    store_tasks("aaaaaaaa-1")
    done = command("doctor", "--json")
    assert (done.status, done.json["ok"], failed(done)) == (0, True, {})

    text = command("doctor")
    assert text.status == 0
    assert "checks: 0 failed" in text.out
    assert "store  sqlite can be read and written: 1 task, 2 steps" in text.out
    assert "database  SQLite's quick_check finds nothing wrong" in text.out


def test_doctor_names_the_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used is a failed check, and the surroundings are checked still."""
    monkeypatch.setenv("OTEL_STEPS_DURABILITY", "eternal")

    done = command("doctor", "--json")

    assert done.status == 1
    assert "OTEL_STEPS_DURABILITY has the value 'eternal'" in failed(done)["settings"]["message"]
    assert "versions" in checks_of(done)


def test_doctor_tells_which_prices_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How old the table is, and where it stands; one that cannot be read is a failed check."""
    ours = checks_of(command("doctor", "--json"))["prices"]["message"]
    file = write_prices(tmp_path)
    monkeypatch.setenv("OTEL_STEPS_PRICES", str(file))
    theirs = checks_of(command("doctor", "--json"))["prices"]["message"]
    file.write_text("date = 2026-11-20", encoding="utf-8")

    assert re.fullmatch(r"\d+ models, of 2026-\d\d-\d\d, from .*prices\.toml", ours)
    assert theirs == f"1 model, of 2026-11-20, from {file}"
    assert "models is missing" in failed(command("doctor", "--json"))["prices"]["message"]


def test_doctor_sees_misspelt_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that no setting has is a warning that names it."""
    monkeypatch.setenv("OTEL_STEPS_STORAGE", "x")

    done = command("doctor", "--json")

    settings = checks_of(done)["settings"]
    assert (done.status, settings["status"]) == (0, "warn")
    assert "OTEL_STEPS_STORAGE" in settings["message"]


def test_doctor_shows_settings_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set is shown; a key and a password are not."""
    monkeypatch.setenv("SUPABASE_URL", "https://user:hidden@abc.supabase.co")
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_hidden")
    monkeypatch.setenv("OTEL_STEPS_CAPTURE_CONTENT", "none")
    monkeypatch.setenv("OTEL_STEPS_STORE", f"sqlite:///{resolve().dir}/steps.db")

    done = command("doctor", "--json")

    message = checks_of(done)["settings"]["message"]
    assert "SUPABASE_SECRET_KEY=***" in message
    assert "SUPABASE_URL=https://abc.supabase.co" in message
    assert "OTEL_STEPS_CAPTURE_CONTENT=none" in message
    assert "hidden" not in done.out + done.err


def test_doctor_finds_folders_that_are_none(tmp_path: Path) -> None:
    """A data folder that cannot be written to fails, with what to do about it."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    done = command("doctor", "--json", "--dir", tmp_path / "file")

    assert done.status == 1
    assert {"data folder", "journal", "store"} <= failed(done).keys()
    for check in failed(done).values():
        assert check["remedy"]


def test_doctor_finds_a_journal_that_is_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A journal that cannot be read is reported, and the store is checked still."""
    (tmp_path / "journal").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("OTEL_STEPS_BACKUP_DIR", str(tmp_path / "journal"))

    done = command("doctor", "--json")

    assert done.status == 1
    assert "journal" in failed(done)
    assert checks_of(done)["store"]["status"] == "info"


def test_doctor_finds_a_broken_database() -> None:
    """A file that is no database fails, and the message names it."""
    folder = resolve().dir
    folder.mkdir(parents=True)
    (folder / "steps.db").write_bytes(b"this is no database" * 100)

    done = command("doctor")

    assert done.status == 1
    assert "steps.db" in done.out
    assert "otel-steps fsck --repair" in done.out


def test_doctor_finds_a_store_that_names_nothing() -> None:
    """A store URL without a file is a failed check, not a traceback."""
    done = command("doctor", "--json", "--store", "sqlite:///:memory:")

    assert "names no file" in failed(done)["settings"]["message"]


def test_doctor_finds_what_has_waited_for_long() -> None:
    """Fresh spans may wait for a moment; old ones are a failure that leads to `sync`."""
    leave_behind(task_spans("aaaaaaaa-1"))
    fresh = command("doctor", "--json")
    assert checks_of(fresh)["waiting"]["status"] == "ok"
    assert "3 spans" in checks_of(fresh)["waiting"]["message"]

    an_hour_ago = time.time() - 3600
    for segment in resolve().backup_dir.glob("*/*.jsonl"):
        os.utime(segment, (an_hour_ago, an_hour_ago))
    done = command("doctor", "--json")

    assert done.status == 1
    assert "1 h 00 min" in failed(done)["waiting"]["message"]
    assert "otel-steps sync" in failed(done)["waiting"]["remedy"]


def test_doctor_counts_pictures_that_wait() -> None:
    """Pictures whose rows are stored wait by themselves, and are told beside spans."""
    picture = png()
    sha256 = hashlib.sha256(picture).hexdigest()
    spans = task_spans("aaaaaaaa-1", **{semconv.SCREENSHOT_SHA256: sha256})
    leave_behind(spans, picture=(sha256, picture))
    both = checks_of(command("doctor", "--json"))["waiting"]["message"]
    assert "3 spans and 1 picture wait in the journal" in both

    resolve().dir.joinpath("screenshots").write_text("in the way", encoding="utf-8")
    assert command("sync").status == 1
    done = command("doctor", "--json")

    assert "1 picture waits in the journal" in checks_of(done)["waiting"]["message"]
    assert failed(done)["noted: store"]["remedy"]


def test_doctor_finds_dead_letters() -> None:
    """Dead letters are counted by their reason."""
    letters = DeadLetters(resolve().backup_dir)
    for span in task_spans("aaaaaaaa-1"):
        letters.add(span, reason="value too long", code="22001")
    letters.add_unreadable(b'{"resourceSp', reason="torn")

    done = command("doctor", "--json")

    assert done.status == 1
    message = failed(done)["dead letters"]["message"]
    assert message == "4: 3 x value too long; 1 x torn line"
    assert "sync --dead" in failed(done)["dead letters"]["remedy"]


def test_doctor_shows_and_forgets_noted_problems() -> None:
    """What earlier processes noted fails until it is cleared."""
    Problems(resolve().problems_dir).report("lost", "the disk was full")

    done = command("doctor", "--json")
    assert done.status == 1
    assert "the disk was full (1 x, last " in failed(done)["noted: lost"]["message"]
    assert "--clear" in failed(done)["noted: lost"]["remedy"]

    cleared = command("doctor", "--clear", "--json")
    assert (cleared.status, cleared.err) == (0, "1 noted problem forgotten\n")


def test_store_problem_is_settled_once_nothing_waits() -> None:
    """A store that was away for a time is a warning afterwards, a failure while spans wait."""
    Problems(resolve().problems_dir).report("store", "connection refused")
    settled = command("doctor", "--json")
    leave_behind(task_spans("aaaaaaaa-1"))
    waiting = command("doctor", "--json")

    assert (settled.status, checks_of(settled)["noted: store"]["status"]) == (0, "warn")
    assert (waiting.status, checks_of(waiting)["noted: store"]["status"]) == (1, "fail")


@pytest.mark.parametrize(("size", "status"), [(900_000, "warn"), (1_100_000, "fail")])
def test_doctor_watches_the_cap(monkeypatch: pytest.MonkeyPatch, size: int, status: str) -> None:
    """A journal near its cap is a warning, one at its cap a failure."""
    monkeypatch.setenv("OTEL_STEPS_MAX_DISK", "1MiB")
    folder = resolve().backup_dir
    folder.mkdir(parents=True)
    (folder / "ballast").write_bytes(bytes(size))

    disk = checks_of(command("doctor", "--json"))["disk"]

    assert disk["status"] == status
    assert "OTEL_STEPS_MAX_DISK" in disk["remedy"]


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        ("OTEL_SDK_DISABLED", "true", "fail"),
        ("OTEL_TRACES_EXPORTER", "none", "warn"),
        ("OTEL_METRICS_EXPORTER", "nowhere", "warn"),
    ],
)
def test_doctor_knows_the_pitfalls_of_zero_code(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, status: str
) -> None:
    """A variable that keeps `opentelemetry-instrument` from recording is named."""
    bin_folder = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", bin_folder + os.pathsep + os.environ["PATH"])
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "task_steps")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "none")
    before = command("doctor", "--json")
    monkeypatch.setenv(variable, value)

    done = command("doctor", "--json")

    assert checks_of(before)["zero-code"]["status"] == "ok"
    found = [check for check in done.json["checks"] if check["name"] == "zero-code"]
    assert found[0]["status"] == status
    assert variable in found[0]["message"]


@pytest.mark.parametrize(
    ("variable", "value", "is_told"),
    [
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4095", True),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "0", True),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "6", True),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "128", False),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "unset", False),
    ],
)
def test_doctor_warns_of_limits_that_cut(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, is_told: bool
) -> None:
    """A limit of OpenTelemetry's that a program's provider would cut recordings by is named."""
    monkeypatch.setenv(variable, value)

    found = checks_of(command("doctor", "--json")).get("limits")

    assert (found is not None) == is_told
    assert found is None or f"{variable}={value}" in found["message"]


def test_doctor_looks_for_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """adb is found where it is on PATH; opentelemetry-instrument is missed where it is not."""
    program = tmp_path / ("adb.exe" if os.name == "nt" else "adb")
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    done = command("doctor", "--json")

    assert str(program) in checks_of(done)["adb"]["message"]
    assert "not on PATH" in checks_of(done)["zero-code"]["message"]


def test_doctor_finds_the_agent_in_the_working_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A checkout that is not installed is found from within, and not imported."""
    (tmp_path / "phone_agent").mkdir()
    (tmp_path / "phone_agent" / "__init__.py").write_text("raise SystemExit", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    done = command("doctor", "--json")

    assert str(tmp_path) in checks_of(done)["phone_agent"]["message"]


@pytest.mark.parametrize(
    ("module", "status", "words"),
    [
        ("phone_agent.agent", "ok", "recorded are the agents of phone_agent.agent"),
        ("AutoGLM_GUI.agents.mai.async_agent", "ok", "AutoGLM_GUI.agents.mai.async_agent"),
        ("AutoGLM_GUI.server", "info", "none of the modules whose agents are recorded"),
    ],
)
def test_doctor_looks_at_every_package_of_agents(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, status: str, words: str
) -> None:
    """Which agents of a package are recorded is told; what is not there is no fault."""
    *packages, name = module.split(".")
    folder = tmp_path.joinpath(*packages)
    folder.mkdir(parents=True)
    (tmp_path / packages[0] / "__init__.py").write_text("raise SystemExit", encoding="utf-8")
    (folder / f"{name}.py").write_text("raise SystemExit", encoding="utf-8")
    before = checks_of(command("doctor", "--json"))
    monkeypatch.chdir(tmp_path)

    found = checks_of(command("doctor", "--json"))[packages[0]]

    assert before[packages[0]]["status"] == "info"
    assert (found["status"], words in found["message"]) == (status, True)


def test_doctor_looks_into_the_database() -> None:
    """A page that is damaged is found although no row of it is asked for."""
    store_tasks("aaaaaaaa-1")
    database = resolve().dir / "steps.db"
    data = bytearray(database.read_bytes())
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'task_spans'"
        ).fetchone()
    data[(page - 1) * 4096 + 3 : (page - 1) * 4096 + 5] = b"\xff\xff"  # the count of its cells
    database.write_bytes(data)

    done = command("doctor", "--json")

    assert (done.status, list(failed(done))) == (1, ["database"])
    assert failed(done)["database"]["remedy"]


def test_doctor_misses_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the metadata of packages the instrumentor cannot be found, and doctor says so."""
    monkeypatch.setattr(sys, "path", [])

    checks = {check.name: check for check in check_surroundings({})}

    assert checks["instrumentors"].status == "fail"
    assert "opentelemetry-sdk of unknown version" in checks["versions"].message
