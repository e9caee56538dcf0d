"""Settings: arguments win over the environment, which wins over the defaults."""

import inspect
import logging
import pickle
import re
import subprocess
import sys
from dataclasses import asdict, astuple, fields, replace
from pathlib import Path
from typing import Any

import pytest

from otel_steps import StepSpanProcessor, TaskStepsExporter, configure
from otel_steps.config import (
    VARIABLES,
    Arguments,
    ConfigError,
    Secret,
    Settings,
    doubts,
    redacted_url,
    resolve,
)

ROOT = Path(__file__).parent.parent


def test_defaults() -> None:
    """Without any setting the embedded store in the home folder is used."""
    settings = resolve({})

    assert settings.dir == Path.home() / ".otel-steps"
    assert settings.store == f"sqlite:///{(settings.dir / 'steps.db').as_posix()}"
    assert settings.backup_dir == settings.dir / "backup" / "steps"
    assert settings.problems_dir == settings.dir / "problems"
    assert (settings.durability, settings.buffer_size, settings.flush_interval_s) == (
        "process",
        50,
        5.0,
    )
    assert settings.max_disk_bytes == 2 * 2**30
    assert settings.capture_content == {"thinking", "action", "result", "screenshot"}


def test_arguments_win_over_the_environment(tmp_path: Path) -> None:
    """An argument that is given counts, one that is None does not."""
    environ = {"OTEL_STEPS_BUFFER_SIZE": "7", "OTEL_STEPS_FLUSH_INTERVAL": "1.5"}

    settings = resolve(environ, buffer_size=9, flush_interval_s=None, dir=tmp_path)

    assert (settings.buffer_size, settings.flush_interval_s) == (9, 1.5)
    assert settings.dir == tmp_path


def test_supabase_is_the_default_where_its_two_variables_are_set() -> None:
    """The new name of the key wins over the old one; the key shows itself nowhere."""
    environ = {
        "SUPABASE_URL": "https://x.supabase.co",
        "SUPABASE_SECRET_KEY": "sb_secret_canary",
        "SUPABASE_SERVICE_ROLE_KEY": "old-canary",
    }

    settings = resolve(environ)

    assert settings.store == "supabase"
    assert settings.supabase_key is not None
    assert settings.supabase_key.reveal() == "sb_secret_canary"
    assert "canary" not in repr(settings)
    assert resolve({"SUPABASE_URL": "https://x.supabase.co"}).store.startswith("sqlite:///")


def test_a_secret_never_shows_itself(caplog: pytest.LogCaptureFixture) -> None:
    """Neither formatting nor logging nor a container's repr reveals it."""
    secret = Secret("canary")

    logging.getLogger("test").warning("%s %r %s", secret, secret, {"key": secret})

    assert "canary" not in f"{secret} {secret!r} {secret!s}" + caplog.text
    assert secret.reveal() == "canary"


@pytest.mark.parametrize(
    ("given", "bytes_"),
    [
        ("2GiB", 2 * 2**30),
        ("500MB", 500 * 2**20),
        ("1048576", 2**20),
        (2**21, 2**21),
        ("2g", 2**31),
    ],
)
def test_sizes_are_read_with_their_unit(given: Any, bytes_: int) -> None:
    """A size may be written as people write it."""
    assert resolve({}, max_disk_bytes=given).max_disk_bytes == bytes_


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("all", {"thinking", "action", "result", "screenshot"}),
        ("none", set()),
        ("thinking, action", {"thinking", "action"}),
        ({"result"}, {"result"}),
        ("false", set()),
    ],
)
def test_content_is_switched_part_by_part(given: Any, parts: set[str]) -> None:
    """Each part of the content can be left out alone."""
    assert resolve({}, capture_content=given).capture_content == parts


