"""The journal against a model: whatever happens, in whatever order, every step is accounted for."""

import logging
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from otel_steps.errors import RowRejected, StoreUnavailable
from otel_steps.health.problems import Problems
from otel_steps.journal import Journal
from otel_steps.rows.model import Batch
from otel_steps.shipper import Shipper
from tests.dict_store import DictPictures, DictStore, span_id_of, step_line


class JournalMachine(RuleBasedStateMachine):
    """Steps are recorded, shipped, crashed over and damaged; a set of numbers keeps the score."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.folder = self.root / "steps"
        self.problems = Problems(None)
        self.store = DictStore()
        self.is_out = False
        self.poison: set[int] = set()
        self.store.fault = self.fault
        self.number = 0
        self.kept: set[int] = set()
        self.damaged = 0
        self.journal = self.new_journal()

    def new_journal(self) -> Journal:
        return Journal(self.folder, problems=self.problems)

    def fault(self, batch: Batch) -> None:
        if self.is_out:
            raise StoreUnavailable("out")
        if any(row.step_number in self.poison for row in batch.steps):
            raise RowRejected("poison", code="22000")

    def new_shipper(self) -> Shipper:
        return Shipper(
            self.journal,
            self.folder,
            open_store=lambda: self.store,
            open_screenshots=lambda _: DictPictures(),
            problems=self.problems,
            jitter=lambda: 0.0,
        )

    @rule(is_bad=st.sampled_from([False, False, False, False, True]))
    def append(self, is_bad: bool) -> None:
        self.number += 1
        if is_bad:
            self.poison.add(self.number)
        if self.journal.append(step_line(self.number), span_id=span_id_of(self.number)):
            self.kept.add(self.number)

    @rule()
    def start(self) -> None:
        self.number += 1
        self.journal.put_open(span_id_of(self.number), step_line(self.number, is_open=True))

    @rule()
    def ship(self) -> None:
        self.new_shipper().ship_all()

    @rule()
    def outage(self) -> None:
        self.is_out = True

    @rule()
    def heal(self) -> None:
        self.is_out = False

    @rule()
    def crash(self) -> None:
        """The process is gone, and its lock with it."""
        if self.journal.owner is not None:
            self.journal.owner.unlock()
        self.journal = self.new_journal()

    @rule(tail=st.binary(min_size=1, max_size=30))
    def damage(self, tail: bytes) -> None:
        """A crash has left half a line, or worse, at the end of a segment that is sealed."""
        sealed = self.journal.seal()
        if sealed:
            with sealed[-1].open("ab") as file:
                file.write(b"\xff" + tail)

    @invariant()
    def nothing_is_invented(self) -> None:
        assert set(self.store.numbers) <= self.kept

    def teardown(self) -> None:
        self.is_out = False
        # Good rows in between, so that a few bad ones are not taken for a broken table.
        shipper = self.new_shipper()
        for _ in range(3):
            self.append(is_bad=False)
            shipper.ship_all()
        dead = {path.name for path in self.folder.glob("dead/*.jsonl")}
        shutil.rmtree(self.root)

        assert set(self.store.numbers) == self.kept - self.poison
        assert self.kept & self.poison <= {
            n for n in self.poison if any(name.endswith(f"-{span_id_of(n)}.jsonl") for name in dead)
        }


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="otel_steps")


TestJournalModel = JournalMachine.TestCase
TestJournalModel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
