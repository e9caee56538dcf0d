"""What is held is not buried: the project, the bucket, the way there, and a picture alone."""

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from PIL import Image

from otel_steps import semconv
from otel_steps.config import Settings, resolve
from otel_steps.health import metrics
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.migrations import runner
from otel_steps.pictures import rendering
from otel_steps.recorder import Recorder
from otel_steps.stores import open_store
from tests.commands import command
from tests.full_disk import full_disk
from tests.patience import PATIENCE_S
from tests.pictures import huge_gif, png
from tests.supabase.line import Line, numbers_in, sql
from tests.supabase.postgres import Postgres
from tests.supabase.stack import SupabaseStack
from tests.test_metrics import values
from tests.viewing import opened_library

pytest_plugins = ["tests.supabase.fixtures"]

TASK = "task"
TRIES = 7  # more than an error that nobody has classified gets
INGEST = "otel_steps_ingest"
OBJECTS = "/storage/v1/object/otel-steps/"
# They speak of the project, or of the way there, whatever else they say.
OF_THE_WAY = [
    "200 html",
    "302 html",
    "400 html",
    "401 html",
    "402 json",
    "403 html",
    "404 html",
    "405 html",
    "409 html",
    "413 html",
    "415 html",
    "422 html",
    "451 html",
    "502 html",
]