@pytest.mark.parametrize("is_on", [True, False])
def test_one_set_of_words_switches_everything(is_on: bool) -> None:
    """What is on or off may be written as people write it, in every setting that has both."""
    words = ["on", "true", "YES", " 1 ", True, 1] if is_on else ["Off", "false", "no", "0", False]

    for word in words:
        switches = ("openinference", "record_unsampled", "elements")
        names = (*switches, "screenshots", "capture_content")
        settings = resolve({}, **dict.fromkeys(names, word))

        assert {getattr(settings, name) for name in switches} == {is_on}
        assert settings.screenshots == ("on" if is_on else "off")
        assert bool(settings.capture_content) is is_on


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OTEL_STEPS_BUFFER_SIZE": "many"}, "OTEL_STEPS_BUFFER_SIZE has the value 'many'"),
        ({"OTEL_STEPS_BUFFER_SIZE": "0"}, "a whole number from 1"),
        ({"OTEL_STEPS_FLUSH_INTERVAL": "soon"}, "seconds above 0"),
        ({"OTEL_STEPS_FLUSH_INTERVAL": "nan"}, "seconds above 0"),
        ({"OTEL_STEPS_MAX_DISK": "2 parsecs"}, "such as 500MiB or 2GiB"),
        ({"OTEL_STEPS_MAX_DISK": "1e999GiB"}, "such as 500MiB or 2GiB"),
        ({"OTEL_STEPS_DURABILITY": "eternal"}, "one of process, power, memory"),
        ({"OTEL_STEPS_CAPTURE_CONTENT": "thoughts"}, "all, none, or a list of"),
        ({"OTEL_STEPS_OPENINFERENCE": "maybe"}, "expected one of on, true, yes, 1, off"),
        ({"OTEL_STEPS_TOKEN": "short"}, "OTEL_STEPS_TOKEN cannot be used; expected at least 16"),
        ({"OTEL_STEPS_TOKEN": "a token with spaces in it"}, "without spaces"),
        ({"OTEL_STEPS_TOKEN": "ein-schlüssel-mit-umlaut"}, "letters and digits"),
        ({"OTEL_STEPS_TRACE_URL": "http://localhost/trace"}, "with {trace_id} in it"),
        ({"OTEL_STEPS_TRACE_URL": "javascript:x({trace_id})"}, "a web address"),
        ({"OTEL_STEPS_VIEWER_URL": "phones.example.com"}, "expected a web address, such as"),
        ({"OTEL_STEPS_WEBHOOK_ON": "always"}, "expected one of failed, ended"),
        ({"OTEL_STEPS_WEBHOOK_FORMAT": "xml"}, "expected one of json, slack, feishu"),
        ({"OTEL_STEPS_STORE": "mysql://x"}, "unknown store scheme 'mysql'"),
        ({"OTEL_STEPS_DIR": "~nobody-of-that-name/x"}, "the path of a folder"),
        ({"OTEL_STEPS_STORE": "sqlite://x.db"}, "'sqlite://x.db', which names no file; use three"),
        ({"OTEL_STEPS_STORE": "x.db"}, "OTEL_STEPS_STORE is not a URL; use sqlite:///path"),
        ({"OTEL_STEPS_BUFFER_SIZE": "7.5"}, "a whole number from 1"),
        ({"OTEL_STEPS_MAX_DISK": "-2GiB"}, "such as 500MiB or 2GiB"),
    ],
)
def test_bad_values_are_named_with_what_is_expected(environ: dict[str, str], said: str) -> None:
    """The message says which setting, which value and what would do."""
    with pytest.raises(ConfigError, match=re.escape(said)):
        resolve(environ)


def test_token_is_a_secret() -> None:
    """The token is read as it stands, and shows itself nowhere: not even where it is refused."""
    settings = resolve({"OTEL_STEPS_TOKEN": "0123456789abcdef"})

    assert settings.token is not None
    assert settings.token.reveal() == "0123456789abcdef"
    assert "0123456789" not in repr(settings)
    with pytest.raises(ConfigError) as refused:
        resolve({}, token="hunter2")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"bufer_size": 3}, "unknown setting 'bufer_size'; did you mean buffer_size?"),
        ({"colour": "red"}, "unknown setting 'colour'; use one of store, dir"),
        ({"dir": ""}, "dir is empty"),
        ({"store": " "}, "store is empty"),
        ({"buffer_size": True}, "a whole number from 1"),
        ({"buffer_size": 7.5}, "a whole number from 1"),
        ({"flush_interval_s": True}, "seconds above 0"),
        ({"flush_interval_s": [1]}, "has the value of type list"),
        ({"capture_content": 5}, "all, none, or a list of action, result"),
        ({"capture_content": [1, None]}, "all, none, or a list of action, result"),
        ({"dir": "a\0b"}, "the path of a folder"),
        ({"dir": 5}, "dir has the value 5; expected the path of a folder"),
        ({"store": Path("x.db")}, "store is not a URL"),
        ({"openinference": {"key": "canary"}}, "has the value of type dict"),
    ],
)
def test_bad_arguments_are_named_as_well(arguments: dict[str, Any], said: str) -> None:
    """A misspelt argument is not ignored, nor one that is empty or of another type."""
    with pytest.raises(ConfigError, match=re.escape(said)) as refused:
        resolve({}, **arguments)

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "rest",
    [
        *(f"me:can{mark}ary@host/x" for mark in "@/?#"),
        *(f"me:12{mark}canary@host/x" for mark in "@/?#"),
        *("host/x#canary", "host:many/x", "host:65536/x", "one:1,two:x/d", "h?user=me@canary"),
    ],
)
def test_a_password_that_is_not_encoded_is_told(rest: str) -> None:
    """It would be taken for a host, a path or a fragment; how to write it is said, not what."""
    with pytest.raises(ConfigError, match="%23 for #") as refused:
        resolve({}, store=f"postgresql://{rest}")

    assert "ary" not in str(refused.value)


