"""The reader's side of the journal: adoption, bounded portions, damage, dead letters."""

import errno
import hashlib
import itertools
import json
import logging
import os
import shutil
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from otel_steps import otlp, semconv
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.journal.backlog import PORTION_BYTES, PORTION_SPANS, Backlog, Portion
from otel_steps.journal.backlog_pictures import BacklogPictures
from otel_steps.journal.dead_letters import DeadLetters
from otel_steps.journal.folder_memo import FolderMemo
from otel_steps.journal.in_flight import InFlightLog
from otel_steps.journal.owner import MAX_PICTURE_BYTES, Owner
from otel_steps.journal.segment import BAD_HEAD_BYTES, MAX_LINE_BYTES, Line
from otel_steps.otlp.span import Span
from tests.calls import calls_of
from tests.dict_store import span_id_of, step, step_line
from tests.pictures import png

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX modes, links and signals")


class Bench:
    """A journal folder with what dead processes have left in it."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "steps"
        self.problems = Problems(None)
        self.freed: list[int] = []
        self.backlog = Backlog(self.folder, problems=self.problems, on_freed=self.freed.append)

    def dead_owner(self, *contents: bytes) -> Owner:
        """Return the folder of a dead process, with one segment for each of *contents*."""
        owner = Owner.create(self.folder)
        for content in contents:
            _, descriptor = owner.new_segment()
            os.write(descriptor, content)
            os.close(descriptor)
        owner.unlock()
        return owner

    def in_flight(self, owner: Owner, number: int, line: bytes) -> None:
        """Leave a span in flight in the folder of a dead process."""
        log = InFlightLog(owner.in_flight)
        log.put(span_id_of(number), line, is_synced=False)
        log.close()

    def portions(self, *contents: bytes) -> list[Portion]:
        return list(self.backlog.portions(self.dead_owner(*contents).segments()))

    @property
    def kinds(self) -> set[str]:
        return {problem.kind for problem in self.problems.all()}

    @property
    def letters(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("dead/*"))


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="otel_steps")


LONG_AGO_NS = 1_700_000_000 * 10**9
# Of a journal with one process: its folder, two that all share, that of the process, that of the
# pictures, and the segment that may grow.
LOOK = {"stat": 4, "lstat": 2}


def waiting_in(bench: Bench) -> tuple[int, int]:
    """Return the lines and the pictures that wait."""
    waiting = bench.backlog.waiting()
    return waiting.lines, waiting.pictures


def numbers(portions: list[Portion]) -> list[int]:
    return [span.attributes[semconv.STEP_NUMBER] for each in portions for span in each.spans]


class TestAdoption:
    def test_the_living_are_left_alone(self, bench: Bench) -> None:
        """A folder whose process lives is not adopted, not even by the same process."""
        journal = Journal(bench.folder, problems=bench.problems)
        journal.append(step_line(1), span_id=span_id_of(1))

        (owner,) = bench.backlog.others(None)
        with bench.backlog.adopted(owner) as is_ours:
            assert not is_ours

        assert journal.owner is not None
        assert bench.backlog.others(journal.owner) == []
        assert owner.path.exists()

    def test_the_dead_are_adopted_oldest_first_by_one_at_a_time(self, bench: Bench) -> None:
        """While one adopter ships, another gets nothing; what is left stays for later."""
        owners = [bench.dead_owner(step_line(number)) for number in (1, 2)]
        assert [each.path for each in owners] == [each.path for each in bench.backlog.others(None)]

        first, second = bench.backlog.others(None)[0], bench.backlog.others(None)[0]
        with bench.backlog.adopted(first) as is_ours:
            assert is_ours
            with bench.backlog.adopted(second) as is_theirs:
                assert not is_theirs
        with bench.backlog.adopted(second) as is_theirs:
            assert is_theirs

        assert owners[0].path.exists()

    def test_a_folder_with_nothing_left_is_removed(self, bench: Bench) -> None:
        """Pictures without a line, half-written files and the lock go with their folder."""
        owner = bench.dead_owner(step_line(1))
        owner.save_picture("a" * 64, png())
        bench.in_flight(owner, 2, step_line(2, is_open=True))
        (owner.path / "in-flight.log.1234.partial").write_bytes(b"half")

        with bench.backlog.adopted(owner):
            for portion in bench.backlog.portions(owner.segments()):
                bench.backlog.remove(portion.done)
            for portion in bench.backlog.interrupted(owner):
                bench.backlog.remove(portion.done)

        assert list(bench.folder.iterdir()) == []
        assert sum(bench.freed) == len(step_line(1)) + 17 + len(step_line(2, is_open=True))

    def test_an_adopter_that_ships_nothing_leaves_everything(self, bench: Bench) -> None:
        """While something waits in a folder, its states and pictures stay, and so does its lock."""
        owner = bench.dead_owner(step_line(1))
        owner.save_picture("a" * 64, png())
        bench.in_flight(owner, 2, step_line(2, is_open=True))
        before = sorted(owner.path.rglob("*"))

        with bench.backlog.adopted(owner):
            pass

        assert sorted(owner.path.rglob("*")) == before

    def test_a_folder_that_vanished_before_it_was_adopted_does_no_harm(self, bench: Bench) -> None:
        """Two adopters may race to the end of a folder."""
        owner = bench.dead_owner()
        with bench.backlog.adopted(Owner(owner.path)):
            pass

        with bench.backlog.adopted(owner) as is_ours:
            assert is_ours
            assert list(bench.backlog.portions(owner.segments())) == []

        assert list(bench.folder.iterdir()) == []

    def test_a_folder_with_something_of_somebody_else_stays(self, bench: Bench) -> None:
        """What a journal did not write is not deleted."""
        owner = bench.dead_owner()
        (owner.path / "notes.txt").write_text("mine")

        with bench.backlog.adopted(owner):
            pass

        assert (owner.path / "notes.txt").exists()

    def test_a_system_that_removes_no_open_file_is_served_too(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the lock can be removed only after its release, it is."""
        owner = bench.dead_owner()
        remove_lock = Owner._remove_lock

        def refuse_open_file(self: Owner) -> None:
            if self._lock.is_locked:
                raise PermissionError("the file is open")
            remove_lock(self)

        monkeypatch.setattr(Owner, "_remove_lock", refuse_open_file)
        with bench.backlog.adopted(owner):
            pass

        assert list(bench.folder.iterdir()) == []

    def test_an_error_in_one_folder_is_told_and_goes_no_further(self, bench: Bench) -> None:
        """Whatever a disk does while one folder is served, the next one is served as well."""
        owner = bench.dead_owner(step_line(1))

        with bench.backlog.adopted(owner):
            raise OSError(errno.EIO, "broken", str(owner.segments()[0]))

        assert bench.kinds == {"journal"}
        (trouble,) = bench.backlog.troubles
        assert str(owner.segments()[0]) in trouble
        with bench.backlog.adopted(Owner(owner.path)) as is_ours:
            assert is_ours

    def test_folders_are_known_and_ordered_by_their_time(self, bench: Bench) -> None:
        """Also those of a clock before 1970, or with fewer digits; the time is a number."""
        times = (-123, -99, 0, 7, 45, 1_795_800_000_000_000_000)
        bench.folder.mkdir()
        for time_ns in sorted(times, key=str):
            (bench.folder / f"{time_ns}-77-ab").mkdir()

        names = [owner.path.name for owner in bench.backlog.others(None)]

        assert names == [f"{time_ns}-77-ab" for time_ns in times]

    def test_a_process_with_a_clock_before_1970_is_adopted(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What it has left is shipped, and its folder goes."""
        monkeypatch.setattr(time, "time_ns", lambda: -123_456)
        owner = bench.dead_owner(step_line(1))
        os.utime(owner.segments()[0], ns=(-123_456, -123_456))
        assert owner.path.name.startswith("-123456-")
        assert bench.backlog.waiting().oldest_at is not None

        (found,) = bench.backlog.others(None)
        with bench.backlog.adopted(found):
            for portion in bench.backlog.portions(found.segments()):
                bench.backlog.remove(portion.done)

        assert list(bench.folder.iterdir()) == []

    def test_other_folders_are_no_owners(self, bench: Bench) -> None:
        """Dead letters and foreign folders are not mistaken for a process."""
        (bench.folder / "dead").mkdir(parents=True)
        (bench.folder / "a folder").mkdir()

        assert bench.backlog.others(None) == []

    def test_makers_and_adopters_of_folders_do_not_meet(self, bench: Bench) -> None:
        """Whoever has just made a folder owns it alone, however eager the adopters are."""
        is_done = threading.Event()

        def adopt() -> None:
            while not is_done.is_set():
                for owner in bench.backlog.others(None):
                    with bench.backlog.adopted(owner):
                        pass

        adopters = [threading.Thread(target=adopt) for _ in range(2)]
        for thread in adopters:
            thread.start()
        try:
            for _ in range(100):
                owner = Owner.create(bench.folder)
                assert owner.is_in_place
                assert not Owner(owner.path).try_lock()
                path, descriptor = owner.new_segment()
                os.close(descriptor)
                path.unlink()
                owner.remove()
        finally:
            is_done.set()
            for thread in adopters:
                thread.join()

        assert bench.kinds == set()
        assert list(bench.folder.iterdir()) == []


class TestPortions:
    def test_lines_come_in_order_over_segments(self, bench: Bench) -> None:
        """Small segments go together in one portion, and all of them are done with it."""
        (portion,) = bench.portions(step_line(1) + step_line(2), step_line(3))

        assert numbers([portion]) == [1, 2, 3]
        assert [path.name for path in portion.done] == ["000001.jsonl", "000002.jsonl"]

    def test_a_portion_has_a_bounded_number_of_spans(self, bench: Bench) -> None:
        """At most 64 spans come at once; a file is done with its last span only."""
        lines = b"".join(step_line(number) for number in range(PORTION_SPANS + 1))
        first, second = bench.portions(lines)

        assert (len(first.spans), len(second.spans)) == (PORTION_SPANS, 1)
        assert (len(first.done), len(second.done)) == (0, 1)

    def test_a_portion_has_a_bounded_size(self, bench: Bench) -> None:
        """Large spans come in smaller portions."""
        text = "x" * (PORTION_BYTES // 2)
        lines = b"".join(step_line(number, thinking=text) for number in range(3))

        assert [len(each.spans) for each in bench.portions(lines)] == [1, 1, 1]

    def test_the_caller_may_ask_for_less(self, bench: Bench) -> None:
        """A store that takes small bodies only gets small portions."""
        owner = bench.dead_owner(step_line(1) + step_line(2) + step_line(3))

        portions = list(bench.backlog.portions(owner.segments(), lambda: 2))

        assert [len(each.spans) for each in portions] == [2, 1]

    def test_a_line_may_hold_several_spans(self, bench: Bench) -> None:
        """Any OTLP line is understood, not only our own."""
        line = json.loads(step_line(1))
        scope_spans = line["resourceSpans"][0]["scopeSpans"][0]
        scope_spans["spans"] += json.loads(step_line(2))["resourceSpans"][0]["scopeSpans"][0][
            "spans"
        ]

        assert numbers(bench.portions(json.dumps(line).encode() + b"\n")) == [1, 2]

    def test_a_segment_shipped_by_another_is_passed_over(self, bench: Bench) -> None:
        """A file that vanishes is no error."""
        owner = bench.dead_owner(step_line(1), step_line(2))
        segments = owner.segments()
        segments[0].unlink()

        assert numbers(list(bench.backlog.portions(segments))) == [2]
        bench.backlog.remove(segments)
        assert bench.kinds == set()

    @posix_only
    def test_a_link_or_a_pipe_is_no_segment(self, bench: Bench, tmp_path: Path) -> None:
        """Nothing is read through a link, and a pipe does not hang; adopted, they are set aside."""
        secret = tmp_path / "secret"
        secret.write_bytes(step_line(9))
        owner = bench.dead_owner(step_line(1))
        (owner.path / "000002.jsonl").symlink_to(secret)
        os.mkfifo(owner.path / "000003.jsonl")

        portions = list(bench.backlog.portions(owner.segments()))

        assert numbers(portions) == [1]
        assert [path.name for each in portions for path in each.done] == ["000001.jsonl"]
        with bench.backlog.adopted(owner):
            pass
        assert bench.kinds == {"journal"}
        assert [path.name for path in sorted(owner.path.iterdir())] == ["000001.jsonl", "lock"]
        assert len(bench.backlog.troubles) == len(bench.letters) == 2
        assert secret.read_bytes() == step_line(9)

    def test_spans_in_flight_come_back_interrupted(self, bench: Bench) -> None:
        """The states that a dead process has left are spans that ended when it was last seen."""
        owner = bench.dead_owner()
        bench.in_flight(owner, 1, step_line(1, is_open=True))
        os.utime(owner.in_flight, ns=(0, 1_700_000_005_000_000_000))

        (portion,) = bench.backlog.interrupted(owner)

        (span,) = portion.spans
        assert span.end_time_unix_nano == 1_700_000_005_000_000_000
        assert span.attributes[semconv.STEP_ERROR_KIND] == "interrupted"
        assert portion.done == [owner.in_flight]

    def test_a_large_log_does_not_fill_the_memory(self, bench: Bench) -> None:
        """States in flight come in portions of bounded size, however many there are."""
        owner = bench.dead_owner()
        for number in range(60):
            text = str(number % 10) * 2**20
            bench.in_flight(owner, number, step_line(number, is_open=True, thinking=text))

        tracemalloc.start()
        spans = sum(len(portion.spans) for portion in bench.backlog.interrupted(owner))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert spans == 60
        assert peak < 30 * 2**20

    @posix_only
    def test_odd_files_and_folders_do_not_count(self, bench: Bench) -> None:
        """Counting what waits raises for nothing that may lie in the folder."""
        owner = bench.dead_owner(step_line(1))
        (owner.path / "000002.jsonl").symlink_to(owner.segments()[0])
        assert bench.backlog.waiting().lines == 1

        shutil.rmtree(bench.folder)
        bench.folder.write_text("in the way")

        assert bench.backlog.waiting().lines == 0
        assert bench.kinds == {"journal"}

    def test_what_waits_is_counted(self, bench: Bench) -> None:
        """Lines, bytes and the time of the oldest tell how far behind the store is."""
        assert bench.backlog.waiting().oldest_at is None
        owner = bench.dead_owner(step_line(1) + step_line(2), step_line(3))
        os.utime(owner.segments()[0], (5, 5))

        waiting = bench.backlog.waiting()

        assert waiting.lines == 3
        assert waiting.size_bytes == 3 * len(step_line(1))
        assert waiting.oldest_at == 5

    def test_what_was_counted_is_not_read_again(self, bench: Bench) -> None:
        """A segment that has not changed costs a look, whatever its size; one that grew is read."""
        content = b"".join(step_line(number) for number in range(5))
        owner = bench.dead_owner(content, content)
        first, second = owner.segments()
        assert bench.backlog.waiting().lines == 10
        before = first.stat()

        first.write_bytes(b"\n" * len(content))
        os.utime(first, ns=(before.st_atime_ns, before.st_mtime_ns))
        second.write_bytes(content + step_line(6))

        assert bench.backlog.waiting().lines == 11
        second.unlink()
        assert bench.backlog.waiting().lines == 5
        os.utime(first)
        assert bench.backlog.waiting().lines == len(content)

    @pytest.mark.parametrize("segments", [3, 60])
    def test_what_waits_is_counted_at_the_same_price(self, bench: Bench, segments: int) -> None:
        """Segments and pictures that wait make no look dearer, and growth is seen at once."""
        owner = bench.dead_owner(*[step_line(1)] * segments)
        owner.add_segment(step_line(2), is_synced=False)
        for number in range(segments):
            owner.save_picture(f"{number:064x}", png(8, 8))
        last = owner.segments()[segments - 1]
        assert owner.segments()[segments].name.endswith(".aside.jsonl")
        for folder in (owner.pictures, owner.path, bench.folder):
            os.utime(folder, ns=(0, LONG_AGO_NS))

        assert waiting_in(bench) == (segments + 1, segments)
        calls = calls_of(bench.backlog.waiting)

        assert calls == LOOK
        with last.open("ab") as file:
            file.write(step_line(3))
        assert waiting_in(bench) == (segments + 2, segments)
        owner.segments()[0].unlink()
        (owner.pictures / f"{1:064x}.png").unlink()
        assert waiting_in(bench) == (segments + 1, segments - 1)

    def test_a_folder_that_has_just_changed_is_looked_into_again(self, tmp_path: Path) -> None:
        """Its next change might leave the same time; one of long ago is looked into once."""
        memo: FolderMemo[int] = FolderMemo()
        looks = itertools.count(1)
        found = []
        for at in (time.time() + 60, time.time() - 60):
            os.utime(tmp_path, (at, at))
            found += [memo.of(tmp_path, lambda: next(looks)) for _ in range(2)]

        assert found == [1, 2, 3, 3]
        assert memo.of(tmp_path / "missing", lambda: next(looks)) == 4
        tmp_path.chmod(0o750)
        assert memo.of(tmp_path, lambda: next(looks), keeps=lambda _: False) == 5
        assert memo.of(tmp_path, lambda: next(looks)) == 6

    def test_dead_letters_are_counted_at_the_same_price(self, bench: Bench) -> None:
        """So are they, wherever they lie; a folder that has changed is looked into again."""
        letters = DeadLetters(bench.folder)
        owner = bench.dead_owner(step_line(1))
        (owner.path / "000009.jsonl.unreadable").mkdir()
        for number in range(9):
            letters.add(step(number), reason="bad", code=None)
        letters.add_picture("a" * 64, png(8, 8), [step(1)], reason="bad", code=None)
        for folder in (owner.path, bench.folder / "dead", bench.folder):
            os.utime(folder, ns=(0, LONG_AGO_NS))

        assert (letters.count(), letters.count_pictures()) == (10, 1)
        assert calls_of(letters.count) == {"stat": 4}
        letters.add(step(10), reason="bad", code=None)
        (owner.path / "000009.jsonl.unreadable").rmdir()
        assert (letters.count(), letters.count_pictures()) == (10, 1)


class TestDamage:
    def test_a_tail_torn_at_any_byte_costs_that_line_only(self, bench: Bench) -> None:
        """Wherever a crash has cut the last line, the earlier ones are whole."""
        whole, last = step_line(1), step_line(2)
        for cut in range(1, len(last) - 1, 7):
            assert numbers(bench.portions(whole + last[:cut])) == [1]

        assert {name.partition("-")[0] for name in bench.letters} == {"torn"}
        assert bench.kinds == {"dead_letter"}

    def test_a_line_that_lacks_its_line_feed_only_is_whole(self, bench: Bench) -> None:
        """What can be read is not thrown away for its last byte."""
        assert numbers(bench.portions(step_line(1) + step_line(2)[:-1])) == [1, 2]
        assert bench.letters == []

    @pytest.mark.parametrize(
        "garbage",
        [
            b"\x00" * 4096,
            b"\xff\xfe" * 1000,
            b"not json",
            b"[" * 200_000,
            b'{"resourceSpans": 3}',
            b"x" * 2**20,
        ],
        ids=["NUL page", "invalid UTF-8", "text", "deep", "wrong shape", "1 MB"],
    )
    def test_a_corrupt_middle_costs_that_line_only(self, bench: Bench, garbage: bytes) -> None:
        """Lines around a damaged one are shipped; its head is kept for a person to look at."""
        assert numbers(bench.portions(step_line(1) + garbage + b"\n" + step_line(2))) == [1, 2]
        (name,) = bench.letters
        assert name.startswith("unreadable-")
        letter = (bench.folder / "dead" / name).read_bytes()
        assert letter == (garbage + b"\n")[:BAD_HEAD_BYTES]

    def test_a_huge_line_does_not_fill_the_memory(self, bench: Bench) -> None:
        """Of a line beyond all measure only the head is looked at."""
        owner = bench.dead_owner()
        path, descriptor = owner.new_segment()
        os.write(descriptor, step_line(1))
        os.ftruncate(descriptor, 3 * MAX_LINE_BYTES)
        os.write(descriptor, b"\n" + step_line(2))
        os.close(descriptor)

        assert numbers(list(bench.backlog.portions([path]))) == [1, 2]
        (name,) = bench.letters
        assert name.startswith("too_long-")
        assert (bench.folder / "dead" / name).stat().st_size == BAD_HEAD_BYTES

    def test_a_huge_torn_tail_ends_the_segment(self, bench: Bench) -> None:
        """A last line beyond all measure, without an end, is one dead letter."""
        assert numbers(bench.portions(step_line(1) + bytes(MAX_LINE_BYTES + 10))) == [1]
        assert len(bench.letters) == 1

    def test_the_same_damage_read_again_is_one_letter(self, bench: Bench) -> None:
        """A crash before the file is removed does not double its dead letters."""
        owner = bench.dead_owner(b"garbage\n")
        for _ in range(2):
            list(bench.backlog.portions(owner.segments()))

        assert len(bench.letters) == 1

    def test_a_damaged_state_in_flight_is_a_dead_letter(self, bench: Bench) -> None:
        """A state that cannot be read holds up nothing."""
        owner = bench.dead_owner()
        bench.in_flight(owner, 1, b"garbage\n")

        (portion,) = bench.backlog.interrupted(owner)

        assert (portion.spans, portion.done) == ([], [owner.in_flight])
        assert len(bench.letters) == 1


class TestPictures:
    def test_pictures_come_from_memory_or_from_the_folder(self, bench: Bench) -> None:
        """A picture is where its process could keep it."""
        owner, name = bench.dead_owner(), sha256_of(png())
        owner.save_picture(name, png())
        pictures = BacklogPictures(owner, bench.backlog, bench.problems, {"b" * 64: b"bytes"})

        assert pictures.read(name) == png()
        assert pictures.read("b" * 64) == b"bytes"
        assert pictures.read("c" * 64) is None
        assert pictures.read("../../secret") is None

        pictures.remove(name)
        pictures.remove(name)
        assert pictures.read(name) is None
        assert bench.freed == [len(png())]

    def test_without_a_folder_there_are_none(self, bench: Bench) -> None:
        """A process that has written nothing has no pictures."""
        pictures = BacklogPictures(None, bench.backlog, bench.problems)

        assert pictures.read("a" * 64) is None
        pictures.remove("a" * 64)

    def test_a_damaged_picture_is_no_picture(self, bench: Bench) -> None:
        """A file that a power cut has emptied is told from the picture it was."""
        owner = bench.dead_owner()
        owner.save_picture("a" * 64, png())

        assert BacklogPictures(owner, bench.backlog, bench.problems).read("a" * 64) is None
        assert bench.kinds == {"screenshot"}

    def test_a_huge_picture_is_not_read(self, bench: Bench) -> None:
        """What no journal has written does not fill the memory."""
        owner = bench.dead_owner()
        path = owner.save_picture("a" * 64, png())
        assert path is not None
        os.truncate(path, MAX_PICTURE_BYTES + 1)

        assert BacklogPictures(owner, bench.backlog, bench.problems).read("a" * 64) is None
        assert bench.kinds == {"screenshot"}


class TestDeadLetters:
    def test_a_letter_is_an_otlp_line_with_its_reason(self, bench: Bench) -> None:
        """A dead letter can be read by any OTLP reader, says why, and holds no secret."""
        letters = DeadLetters(bench.folder)
        letters.add(step(1), reason="bad; Bearer abcdefghijklmnop", code="22P05")

        (path,) = bench.folder.glob("dead/*")
        line = path.read_bytes()
        assert path.name == f"{step(1).trace_id}-{step(1).span_id}.jsonl"
        assert json.loads(line)["otelSteps"]["code"] == "22P05"
        assert b"abcdefghijklmnop" not in line
        assert [span.span_id for span in otlp.from_line(line)] == [step(1).span_id]
        assert letters.count() == 1

    def test_letters_go_back_to_the_backlog(self, bench: Bench) -> None:
        """`retry` lets letters be shipped again; those that cannot be read stay."""
        letters = DeadLetters(bench.folder)
        letters.add(step(0), reason="bad", code=None)
        for number in range(1, 300):
            (bench.folder / "dead" / f"{number}.jsonl").write_bytes(step_line(number))
        letters.add_unreadable(b"garbage", reason="torn")
        (bench.folder / "dead" / "broken.jsonl").write_bytes(b"{")

        assert letters.retry() == 300
        assert letters.count() == 2
        (owner,) = bench.backlog.others(None)
        with bench.backlog.adopted(owner) as is_ours:
            assert is_ours
            portions = list(bench.backlog.portions(owner.segments()))
        assert sorted(numbers(portions)) == list(range(300))
        assert letters.retry() == 0


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_line_of_memory_is_read_like_one_of_a_file(bench: Bench) -> None:
    """Spans that were only in memory take the same way."""
    (span,) = bench.backlog.spans_of(Line(step_line(1)))

    assert isinstance(span, Span)
    assert span.span_id == span_id_of(1)