@pytest.fixture
def project(supabase_stack: SupabaseStack, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings that name an empty project, which commands find, too."""
    monkeypatch.setenv("SUPABASE_URL", supabase_stack.url)
    monkeypatch.setenv("SUPABASE_SECRET_KEY", supabase_stack.secret_key)
    return resolve()


@pytest.fixture
def line(project: Settings) -> Iterator[Line]:
    """Give the way from an empty journal to an empty project."""
    line = Line(project)
    yield line
    line.shipper.shutdown(PATIENCE_S)


@pytest.fixture
def bucket(supabase_stack: SupabaseStack) -> Iterator[Callable[[str], None]]:
    """Give a function that sets limits of the bucket; they are as migrated afterwards."""
    ((types, size),) = sql(
        supabase_stack, "SELECT allowed_mime_types::text, file_size_limit FROM storage.buckets"
    )

    def change(limits: str) -> None:
        sql(supabase_stack, f"UPDATE storage.buckets SET {limits}")

    yield change
    change(f"allowed_mime_types = '{types}', file_size_limit = {size}")


def noise(seed: int) -> bytes:
    """Return a picture that no format makes small."""
    pixels = random.Random(seed).randbytes(200 * 400 * 3)
    buffer = io.BytesIO()
    Image.frombytes("RGB", (200, 400), pixels).save(buffer, "PNG")
    return buffer.getvalue()


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def try_often(stack: SupabaseStack, line: Line, path: str) -> None:
    """Let the store be asked more often than an error that nobody has classified is tried."""

    def count(requests: list[Any]) -> int:
        return sum(path in each.path for each in requests if each.fault)

    while count(stack.gateway.requests) < TRIES:
        line.shipper.flush(0.5)
        facts = line.shipper.facts()
        assert facts.waiting + facts.pictures_waiting > 0, "given up, or taken for stored"


class TestTheProjectAndTheWay:
    """Whatever answers in the place of the database or of Storage blames no row and no picture."""

    @pytest.mark.parametrize("name", OF_THE_WAY)
    def test_a_task_of_one_step_is_held(
        self, supabase_stack: SupabaseStack, line: Line, name: str
    ) -> None:
        """However small the task and however often it is tried: it arrives afterwards."""
        with supabase_stack.gateway.fault(name, times=None, path=INGEST):
            line.record(1)
            try_often(supabase_stack, line, INGEST)
            assert line.letters == []
            assert line.shipper.facts().waiting == 1
            assert line.shipper.facts().last_error is not None

        assert line.shipper.flush(PATIENCE_S)
        assert numbers_in(supabase_stack) == [1]
        assert line.letters == []

    @pytest.mark.parametrize("name", OF_THE_WAY)
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_pictures_are_held(
        self, supabase_stack: SupabaseStack, line: Line, method: str, name: str
    ) -> None:
        """Neither refused, nor lost, nor taken for stored; their rows come at once."""
        pictures = [png(60, 90, (number, 2, 3)) for number in range(4)]
        with supabase_stack.gateway.fault(name, times=None, path=OBJECTS, method=method):
            for number, picture in enumerate(pictures, start=1):
                line.record(number, picture=picture)
            try_often(supabase_stack, line, OBJECTS)
            facts = line.shipper.facts()
            assert (facts.waiting, facts.pictures_waiting, facts.pictures_dead) == (0, 4, 0)
            assert numbers_in(supabase_stack) == [1, 2, 3, 4]

        while not line.shipper.flush(PATIENCE_S):
            pass
        assert all(step["screenshot_path"] for step in steps_of(resolve()))
        assert line.leftovers == line.letters == []

    @pytest.mark.parametrize("name", ["403 html", "413 html"])
    def test_a_row_that_a_proxy_stops_holds_up_no_other(
        self, supabase_stack: SupabaseStack, line: Line, name: str
    ) -> None:
        """Too large for it, or odd in its eyes: that row alone waits, and is no dead letter."""
        long = {semconv.STEP_THINKING: "long " * 10_000}
        with supabase_stack.gateway.fault(name, times=None, path=INGEST, larger_than=30_000):
            line.record(1, **long)
            line.record(2, 3)
            line.record(4, **long)
            assert not line.shipper.flush(PATIENCE_S)
            line.record(5)
            assert not line.shipper.flush(PATIENCE_S)
            assert numbers_in(supabase_stack) == [2, 3, 5]
            assert "something between here and Supabase" in str(line.shipper.facts().held)
            line.shipper.shutdown(PATIENCE_S)
            sync = command("sync")
            assert sync.status == 1
            assert "something between here and Supabase" in sync.err
            assert line.letters == []

        assert command("sync").status == 0
        assert numbers_in(supabase_stack) == [1, 2, 3, 4, 5]
        assert line.letters == line.leftovers == []

    def test_a_plan_that_is_used_up_is_named(
        self, supabase_stack: SupabaseStack, line: Line
    ) -> None:
        """Not the tables are to be compared: somebody has to see the bill."""
        with supabase_stack.gateway.fault("402 json", times=None):
            line.record(1)
            assert not line.shipper.flush(PATIENCE_S)
            facts = line.shipper.facts()
            assert "exceed_egress_quota" in str(facts.held)
            assert "Billing" in str(facts.remedy)


class TestTheBucket:
    """The limits of the bucket are a person's: pictures wait for them, each by itself."""

    @pytest.mark.parametrize("allowed", ["{image/png}", "{image/png,image/webp}", "{text/plain}"])
    def test_types_that_are_not_allowed_are_named(
        self,
        supabase_stack: SupabaseStack,
        line: Line,
        bucket: Callable[[str], None],
        allowed: str,
    ) -> None:
        """None of twelve pictures is lost, the remedy lists what to allow, and then all go."""
        bucket(f"allowed_mime_types = '{allowed}'")
        for number in range(1, 13):
            line.record(number, picture=png(640, 1280, (number, 2, 3)))

        assert not line.shipper.flush(PATIENCE_S)
        facts = line.shipper.facts()
        assert (facts.pictures_waiting, facts.pictures_dead, facts.dead) == (12, 0, 0)
        assert "the bucket otel-steps does not allow" in str(facts.held)
        assert allowed.strip("{}").replace(",", ", ") in str(facts.held)
        assert "image/jpeg, image/png, image/webp" in str(facts.remedy)
        assert numbers_in(supabase_stack) == list(range(1, 13))

        bucket("allowed_mime_types = NULL")
        assert line.shipper.flush(PATIENCE_S)
        assert line.shipper.facts().held is None
        assert all(step["screenshot_path"] for step in steps_of(resolve()))
        assert line.leftovers == line.letters == []

    def test_pictures_that_are_too_large_hold_up_no_other(
        self, supabase_stack: SupabaseStack, line: Line, bucket: Callable[[str], None]
    ) -> None:
        """What fits passes meanwhile; both sizes are told."""
        bucket("file_size_limit = 5000")
        for number in (1, 2, 3):
            line.record(number, picture=noise(number))
        line.record(4, picture=png(60, 90, (4, 2, 3)))
        assert not line.shipper.flush(PATIENCE_S)

        facts = line.shipper.facts()
        assert (facts.pictures_waiting, facts.pictures_dead) == (3, 0)
        assert "5,000 bytes" in str(facts.held)
        assert "file size limit" in str(facts.remedy)
        assert [bool(step["screenshot_path"]) for step in steps_of(resolve())] == [False] * 3 + [
            True
        ]

        bucket("file_size_limit = NULL")
        assert line.shipper.flush(PATIENCE_S)
        assert all(step["screenshot_path"] for step in steps_of(resolve()))
        assert line.leftovers == line.letters == []

    def test_a_proxy_with_a_limit_holds_up_no_small_picture(
        self, supabase_stack: SupabaseStack, line: Line
    ) -> None:
        """A page that says 413 is about the way; the size that has to pass is told."""
        with supabase_stack.gateway.fault("413 html", times=None, path=OBJECTS, larger_than=5000):
            line.record(1, picture=noise(1))
            line.record(2, picture=png(60, 90, (4, 2, 3)))
            assert not line.shipper.flush(PATIENCE_S)
            facts = line.shipper.facts()
            assert facts.pictures_waiting == 1
            assert "something between here and Supabase" in str(facts.held)
            assert "bytes and more pass" in str(facts.remedy)

        assert line.shipper.flush(PATIENCE_S)
        assert all(step["screenshot_path"] for step in steps_of(resolve()))


class TestDeadPictures:
    """A picture that its place refuses alone is kept, bytes and all, until it is wanted again."""

    @pytest.fixture(
        params=["sqlite, folder", "postgresql, folder", "postgresql, fsspec", "supabase"]
    )
    def refusing(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> Iterator[tuple[bytes, Callable[[], None]]]:
        """Give a picture that the place of pictures refuses, and a call that mends the place."""
        store, _, place = request.param.partition(", ")
        if store == "supabase":
            request.getfixturevalue("project")
            change = request.getfixturevalue("bucket")
            yield huge_gif(1), lambda: change("allowed_mime_types = NULL")
            return
        if store == "postgresql":
            monkeypatch.setenv("OTEL_STEPS_STORE", request.getfixturevalue("migrated"))
        if place == "fsspec":
            monkeypatch.setenv("OTEL_STEPS_SCREENSHOT_URL", f"memory://{tmp_path.name}")
        bad = png(30, 50)
        with monkeypatch.context() as patch:
            break_decoding(patch, bad)
            yield bad, patch.undo

    @pytest.fixture
    def migrated(self, postgres_server: Postgres) -> Iterator[str]:
        """Give the URL of an empty database with our tables."""
        with postgres_server.empty_database() as dsn:
            runner.apply(dsn)
            yield dsn

    def test_it_is_joined_to_its_row_by_sync(
        self, refusing: tuple[bytes, Callable[[], None]]
    ) -> None:
        """Its row says why it is missing; once the place is mended both steps get it."""
        picture, mend = refusing
        settings = resolve()
        line = Line(settings)
        line.record(1, 2, picture=picture)
        line.record(3, picture=png(60, 90))
        assert line.shipper.flush(PATIENCE_S)
        line.shipper.shutdown(PATIENCE_S)

        steps = steps_of(settings)
        assert [bool(step["screenshot_path"]) for step in steps] == [False, False, True]
        assert "the picture cannot be stored" in steps[1]["attributes"][semconv.SCREENSHOT_ERROR]
        kept = [path.read_bytes() for path in (settings.backup_dir / "dead").iterdir()]
        assert picture in kept
        assert DeadLetters(settings.backup_dir).count_pictures() == 1

        mend()
        done = command("sync", "--dead", "--json")

        assert (done.status, done.json["retried"], done.json["pictures_dead"]) == (0, 1, 0)
        steps = steps_of(settings)
        assert all(step["screenshot_path"] for step in steps)
        assert [semconv.SCREENSHOT_ERROR in step["attributes"] for step in steps] == [False] * 3
        assert list((settings.backup_dir / "dead").iterdir()) == []

    def test_it_is_counted_alike_everywhere(
        self, supabase_stack: SupabaseStack, line: Line, project: Settings
    ) -> None:
        """`health()`, metrics, the viewer, `doctor` and `sync` tell the same numbers."""
        line.record(1, 2, picture=huge_gif(1))
        line.record(3, picture=huge_gif(2))
        sql(supabase_stack, "ALTER TABLE task_steps ADD CONSTRAINT odd CHECK (step_number <> 4)")
        try:
            line.record(4)
            line.shipper.flush(PATIENCE_S)
        finally:
            sql(supabase_stack, "ALTER TABLE task_steps DROP CONSTRAINT odd")
        line.shipper.shutdown(PATIENCE_S)
        recorder = Recorder(project)
        health = recorder.health()
        reader = InMemoryMetricReader()
        metrics.observe(recorder.health, MeterProvider([reader], shutdown_on_exit=False))
        found = values(reader)
        with opened_library(project) as library:
            seen = library.health()
        doctor = {each["name"]: each for each in command("doctor", "--json").json["checks"]}

        assert (health.dead, health.pictures_dead, health.ok) == (1, 2, False)
        assert (found["otel_steps.span.dead"], found["otel_steps.picture.dead"]) == (1, 2)
        assert (seen["dead"], seen["pictures_dead"]) == (1, 2)
        assert doctor["dead letters"]["message"].startswith("3: 2 x the picture cannot be stored")

        sync = command("sync", "--dead")  # the bucket is as it was, the table is not
        assert sync.status == 1
        assert "3 dead letters tried again" in sync.out
        assert "2 pictures can never be stored as is" in sync.err

    def test_it_counts_against_the_cap(self, line: Line) -> None:
        """What is kept takes its place on the disk, and is never removed to make room."""
        line.record(1, picture=b"no picture" * 1000)
        assert line.shipper.flush(PATIENCE_S)
        line.journal.measure()

        assert line.journal.facts().size_bytes > 10_000

    def test_a_screen_that_comes_again_is_refused_again(
        self, line: Line, project: Settings
    ) -> None:
        """A later step finds its picture among the dead letters, also after a restart."""
        picture = b"no picture"
        line.record(1, picture=picture)
        assert line.shipper.flush(PATIENCE_S)
        line.shipper.shutdown(PATIENCE_S)
        later = Line(project)
        later.record(2, **{semconv.SCREENSHOT_SHA256: sha256_of(picture)})
        assert later.shipper.flush(PATIENCE_S)
        later.shipper.shutdown(PATIENCE_S)

        errors = [step["attributes"][semconv.SCREENSHOT_ERROR] for step in steps_of(project)]
        assert (
            errors[0]
            == errors[1]
            == "the picture cannot be stored: the 10 bytes given are not a PNG, JPEG, WebP or GIF"
        )
        assert len(line.letters) == 2
        assert DeadLetters(project.backup_dir).count_pictures() == 1

    def test_a_disk_that_takes_no_letter_costs_nothing(self, line: Line, project: Settings) -> None:
        """Rows and other pictures go on; the picture waits until it can be set aside."""
        line.record(1, picture=b"no picture")
        line.record(2, picture=png(60, 90))
        with full_disk():
            line.shipper.flush(1.0)
            while not steps_of(project)[1]["screenshot_path"]:
                line.shipper.flush(1.0)
            assert line.shipper.facts().pictures_waiting == 1
            assert "journal" in {problem.kind for problem in line.problems.all()}

        assert line.shipper.flush(PATIENCE_S)
        assert DeadLetters(project.backup_dir).count_pictures() == 1
        assert line.leftovers == []


def break_decoding(patch: pytest.MonkeyPatch, bad: bytes) -> None:
    """Let a picture be one that ends in an error that nobody knows."""
    decode = rendering.decode

    def broken(data: bytes) -> Any:
        if data == bad:
            raise MemoryError("odd")
        return decode(data)

    patch.setattr(rendering, "decode", broken)


def steps_of(settings: Settings) -> list[dict[str, Any]]:
    with closing(open_store(settings=settings)) as store:
        return store.steps(TASK)