@pytest.mark.parametrize(
    "rest",
    [
        *("", "/d", "host", "host:5432/d", "one:1,two:2/d", "me:p%40%23%2F%3Fw@[::1]:5432/d"),
        *("me:p:w@host/d?sslmode=require&options=a@b", "/d?host=/run/x", "%2Frun%2Fx/d"),
    ],
)
def test_what_a_driver_reads_is_no_error(rest: str) -> None:
    """Every part of such a URL may be left out."""
    assert resolve({}, store=f"postgresql://{rest}").store.reveal() == f"postgresql://{rest}"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"SUPABASE_URL": "https://x.supabase.co"},
            ["SUPABASE_URL is set and SUPABASE_SECRET_KEY"],
        ),
        ({"SUPABASE_SECRET_KEY": "canary"}, ["SUPABASE_SECRET_KEY is set and SUPABASE_URL is not"]),
        ({"SUPABASE_URL": "https://x.co", "OTEL_STEPS_STORE": "sqlite:///x.db"}, []),
        ({"SUPABASE_URL": "https://x.co", "SUPABASE_SECRET_KEY": "canary"}, []),
        ({"OTEL_STEPS_FLUSH_INTERVALL": "3"}, ["did you mean OTEL_STEPS_FLUSH_INTERVAL?"]),
        ({"OTEL_SERVICE_NAME": "x"}, []),
    ],
)
def test_what_is_probably_a_mistake_is_told(environ: dict[str, str], said: list[str]) -> None:
    """It is no error: variables may be there for another program, or another version."""
    told = [f"{doubt.message}; {doubt.remedy}" for doubt in doubts(resolve(environ), environ)]

    assert len(told) == len(said)
    assert all(expected in each for expected, each in zip(said, told, strict=True))
    assert "canary" not in str(told)


