"""A pack: tasks that are handed over as one file, equal to what they were, and safe to open."""

import hashlib
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otel_steps.config import Settings, resolve
from otel_steps.config.store_url import PACK
from otel_steps.exporting import TaskGone
from otel_steps.packing.packer import pack
from otel_steps.stores import StoreOnHold, open_store
from otel_steps.stores.annotation import Annotation
from otel_steps.stores.pictures import open_screenshots
from tests.commands import Done, command
from tests.read_only import contents
from tests.supabase.stack import SupabaseStack
from tests.viewing import TOKEN, view
from tests.whole_tasks import IDS, fill, rows

pytest_plugins = ("tests.supabase.fixtures",)


def pack_all(settings: Settings, path: Path) -> Path:
    with closing(open_store(settings=settings)) as store:
        packed = pack(store, open_screenshots(settings, store), IDS, path)
    assert (packed.missing_pictures, packed.refused) == (0, [])
    return path


@pytest.fixture(name="embedded")
def _embedded() -> Settings:
    settings = resolve()
    fill(settings)
    return settings


@pytest.fixture(name="run_file")
def _run_file(embedded: Settings, tmp_path: Path) -> Path:
    return pack_all(embedded, tmp_path / "run.osz")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("sqlite", "sqlite"),
        ("postgresql", "sqlite"),
        ("supabase", "sqlite"),
        ("sqlite", "postgresql"),
        ("sqlite", "supabase"),
    ],
)
def test_what_is_packed_and_imported_is_what_it_was(
    source: str,
    target: str,
    supabase_stack: SupabaseStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Row by row, span by span, with notes and each file of a picture; from and to any store."""

    def settings_of(kind: str, folder: str) -> Settings:
        if kind == "sqlite":
            return resolve({}, dir=tmp_path / folder)
        return resolve(
            {},
            dir=tmp_path / folder,
            store=supabase_stack.dsn if kind == "postgresql" else "supabase",
            supabase_url=supabase_stack.url,
            supabase_key=supabase_stack.secret_key,
        )

    of_source = settings_of(source, "source")
    # A bucket takes no picture that it cannot show.
    fill(of_source, with_gif="supabase" not in (source, target))
    was = rows(of_source)
    path = pack_all(of_source, tmp_path / "run.osz")
    of_target = settings_of(target, "target")

    monkeypatch.setenv("SUPABASE_URL", supabase_stack.url)
    monkeypatch.setenv("SUPABASE_SECRET_KEY", supabase_stack.secret_key)
    options = ("--dir", of_target.dir, "--store", of_target.store.reveal())
    done = command("import", path, *options)
    again = command("import", path, "--json", *options)

    assert (done.status, done.err) == (0, "")
    assert done.out == "imported 2 tasks, 6 steps, 8 pictures, 2 other spans\n"
    assert rows(of_target) == was
    assert again.json["known"] == list(IDS)
    with closing(open_store(path.as_posix())) as packed:
        assert packed.task(IDS[1]) == was[IDS[1]][0]["task"]


def test_the_same_tasks_make_the_same_file(run_file: Path, embedded: Settings) -> None:
    """Whenever and in whatever order they are packed; also what was imported from it."""
    again = pack_all(embedded, run_file.with_name("again.osz"))
    other = resolve({}, dir=run_file.with_name("other"))
    assert command("import", run_file, "--dir", other.dir).status == 0
    third = pack_all(other, run_file.with_name("third.osz"))

    assert again.read_bytes() == run_file.read_bytes() == third.read_bytes()


def test_notes_of_the_store_stay(run_file: Path, tmp_path: Path) -> None:
    """What somebody has written beside a task is not lost to what another one wrote."""
    other = resolve({}, dir=tmp_path / "other")
    fill(other, is_annotated=False)
    with closing(open_store(settings=other)) as store:
        store.annotate(IDS[1], Annotation(tags=["mine"], notes=""))

    done = command("import", run_file, "--dir", other.dir)

    assert done.out.endswith("; 2 tasks of them there already\n")
    with closing(open_store(settings=other)) as store:
        assert (store.task(IDS[1]) or {})["tags"] == ["mine"]


READERS = (
    ("tasks", "--json"),
    ("report", "latest", "--format", "json"),
    ("export", "latest", "--format", "json", "-o", "-"),
    ("export", "latest", "--format", "otlp", "-o", "-"),
    ("steps", "latest", "--json"),
    ("picture", IDS[1], "1", "-o", "-"),
    ("compare", *IDS, "--json"),
    ("stats", "--json"),
)


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_commands_read_it_as_a_store(
    arguments: tuple[str, ...], run_file: Path, embedded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answer as from the store, wherever pictures of one's own are; nothing is left."""
    expected = command(*arguments)
    monkeypatch.setenv("OTEL_STEPS_DIR", str(run_file.with_name("nothing-here")))
    monkeypatch.setenv("OTEL_STEPS_SCREENSHOT_URL", str(run_file.with_name("elsewhere")))
    before = contents(run_file.parent)

    done = command(*arguments, "--store", run_file)

    assert (done.status, done.err) == (expected.status, "")
    assert comparable(done, run_file) == comparable(expected, run_file)
    assert contents(run_file.parent) == before


def comparable(done: Done, run_file: Path) -> str:
    """Return what was printed, the pictures in the one folder of pictures."""
    folders = (f"{run_file}/screenshots", str(run_file.parent / "otel-steps" / "screenshots"))
    text = done.out
    for folder in folders:
        text = text.replace(folder, "…")
    return text


def test_view_shows_it_and_leaves_nothing(run_file: Path, tmp_path: Path) -> None:
    """Rows and pictures over HTTP; a note is refused with what to do, and so are spans."""
    before = contents(tmp_path)
    environ = {"OTEL_STEPS_DIR": str(tmp_path / "otel-steps"), "OTEL_STEPS_TOKEN": TOKEN}
    with view(str(run_file), "--no-open", **environ) as viewer:
        tasks = viewer.get("api/tasks").json()["data"]["tasks"]
        name = tasks[0]["frames"][0]["sha256"]
        picture = viewer.get(f"img/{name}?w=120")
        health = viewer.get("api/health").json()["data"]
    refused = command("view", run_file, "--otlp", "--no-open")

    assert {task["task_id"] for task in tasks} == set(IDS)
    assert picture.headers["content-type"] == "image/webp"
    assert health["store"] == f"{PACK}{run_file.as_posix()}"
    assert contents(tmp_path) == before
    assert (refused.status, "a pack takes no spans" in refused.err) == (2, True)


def test_nothing_is_written_to_it(run_file: Path) -> None:
    """Neither a note nor a step; a recorder says so before it begins."""
    with closing(open_store(run_file.as_posix())) as packed:
        with pytest.raises(StoreOnHold, match="can only be read") as held:
            packed.annotate(IDS[0], Annotation(tags=["x"], notes=""))
        assert "otel-steps import" in held.value.remedy
        assert packed.extend_search() is False
        assert packed.extend_sums() is False
    done = command("run", "--store", run_file, __file__)
    assert "which is a pack and only read" in done.err


def test_chosen_as_tasks_are(embedded: Settings, tmp_path: Path, monkeypatch: Any) -> None:
    """By ids, their beginnings, `latest`, a status, a time, the newest; never by nothing."""
    monkeypatch.chdir(tmp_path)

    def packed(*arguments: str) -> list[str]:
        tasks: list[str] = command("pack", *arguments, "--json", "-o", "x.osz").json["tasks"]
        return tasks

    assert packed("latest", "aaaa", IDS[0]) == [*IDS]
    assert packed("--limit", "1") == [IDS[1]]
    assert packed("--status", "completed", "--since", "2026-01-01") == [*IDS]
    for arguments in (("pack",), ("pack", "latest", "--limit", "1"), ("pack", "--status", "odd")):
        assert command(*arguments).status == 2
    done = command("pack", "--status", "running")
    assert (done.status, done.err) == (
        1,
        "error: no task is chosen by these options; see `otel-steps tasks`\n",
    )
    named = command("pack", "latest")
    assert named.status == 0
    assert [path.name for path in tmp_path.glob("2026-*.osz")] == [
        "2026-09-21 任务-runs-二 completed.osz"
    ]


def test_it_is_there_whole_or_not_at_all(run_file: Path, embedded: Settings) -> None:
    """What breaks off leaves the pack of before, and nothing beside it."""
    before = run_file.read_bytes()
    names = {path.name for path in run_file.parent.iterdir()}

    with closing(open_store(settings=embedded)) as store, pytest.raises(TaskGone):
        pack(store, open_screenshots(embedded, store), [*IDS, "zz-gone"], run_file)

    assert run_file.read_bytes() == before
    assert {path.name for path in run_file.parent.iterdir()} == names


def test_a_picture_that_is_gone_is_told(embedded: Settings, tmp_path: Path) -> None:
    """The rest is packed."""
    shutil.rmtree(embedded.dir / "screenshots")

    done = command("pack", "latest", "-o", tmp_path / "x.osz")

    assert (done.status, "0 pictures" in done.out) == (0, True)
    assert "warning: 4 pictures are not where the rows say" in done.err


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def _write(path: Path, members: dict[str, bytes], **options: Any) -> None:
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, content in members.items():
            file.writestr(name, content)


def _signed(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return *members* with a manifest that says what they are: as somebody who means harm."""
    manifest = json.loads(members.pop("manifest.json"))
    manifest["files"] = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
    }
    return {**members, "manifest.json": json.dumps(manifest).encode()}


def _with_sql(*statements: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        members = _members(path)
        database = path.with_suffix(".db")
        database.write_bytes(members["steps.db"])
        with closing(sqlite3.connect(database)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        _write(path, _signed({**members, "steps.db": database.read_bytes()}))

    return damage


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(b"SQLite format 3") + 5000
    data[at] ^= 0xFF
    path.write_bytes(data)


def _with(**members: bytes) -> Callable[[Path], None]:
    return lambda path: _write(path, _signed({**_members(path), **members}))


def _manifest(**values: Any) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        members = _members(path)
        manifest = {**json.loads(members["manifest.json"]), **values}
        _write(path, {**members, "manifest.json": json.dumps(manifest).encode()})

    return damage


def _link(path: Path) -> None:
    members = _members(path)
    info = zipfile.ZipInfo("steps.db")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    del members["steps.db"]
    _write(path, members)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(info, b"/etc/passwd")


def _twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("steps.db", b"")


def _wrong_hash(path: Path) -> None:
    members = _members(path)
    _write(path, {**members, "steps.db": members["steps.db"][:-1] + b"\1"})


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (lambda path: path.write_bytes(b"") and None, "not a zip"),
    "cut off": (_cut, "not a zip"),
    "a bit has turned": (_flip, "CRC"),
    "another hash": (_wrong_hash, "'steps.db' is not what its manifest.json says"),
    "a path above": (_with(**{"../x": b""}), "names the file '../x', which no pack has"),
    "a path of another machine": (_with(**{"/etc/x": b""}), "which no pack has"),
    "a file more": (_with(**{"run.sh": b"rm"}), "which no pack has"),
    "a link": (_link, "no regular file"),
    "two of one name": (_twice, "two files of one name"),
    "compressed": (
        lambda path: _write(path, _members(path), compression=zipfile.ZIP_DEFLATED),
        "is compressed",
    ),
    "of a later version": (_manifest(version=2), "version 2 and this otel-steps reads 1"),
    "of another kind": (_manifest(format="x"), "not that of a pack"),
    "without files": (_manifest(files={}), "no steps.db"),
    "no database": (_with(**{"steps.db": b"x" * 5000}), "database is damaged"),
    "a view": (
        _with_sql("DROP TABLE task_spans", "CREATE VIEW task_spans AS SELECT 1 AS trace_id"),
        "another 'task_spans'",
    ),
    "a table more": (_with_sql("CREATE TABLE x (a)"), "another 'x'"),
    "another type": (_with_sql("UPDATE task_steps SET thinking = x'00'"), "a value that no row"),
    "no JSON": (_with_sql("UPDATE tasks SET resource = '{'"), "a value that no row"),
    "a picture elsewhere": (
        _with_sql("UPDATE step_screenshots SET screenshot_path = '/etc/passwd'"),
        "a value that no row",
    ),
    "tables of a later version": (_with_sql("PRAGMA user_version = 99"), "has version 99"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_or_hostile_is_refused(name: str, run_file: Path, tmp_path: Path) -> None:
    """In one line that says what is wrong; nothing gets in, and nothing is left anywhere."""
    damage, reason = DAMAGES[name]
    damage(run_file)
    target = tmp_path / "target"

    read = command("tasks", "--store", run_file)
    imported = command("import", run_file, "--dir", target)

    for done in (read, imported):
        assert (done.status, done.out) == (1, "")
        assert reason in done.err
        assert len(done.err.splitlines()) == 1
    assert not target.exists()


def test_a_picture_that_is_not_what_it_says_is_refused(run_file: Path, tmp_path: Path) -> None:
    """A pack may be whole and a lie: what is no picture gets in nowhere, its step does."""
    members = _members(run_file)
    name = next(each for each in members if each.count(".") == 1 and each.endswith(".webp"))
    _write(run_file, _signed({**members, name: b"<script>alert(1)</script>"}))

    done = command("import", run_file, "--dir", tmp_path / "target")

    assert done.status == 1
    assert "do not belong together" in done.err
    assert "6 steps" in done.out
    assert not list((tmp_path / "target").rglob(Path(name).name))


def test_what_is_missing_is_said() -> None:
    """A pack that is not there, and one that nobody may read."""
    done = command("tasks", "--store", "nothing.osz")
    assert (done.status, "there is no pack" in done.err) == (2, True)
    with pytest.raises(StoreOnHold, match="cannot be read"):
        open_store("nothing.osz")
    assert command("view", "a.osz", "--store", "b.osz").status == 2


@pytest.fixture(autouse=True)
def _no_rows_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever happened: what was unpacked is gone."""
    folder = Path(tempfile.mkdtemp(dir=tmp_path.parent))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert not list(folder.iterdir())
