"""What cannot work is an error of `configure()`, and not a problem of the background later."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import otel_steps
from otel_steps import ConfigError, TaskStepsExporter
from otel_steps.config import resolve
from otel_steps.health.problems import Problems
from otel_steps.pipeline import backlog_shipper
from tests.commands import command
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.usefixtures("own_pipeline")

SUPABASE = {"store": "supabase", "supabase_url": "https://x.supabase.co"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"store": "sqlite://x.db"}, "use three slashes"),
        ({"store": "sqlite:///{folder}"}, "is a folder; name a file in it"),
        ({"store": "sqlite:///{file}/x.db"}, "is no folder; let this user write there, or set"),
        ({"store": "postgresql://me:can#ary@h/d"}, "percent-encoded"),
        ({"store": "postgresql://me:can%ary@h/d"}, "percent-encoded"),
        ({"store": "supabase"}, "set SUPABASE_URL to"),
        ({**SUPABASE}, "set SUPABASE_SECRET_KEY to a secret key"),
        (
            {**SUPABASE, "supabase_url": "canary", "supabase_key": "x"},
            "SUPABASE_URL is not the address of a project",
        ),
        ({**SUPABASE, "supabase_key": "sb_publishable_canary"}, "is a publishable one"),
        ({"screenshot_url": "s3://key:canary@bucket/x"}, "its driver is missing: Install s3fs"),
        ({"screenshot_url": "simplecache::s3://key:canary@bucket/x"}, "Install s3fs"),
        ({"screenshot_url": "nowhere://at/all"}, "a URL that fsspec knows"),
        ({"screenshot_url": "file://[x/y"}, "expected the path of a folder"),
        ({"screenshot_url": "{file}/pictures"}, "OTEL_STEPS_SCREENSHOT_URL to another place"),
        ({"backup_dir": "{file}/journal"}, "OTEL_STEPS_BACKUP_DIR to another place"),
        ({"dir": "{file}"}, "nothing can be recorded in"),
        ({"redact": "none"}, "redact is a str; expected a callable"),
        ({"durability": "eternal"}, "one of process, power, memory"),
    ],
)
def test_what_cannot_work_is_an_error_at_once(
    arguments: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """The message names the setting and what to do, holds no secret, and nothing is left behind."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    places = {"file": tmp_path / "file", "folder": tmp_path / "folder"}
    given = {
        name: value.format(**places) if isinstance(value, str) else value
        for name, value in arguments.items()
    }

    with pytest.raises(ConfigError) as refused:
        otel_steps.configure(**given)

    assert said in str(refused.value)
    assert "ary@" not in str(refused.value)
    assert "canary" not in str(refused.value)
    assert not resolve().dir.exists()


@contextmanager
def somebody_else() -> Iterator[None]:
    """Be a user whose the folders of the tests are not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="this platform has other rights")
def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    """It is looked at, not tried out."""
    tmp_path.chmod(0o500)

    with somebody_else(), pytest.raises(ConfigError, match="cannot be written to"):
        otel_steps.configure(dir=tmp_path / "data")


@pytest.mark.parametrize(
    ("url", "package"), [("postgresql://h/d", "psycopg"), ("s3://bucket/x", "fsspec")]
)
def test_a_missing_extra_is_an_error_at_once(
    url: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever lacks a package is told the command that installs it."""
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    given = {"store": url} if package == "psycopg" else {"screenshot_url": url}

    with pytest.raises(ConfigError, match=r"pip install 'otel-steps\["):
        otel_steps.configure(**given)


def test_a_parameter_that_only_the_driver_knows_is_on_hold() -> None:
    """It loads beside the program, and what it does not understand is named with its remedy."""
    recording = otel_steps.configure("postgresql://me:canary@h/d?no_such=1")
    with otel_steps.step(thinking="hm"):
        pass

    assert not recording.flush(PATIENCE_S)
    health = recording.health()
    assert "percent-encoded" in str(health.held)
    assert not any("report this" in problem.remedy for problem in health.problems)
    assert "canary" not in f"{health.held}{health.problems}"


def test_without_a_journal_no_folder_is_needed(tmp_path: Path) -> None:
    """On a read-only system a shared store and memory will do."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    otel_steps.configure("postgresql://h/d", dir=tmp_path / "file", durability="memory")


def test_readers_and_the_environment_are_told_in_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A command ends with 2, an exporter that the SDK builds logs it and does not raise."""
    monkeypatch.setenv("OTEL_STEPS_STORE", "sqlite://x.db")
    done = command("tasks")
    TaskStepsExporter()

    assert done.status == 2
    assert "use three slashes" in done.err
    assert "use three slashes" in caplog.text


@pytest.mark.parametrize("name", ["tasks", "doctor", "run"])
def test_an_empty_folder_is_not_the_working_folder(name: str) -> None:
    """`--dir "$DATA"` without DATA would read and write wherever one happens to be."""
    done = command(name, "--dir", "", *(["x.py"] if name == "run" else []))

    assert done.status == 2
    assert "'--dir': it is empty" in done.err


def test_doubts_are_told_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A variable that does nothing and half a Supabase project are warned of, and recorded on."""
    monkeypatch.setenv("OTEL_STEPS_BUFER_SIZE", "3")
    monkeypatch.setenv("SUPABASE_URL", "https://x.supabase.co")

    done = command("doctor", "--json")

    (settings,) = [check for check in done.json["checks"] if check["name"] == "settings"]
    assert settings["status"] == "warn"
    assert "OTEL_STEPS_BUFER_SIZE" in settings["message"]
    assert "SUPABASE_URL is set and SUPABASE_SECRET_KEY is not" in settings["message"]
    assert "did you mean OTEL_STEPS_BUFFER_SIZE?" in settings["remedy"]


def test_what_breaks_later_is_no_fault_of_the_project(tmp_path: Path) -> None:
    """A setting that the shipper meets for the first time is on hold, with what to do."""
    settings = resolve(screenshot_url="nowhere://at/all", dir=tmp_path)
    shipper = backlog_shipper(settings, problems := Problems(None))

    shipped = shipper.ship_all()

    assert "OTEL_STEPS_SCREENSHOT_URL" in str(shipped.reason)
    assert "mend that setting" in str(shipped.remedy)
    assert not problems.all()