def test_paths_do_not_move_with_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative folder is that of the moment of configuration."""
    monkeypatch.chdir(tmp_path)

    assert resolve({}, backup_dir="backup/steps").backup_dir == tmp_path / "backup" / "steps"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:canary@db:5432/x?sslpassword=canary", "postgresql://db:5432/x"),
        ("postgresql://me:canary@one:5432,two:5433/x", "postgresql://one:5432,two:5433/x"),
        ("postgresql://me:canary@[::1]:5432/x?password=canary", "postgresql://[::1]:5432/x"),
        ("s3://canary:canary@bucket/a@2x", "s3://bucket/a@2x"),
        ("simplecache::s3://me:canary@bucket/x?sig=canary", "simplecache::s3://bucket/x"),
        ("https://host/x;key=canary/y", "https://host/x;key=***/y"),
        ("https://h/{trace_id}?X-Amz-Signature=canary#canary", "https://h/{trace_id}"),
        # A password that should have been percent-encoded: the rest of it is no host and no path.
        ("postgresql://me:p@canary@host/x", "postgresql://host/x"),
        *((f"postgresql://me:12{mark}canary@host/x", "postgresql://***") for mark in "/?#"),
        ("postgresql://me:canary", "postgresql://***"),
        ("http://[canary", "http://***"),
        # No URL, or not the whole of one.
        ("me:canary@host/x", "***@host/x"),
        ("host=db password=canary user=me", "host=db password=*** user=me"),
        ("host=db password = 'can ary'", "host=db password=***"),
        ("sqlite:////data/me@home/steps.db", "sqlite:////data/me@home/steps.db"),
        ("/data/me@home/pictures", "/data/me@home/pictures"),
        ("supabase", "supabase"),
        ("", ""),
    ],
)
def test_urls_are_shown_without_secrets(url: str, shown: str) -> None:
    """Only scheme, host and path are fit for a message."""
    assert redacted_url(url) == shown


SECRETIVE: dict[str, Any] = {
    "store": "postgresql://me:canary@db:5432/x?password=canary",
    "screenshot_url": "s3://me:canary@bucket/x?key=canary",
    "trace_url": "https://me:canary@host/{trace_id}?token=canary",
    "supabase_url": "https://canary@x.supabase.co",
    "supabase_key": "sb_secret_canary",
    "token": "canary-canary-canary",
    "viewer_url": "https://me:canary@host/steps?token=canary",
    "webhook": "https://hooks.example.com/services/canary",
    "webhook_secret": "canary",
}


def test_settings_show_no_secret_however_they_are_printed() -> None:
    """Printed whole, as a dict, in a log line, copied or changed; what is in them works."""
    settings = resolve({}, **SECRETIVE)

    for each in (settings, replace(settings, buffer_size=3), pickle.loads(pickle.dumps(settings))):
        shown = f"{each} {each!r} {asdict(each)} {astuple(each)} {vars_of(each)}"
        assert "canary" not in shown
        assert "postgresql://db:5432/x" in shown
        assert {name: getattr(each, name).reveal() for name in SECRETIVE} == SECRETIVE


def vars_of(settings: Settings) -> str:
    """Return each setting as an f-string shows it, as in `f"stored in {settings.store}"`."""
    return " ".join(f"{getattr(settings, field.name)}" for field in fields(settings))


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_STEPS_STORE": "sb_secret_canary"},
        {"OTEL_STEPS_STORE": "host=db password=canary"},
        {"OTEL_STEPS_TRACE_URL": "https://me:canary@host/?token=canary"},
        {"OTEL_STEPS_WEBHOOK": "hooks.example.com/services/canary"},
        {"OTEL_STEPS_WEBHOOK_SECRET": "whsec_canary-is-no-base64"},
        {"OTEL_STEPS_BUFFER_SIZE": "postgresql://me:canary@host/x"},
        {"OTEL_STEPS_STORE": "mysql://me:canary@host/x"},
    ],
)
def test_a_bad_value_is_named_without_its_secret(environ: dict[str, str]) -> None:
    """A secret may get into any variable: the message about it is printed and logged."""
    with pytest.raises(ConfigError, match=next(iter(environ))) as refused:
        resolve(environ)

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_setting_is_everywhere(readme: str) -> None:
    """What is typed, what it becomes, variables, `help()` and the README name the same settings."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \|", text, flags=re.MULTILINE))
    named = set(re.findall(r"`((?:OTEL_STEPS|SUPABASE)_[A-Z_]+)`", text))
    explained = re.findall(r"^    (\w+): ", inspect.getdoc(configure) or "", flags=re.MULTILINE)
    own = [name for name in inspect.signature(configure).parameters if name != "settings"]
    known = [field.name for field in fields(Settings)]

    assert table == dict(VARIABLES)
    assert named == set(VARIABLES)
    assert set(VARIABLES.values()) == set(known)
    assert list(Arguments.__annotations__) == [*known[1:], "store"]
    assert sorted(explained) == sorted({*own, *known, "ConfigError"})


@pytest.mark.full
def test_a_misspelt_argument_is_found_by_a_type_checker(tmp_path: Path) -> None:
    """Each entrance has typed arguments: a real mypy says which one is wrong."""
    program = tmp_path / "program.py"
    doors = (configure, StepSpanProcessor, TaskStepsExporter)
    lines = [
        "import otel_steps",
        *(f"otel_steps.{door.__name__}(bufer_size=3)" for door in doors),
        *(f"otel_steps.{door.__name__}(buffer_size='3')" for door in doors),
        *(f"otel_steps.{door.__name__}(buffer_size=3, capture_content='none')" for door in doors),
    ]
    program.write_text("\n".join(lines), encoding="utf-8")

    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--follow-imports=silent", str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    errors = re.findall(r"program.py:(\d+): error: .*\[([\w-]+)\]", done.stdout)
    assert [line for line, _ in errors] == ["2", "3", "4", "5", "6", "7"], done.stdout + done.stderr
    assert [code for _, code in errors] == ["call-arg"] * 3 + ["arg-type"] * 3
    assert "buffer_size" in done.stdout
