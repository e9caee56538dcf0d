"""
What every store must answer a viewer, whatever it is made of.

A backend's test module subclasses `ViewContract` and gives the fixture `store`: an open, empty
store for each test.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from otel_steps.rows.flags import flags_of
from otel_steps.rows.ids import screenshot_id
from otel_steps.rows.model import Batch, ScreenshotRow, StepRow, TaskRow
from otel_steps.rows.step_index import COLUMNS
from otel_steps.semconv import STEP_ACTION_NAME
from otel_steps.stores import Store, TaskQuery
from otel_steps.stores.annotation import Annotation, AnnotationChanged
from otel_steps.stores.archived import Keys
from otel_steps.stores.contract import MAX_TEXTS
from otel_steps.stores.digest import RULES, Digest
from otel_steps.stores.figures import GROUPINGS
from otel_steps.stores.task_query import MAX_SEARCH_CHARS, SORTS
from tests import figures_by_script
from tests.store_contract import (
    OTHER_TRACE,
    SHA,
    a_running_step,
    a_screenshot,
    a_span,
    a_step,
    a_task,
    an_implicit_task,
    at,
    known_task,
)

NOW: Final = datetime.now(UTC).isoformat(timespec="microseconds")
OTHER: Final = "fe" * 32
BOXES: Final = [[0, 120, 500, 140, "content"]]
FILTERS = (
    *("text", "app", "model", "device", "project", "session", "tag"),
    *("agent", "version", "description", "step_tag"),
)
FACETS = ("apps", "models", "devices", "projects", "sessions", "tags", "step_tags")
UP: Final = {"name": "rating", "value": 1, "label": "good", "explanation": "好"}
NO_ROW = ["nobody", "", "a\0b", "\ud83d", "'; --"]


def found(store: Store, **query: Any) -> list[str]:
    """Return the ids of the tasks that a query finds, in order."""
    page = store.find_tasks(TaskQuery(**query))
    assert page.total == len(page.tasks)
    return [task["task_id"] for task in page.tasks]


def index_of(store: Store, task_id: str = "t1") -> dict[str, Any]:
    """Return the index of a task, which must be there."""
    index = store.index(task_id)
    assert index is not None
    return index


def an_ended_task(task_id: str = "t1", **values: Any) -> TaskRow:
    """Return the row of a task that has ended."""
    return a_task(task_id, **({"status": "completed", "end_time": at(90)} | values))


def digest_of(store: Store, task_id: str = "t1") -> Digest:
    """Return a digest of a task as it is."""
    return Digest(task_id, store.version(task_id), ["loop"], {"flags": {"loop": 2}, "说": None})


def kept(store: Store, digest: Digest) -> int:
    """Keep a digest as the background does: beside what is added up."""
    while store.extend_sums():
        pass
    return store.keep_digests([digest])


def write_some(store: Store) -> None:
    """Write 23 tasks of up to five steps, of all that figures tell apart."""
    statuses = ("completed", "failed", "max_steps", "running", None)
    for number in range(23):
        task_id = f"a{number}"
        task = a_task(
            task_id,
            status=statuses[number % 5],
            task_description=None if number % 7 == 0 else f"errand {number % 3}",
            created_at=at(20_000 * number),
            model=(None, "m1", "M2")[number % 3],
            device_id=("d1", "d2")[number % 2],
            session=f"s{number % 5}" if number % 2 else "s0",
            agent="PhoneAgent",
            resource={"service.version": f"1.{number % 2}"} if number % 4 else None,
        )
        steps = [
            a_step(
                10 * number + turn,
                task_id,
                app=(None, "微信", "X")[(number + turn) % 3],
                success=(True, False, None)[(number * turn) % 3],
                duration_ms=None if turn == 4 else 100 * number + turn,
                input_tokens=turn if number % 2 else None,
                output_tokens=7 if turn == 2 else None,
                **_ACTIONS[(number + turn) % len(_ACTIONS)],
            )
            for turn in range(number % 6)
        ]
        store.write(Batch(tasks=[task], steps=steps))
        if number % 4 == 0:
            store.annotate(task_id, Annotation(tags=["x", "红"][: number % 3], notes=""))


# What a step says of its action, where it says any.
_ACTIONS: list[dict[str, Any]] = [
    {"action": {"action": "Tap", "element": [1, 2]}},
    {"action": {"action": "轻点"}, "attributes": {STEP_ACTION_NAME: "another"}},
    {"action": {"action_type": "click"}, "attributes": {STEP_ACTION_NAME: "click"}},
    {"action": {"action": 7}, "attributes": {STEP_ACTION_NAME: "x" * 150}},
    {"attributes": {STEP_ACTION_NAME: "Launch"}},
    {"action": {"action": ""}},
    {"action": "text"},
    {},
]


class ViewContract:
    """The suite; see the module."""

    @pytest.mark.parametrize("unknown", NO_ROW)
    def test_what_is_not_there_is_not_found(self, store: Store, unknown: str) -> None:
        """An id or a text that no row has, or can have, is no error."""
        store.write(Batch(tasks=[a_task()], steps=[a_step()]))
        (step,) = store.steps("t1")

        assert store.task(unknown) is store.report(unknown) is store.index(unknown) is None
        assert store.steps(unknown) == store.screenshots(unknown) == store.spans(unknown) == []
        assert store.count_steps(unknown) == 0
        assert store.tasks(status=unknown) == []
        assert store.indexes([unknown, "t1"]).keys() == {"t1"}
        assert store.step("t1", unknown) is store.step(unknown, step["id"]) is None
        assert store.spans("t1", unknown) == store.spans(unknown, step["id"]) == []
        assert store.find_steps(unknown, "x") == []
        assert store.annotate(unknown, Annotation(tags=["x"], notes="x")) is None
        assert store.annotate(unknown, Annotation(notes="x"), step_id=step["id"]) is None
        assert store.annotate("t1", Annotation(notes="x"), step_id=unknown) is None
        assert store.tag([unknown], add=["x"]) == 0
        assert isinstance(store.version(unknown), str)
        if unknown:
            assert store.find_steps("t1", unknown) == []
            for name in FILTERS:
                assert found(store, **{name: unknown}) == []
                assert store.task_figures(TaskQuery(**{name: unknown})) == []
                assert store.action_figures(TaskQuery(**{name: unknown})) == []
                assert store.usage_figures(TaskQuery(**{name: unknown})) == []
            assert found(store, status=[unknown]) == []

    def test_an_empty_store_has_nothing_to_show(self, store: Store) -> None:
        """No task, no word to narrow the list down to."""
        assert found(store) == found(store, text="x") == []
        assert store.task_figures(TaskQuery()) == store.action_figures(TaskQuery()) == []
        assert store.facets() == {name: [] for name in FACETS}
        assert store.indexes([]) == {}

    # --- The list

    def test_a_list_is_cut_down_by_each_field(self, store: Store) -> None:
        """Each condition holds for all that is found, and several hold together."""
        ran = {"agent": "A", "resource": {"service.version": "1.2"}, "task_description": "打开"}
        store.write(
            Batch(
                tasks=[
                    a_task(
                        "a",
                        model="m1",
                        device_id="d1",
                        project="p",
                        session="s",
                        created_at=at(1),
                        **ran,
                    ),
                    a_task("b", model="m2", device_id="d1", created_at=at(2), status="failed"),
                    an_implicit_task("c", created_at=at(3)),
                ],
                steps=[
                    a_step(1, "a", app="微信"),
                    a_step(2, "a", app="X"),
                    a_step(3, "b", app="X"),
                ],
            )
        )
        store.annotate("a", Annotation(tags=["红", "x"], notes=""))

        assert found(store) == ["c", "b", "a"]
        assert found(store, status=["running", "failed"]) == ["b", "a"]
        assert found(store, status=["unknown"]) == ["c"]
        assert found(store, app="微信") == ["a"]
        assert found(store, app="X") == ["b", "a"]
        assert found(store, model="m2") == ["b"]
        assert found(store, device="d1") == ["b", "a"]
        assert found(store, project="p") == ["a"]
        assert found(store, session="s") == found(store, tag="红") == ["a"]
        assert found(store, agent="A") == found(store, version="1.2") == ["a"]
        assert found(store, description="打开") == ["a"]
        assert found(store, description="打") == found(store, agent="a") == []
        assert found(store, since=at(2)) == ["c", "b"]
        assert found(store, until=at(2)) == ["a"]
        assert found(store, app="X", device="d1", status=["failed"]) == ["b"]
        assert found(store, app="x") == found(store, tag="%") == []

    @pytest.mark.parametrize(
        ("query", "counted"),
        [
            ({}, {"completed": (1, 2), "failed": (2, 1), "unknown": (1, 1)}),
            # The counts of the others are what a reader may choose next.
            ({"status": ["failed"]}, {"completed": (1, 2), "failed": (2, 1), "unknown": (1, 1)}),
            ({"app": "X", "status": ["failed"]}, {"completed": (1, 2), "failed": (1, 1)}),
            ({"text": "camera", "status": ["failed"]}, {"completed": (1, 2)}),
            ({"limit": 0, "model": "m2"}, {"failed": (1, 0)}),
            ({"app": "nowhere"}, {}),
        ],
    )
    def test_what_is_found_is_counted_by_status(
        self, store: Store, query: dict[str, Any], counted: dict[str, tuple[int, int]]
    ) -> None:
        """Tasks and steps of all pages; a status that is asked for hides the others, no more."""
        store.write(
            Batch(
                tasks=[
                    a_task("a", status="completed", task_description="Open the camera"),
                    a_task("b", status="failed"),
                    a_task("c", status="failed", model="m2"),
                    an_implicit_task("d"),
                ],
                steps=[
                    a_step(1, "a", app="X"),
                    a_step(2, "a", app="X"),
                    a_step(3, "b", app="X"),
                    a_step(4, "d"),
                ],
            )
        )

        page = store.find_tasks(TaskQuery(**query))

        known = {name: {"tasks": tasks, "steps": steps} for name, (tasks, steps) in counted.items()}
        assert page.by_status == known
        wanted = query.get("status", known)
        assert page.total == sum(known[name]["tasks"] for name in known if name in wanted)

    def test_times_may_be_of_any_zone_and_length(self, store: Store) -> None:
        """A time means a moment, however it is written; without a zone it is UTC."""
        store.write(Batch(tasks=[a_task("a"), a_task("b", created_at=at(60))]))

        assert found(store, since="2026-11-24T16:00:30+08:00") == ["b"]
        assert found(store, since="2026-11-24 08:00:30") == ["b"]
        assert found(store, since="2026-11-24", until="2026-11-25") == ["b", "a"]

    @pytest.mark.parametrize("sort", SORTS)
    def test_a_list_is_sorted_both_ways(self, store: Store, sort: str) -> None:
        """In order of the column; without a value last, equal ones by id."""
        for number in range(1, 4):
            task_id = f"t{number}"
            status = {1: "cancelled", 2: "completed", 3: "failed"}[number]
            steps = [
                a_step(10 * number + turn, task_id, success=False, duration_ms=100)
                for turn in range(number)
            ]
            task = a_task(task_id, created_at=at(number), status=status)
            store.write(Batch(tasks=[task], steps=steps))
        store.write(Batch(tasks=[an_implicit_task("t0", created_at=at(0), last_activity=at(0))]))

        # Nobody has said how the task stands that is known from its steps only.
        rising = ["t1", "t2", "t3", "t0"] if sort == "status" else ["t0", "t1", "t2", "t3"]
        falling = ["t3", "t2", "t1", "t0"]
        assert found(store, sort=sort, descending=False) == rising
        assert found(store, sort=sort) == falling
        pages = [
            store.find_tasks(TaskQuery(sort=sort, limit=2, offset=offset)) for offset in (0, 2, 4)
        ]
        assert [[task["task_id"] for task in page.tasks] for page in pages] == [
            falling[:2],
            falling[2:],
            [],
        ]
        assert [page.total for page in pages] == [4, 4, 4]

    def test_equal_tasks_are_in_the_order_of_their_ids(self, store: Store) -> None:
        """Pages do not overlap where many tasks are alike."""
        store.write(Batch(tasks=[a_task(name) for name in ("b", "B", "a", "中")]))

        assert found(store, sort="total_steps") == ["B", "a", "b", "中"]
        assert found(store, sort="created_at", descending=False) == ["B", "a", "b", "中"]

    @pytest.mark.parametrize("number", [-1, 0, 2**63, 10**30])
    def test_pages_of_any_size_are_no_error(self, store: Store, number: int) -> None:
        """Limit and offset are cut to what the database can count."""
        store.write(Batch(tasks=[a_task()]))

        assert len(store.find_tasks(TaskQuery(limit=number)).tasks) == (number > 0)
        assert len(store.find_tasks(TaskQuery(offset=number)).tasks) == (number <= 0)

    @pytest.mark.parametrize(
        "query", [{"sort": "notes; DROP TABLE tasks"}, {"since": "yesterday"}, {"until": ""}]
    )
    def test_a_query_that_cannot_be_asked_is_refused(self, query: dict[str, str]) -> None:
        """A sort or a time that is none is the caller's error, before any store hears of it."""
        with pytest.raises(ValueError, match=r"sorted by|expected a time"):
            TaskQuery(**query)

    def test_rows_of_a_list_are_whole(self, store: Store) -> None:
        """A row of the list is the row that the single question returns."""
        store.write(Batch(tasks=[a_task(config={"a": [1]})], steps=[a_step()]))

        assert store.find_tasks(TaskQuery()).tasks == store.tasks() == [store.task("t1")]

    # --- Search

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("thinking", "先打开相机再拍照"),
            ("app", "相机"),
            ("error_message", "App not found: 相机"),
            ("action", {"action": "Launch", "app": "相机"}),
            ("action_result", {"message": "相机 is open"}),
            ("step_data", {"note": ["相机"]}),
        ],
    )
    def test_two_characters_are_found_in_each_column(
        self, store: Store, column: str, value: Any
    ) -> None:
        """A Chinese word inside a sentence is found, in text and in JSON, with its first step."""
        steps = [a_step(1), a_step(2, **{column: value}), a_step(3, **{column: value})]
        store.write(
            Batch(
                tasks=[a_task(task_description="x"), a_task("t2", task_description="y")],
                steps=[*steps, a_step(4, "t2", **{column: "照相" if column != "action" else None})],
            )
        )

        page = store.find_tasks(TaskQuery(text="相机"))

        assert ([task["task_id"] for task in page.tasks], page.total) == (["t1"], 1)
        assert page.hits == {"t1": 2}
        assert store.find_steps("t1", "相机") == [steps[1].id, steps[2].id]
        assert store.find_steps("t2", "相机") == []

    def test_screens_that_look_like_one_are_found(self, store: Store) -> None:
        """One of each other task, the closest first, then the newest, whatever the bits are."""
        # Task -> how its picture's hash differs, and what else is to be known of the picture.
        pictures: dict[str, tuple[int, dict[str, Any]]] = {
            "own": (0, {}),
            "sign": (1 << 63, {}),
            "same": (0, {"created_at": at(2)}),
            "newer": (0, {"created_at": at(3)}),
            "far": (2**11 - 1, {}),
            "edge": (2**10 - 1, {}),
            "black": (0, {"metadata": {"black": True}}),
            "after": (0, {"metadata": {"role": "after"}}),
            "sensitive": (0, {"sensitive": True}),
            "unknown": (0, {"phash": None}),
        }
        base = 0x0123456789ABCDEF
        steps = {name: a_step(at, name) for at, name in enumerate(pictures, start=1)}
        again = a_step(90, "same")
        hashes = {name: base ^ bits for name, (bits, _) in pictures.items()}
        hashes["sign"] -= 1 << 64
        shots = [
            a_screenshot(steps[name], **({"phash": hashes[name]} | more))
            for name, (_, more) in pictures.items()
        ]
        store.write(
            Batch(
                tasks=[
                    a_task(name, project="lab" if name in ("own", "edge") else None)
                    for name in pictures
                ],
                steps=[*steps.values(), again],
                screenshots=[*shots, a_screenshot(again, phash=base ^ 1, created_at=at(9))],
            )
        )

        found = store.similar(base, task_id="own")

        assert [(row["task_id"], row["bits"]) for row in found] == [
            *(("newer", 0), ("same", 0), ("sign", 1), ("edge", 10))
        ]
        assert found[0] == {
            "task_id": "newer",
            "task_description": a_task("newer").task_description,
            "status": a_task("newer").status,
            "step_id": steps["newer"].id,
            "step_number": steps["newer"].step_number,
            "picture": SHA,
            "bits": 0,
        }
        assert [row["task_id"] for row in store.similar(base, task_id="own", limit=1)] == ["newer"]
        assert [row["bits"] for row in store.similar(hashes["sign"], task_id="sign")][:3] == [1] * 3
        assert store.similar(~base, task_id="own") == []
        near = store.similar(base, task_id="own", project="lab")
        assert [row["task_id"] for row in near] == ["edge"]
        assert store.similar(base, task_id="own", project="a\0b") == []
        for unknown in NO_ROW[:2]:
            assert len(store.similar(base, task_id=unknown)) == 5
        for unstorable in ("a\0b", "\ud83d"):
            assert store.similar(base, task_id=unstorable) == []

    def test_a_task_is_found_by_its_own_words(self, store: Store) -> None:
        """Description, id, result, error and notes count; such a task has no hit."""
        store.write(
            Batch(
                tasks=[
                    a_task("a", task_description="Send Money", created_at=at(4)),
                    a_task("money-b", task_description="", created_at=at(3)),
                    a_task("c", result="no MONEY left", created_at=at(2)),
                    a_task("d", error_message="money?", created_at=at(1)),
                    a_task("e", created_at=at(0)),
                    a_task("f", created_at=at(0)),
                ],
                steps=[a_step(1, "a")],
            )
        )
        store.annotate("e", Annotation(tags=[], notes="about money"))

        page = store.find_tasks(TaskQuery(text="money"))

        names = [task["task_id"] for task in page.tasks]
        assert (names, page.total, page.hits) == (["a", "money-b", "c", "d", "e"], 5, {})
        assert found(store, text="money", since=at(2)) == ["a", "money-b", "c"]

    @pytest.mark.parametrize(
        "text", ["50%", "a_b", "\\", '"quoted"', "line\nbreak", "'", "%_%", "𠮷"]
    )
    def test_signs_mean_themselves(self, store: Store, text: str) -> None:
        """No sign is a wildcard or ends a string, in text or in JSON, where some are escaped."""
        inside = f"<{text}>"
        steps = [
            a_step(1, thinking=inside),
            a_step(2, action={"text": inside}),
            a_step(3, thinking="50 aXb x", action={"text": "50 aXb x"}),
        ]
        store.write(Batch(tasks=[a_task(task_description="-")], steps=steps))

        assert store.find_steps("t1", text) == [steps[0].id, steps[1].id]
        assert found(store, text=text) == ["t1"]
        assert found(store, text=f"{text}~") == []

    def test_a_long_text_is_cut(self, store: Store) -> None:
        """A text beyond all sense costs no more than a long one, and is no error."""
        store.write(Batch(tasks=[a_task(task_description="x" * MAX_SEARCH_CHARS)]))

        assert found(store, text="x" * 100_000) == ["t1"]

    # --- Figures

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"status": ["completed", "unknown"]},
            {"app": "微信", "model": "m1"},
            {"text": "a1"},
            {"text": "errand 2", "device": "d2", "session": "s0"},
            {"tag": "x", "since": at(40_000), "until": at(350_000)},
            {"agent": "PhoneAgent", "version": "1.1", "description": "errand 1"},
        ],
    )
    def test_figures_are_those_of_a_script_over_the_rows(
        self, store: Store, query: dict[str, Any]
    ) -> None:
        """Counts, sums, medians and p95 by nearest rank, narrowed down as the list is."""
        write_some(store)
        asked = TaskQuery(**query, limit=1)  # neither order nor page mean anything
        chosen = found(store, **query)
        assert chosen

        self._check_figures(store, asked, chosen)
        used = store.usage(chosen)
        while store.extend_sums():
            pass
        self._check_figures(store, asked, chosen)
        assert store.usage(chosen) == used
        assert found(store, **query) == chosen

    def test_figures_follow_what_changes(self, store: Store) -> None:
        """What was added up of a task counts until a step of it comes, ends, or is sent again."""
        write_some(store)
        while store.extend_sums():
            pass
        going_on = a_running_step(3, "a7", action={"action": "Wait"})
        ended = a_step(3, "a7", app="Y", action={"action": "Wait"}, input_tokens=3, success=False)

        for step in (going_on, ended, ended):
            store.write(Batch(tasks=[a_task("a7", status="failed")], steps=[step]))
            self._check_figures(store, TaskQuery(), found(store))
            store.extend_sums()

    def _check_figures(self, store: Store, asked: TaskQuery, chosen: list[str]) -> None:
        tasks = [(known_task(store, task_id), store.steps(task_id)) for task_id in chosen]
        for by in GROUPINGS:
            assert store.task_figures(asked, by) == figures_by_script.task_figures(tasks, by), by
            assert store.usage_figures(asked, by) == figures_by_script.usage_figures(tasks, by), by
        assert store.action_figures(asked) == figures_by_script.action_figures(tasks)

    # --- Digests

    def test_a_digest_is_kept_of_a_state(self, store: Store) -> None:
        """It is there until a step or a picture of its task arrives, and then is told anew."""
        step = a_step(screenshot_path=None)
        again = an_ended_task(status="failed", trace_id=OTHER_TRACE, created_at=at(95))
        store.write(Batch(tasks=[an_ended_task()], steps=[step]))
        changes = (
            lambda: store.write(Batch(steps=[a_step(2)])),
            lambda: store.attach(
                [replace(step, screenshot_path=f"01/{SHA}.webp")], [a_screenshot(step)]
            ),
            lambda: store.remove(["t1"], pictures_only=True),
            lambda: store.write(Batch(tasks=[again])),
        )
        for change in changes:
            digest = digest_of(store)
            assert store.digests(["t1", *NO_ROW]) == {}
            assert kept(store, digest) == 1
            assert store.digests(["t1", *NO_ROW]) == {"t1": digest.card}
            assert store.undigested(5).count == 0
            change()
            assert store.digests(["t1"]) == {}
            assert [task["task_id"] for task in store.undigested(5).tasks] == ["t1"]
            assert kept(store, digest) == 0, "told from a state that is gone"

    def test_a_digest_is_told_by_rules(self, store: Store) -> None:
        """One of former rules is made anew; one of later ones stays, and is not shown."""
        store.write(Batch(tasks=[an_ended_task()], steps=[a_step()]))
        former, today, later = (
            replace(digest_of(store), rules=RULES + more, card={"by": more}) for more in (-1, 0, 1)
        )

        assert kept(store, former) == 1
        assert (store.digests(["t1"]), store.undigested(5).count) == ({}, 1)
        assert kept(store, today) == 1
        assert (store.digests(["t1"]), store.undigested(5).count) == ({"t1": today.card}, 0)
        assert kept(store, later) == 1
        assert kept(store, today) == 0
        assert (store.digests(["t1"]), store.undigested(5).count) == ({}, 0)

    def test_a_digest_of_an_archived_task_stays(self, store: Store) -> None:
        """Also when a person says something of it: its steps are not here to be told from."""
        step = a_step(input_tokens=5, output_tokens=2)
        store.write(Batch(tasks=[an_ended_task()], steps=[step]))
        digest = digest_of(store)
        assert kept(store, digest) == 1
        figures = store.usage_figures(TaskQuery())
        seen = store.version("t1")
        keys = Keys(steps=(step.id,))
        assert store.let_go("t1", "place", keys, seen=seen, before="2999-01-01") is not None
        store.annotate("t1", Annotation(notes="x"))

        assert store.digests(["t1"]) == {"t1": digest.card}
        assert found(store, flag="loop") == ["t1"]
        assert store.undigested(5).count == 0
        assert store.usage_figures(TaskQuery()) == figures
        assert figures

    def test_tasks_are_found_by_the_flags_that_are_kept(self, store: Store) -> None:
        """And by those that the asker has told of tasks without a digest; all are told of."""
        tasks = [
            *(an_ended_task(name, created_at=at(place)) for place, name in enumerate("abc")),
            a_task("going-on", project="p", created_at=at(9), last_activity=NOW),
        ]
        steps = [
            a_step(number, task.task_id, error_kind="device_error" if number < 3 else None)
            for number, task in enumerate(tasks, 1)
        ]
        store.write(Batch(tasks=tasks, steps=steps))
        undigested = store.undigested(2)
        assert [task["task_id"] for task in undigested.tasks] == ["going-on", "c"]
        assert undigested.count == 4
        assert store.undigested(5, project="p").count == 1
        assert found(store, flag="loop") == []
        assert found(store, flag="device_error") == ["b", "a"]

        for name, flags in (("a", ["device_error", "loop"]), ("c", ["slow"])):
            assert kept(store, replace(digest_of(store, name), flags=flags)) == 1

        assert found(store, flag="loop") == ["a"]
        assert found(store, flag="loop", flagged=("b", "going-on"), until=at(9)) == ["b", "a"]
        assert found(store, flag="slow") == ["c"]
        assert found(store, flag="device_error") == ["b", "a"]
        assert store.undigested(5).count == 2
        at_rest = store.undigested(5, is_at_rest=True).tasks
        assert [task["task_id"] for task in at_rest] == ["b"]

        store.remove(["a"])
        store.extend_sums()
        assert found(store, flag="loop") == []

    def test_a_figure_that_nobody_knows_is_none(self, store: Store) -> None:
        """No rate where nothing has ended, no tokens where no step tells any."""
        store.write(Batch(tasks=[a_task()], steps=[a_running_step(action={"action": "Tap"})]))

        (task,), (action,) = store.task_figures(TaskQuery()), store.action_figures(TaskQuery())

        assert (task["by_status"], task["success_rate"]) == ({"running": 1}, None)
        assert (task["input_tokens"], task["output_tokens"]) == (None, None)
        assert (action["failure_rate"], action["duration_ms_p95"]) == (None, None)

    def test_tasks_are_not_grouped_by_any_word(self, store: Store) -> None:
        """What is no grouping is said, and what are some."""
        with pytest.raises(ValueError, match=r"cannot be grouped by 'x'; use all, day"):
            store.task_figures(TaskQuery(), "x")
        with pytest.raises(ValueError, match="cannot be grouped by 'x'"):
            store.usage_figures(TaskQuery(), "x")

    def test_facets_are_the_words_that_there_are(self, store: Store) -> None:
        """Each once, in the order of their characters; NULL is no word."""
        store.write(
            Batch(
                tasks=[
                    a_task("a", model="m", device_id="d2", project="p", session="s"),
                    a_task("b", device_id="d1", session="s"),
                ],
                steps=[
                    a_step(n, "a", app=app) for n, app in enumerate(["微信", "Z", "a", "Z", None])
                ],
            )
        )
        store.annotate("a", Annotation(tags=["y", "x"], notes=""))
        store.annotate("b", Annotation(tags=["x"], notes=""))
        for step, tags in zip(store.steps("a"), (["红"], ["z", "红"]), strict=False):
            store.annotate("a", Annotation(tags=tags), step_id=step["id"])

        assert store.facets() == {
            "apps": ["Z", "a", "微信"],
            "models": ["m"],
            "devices": ["d1", "d2"],
            "projects": ["p"],
            "sessions": ["s"],
            "tags": ["x", "y"],
            "step_tags": ["z", "红"],
        }

    # --- The index

    def test_an_index_has_every_step_in_columns(self, store: Store) -> None:
        """Names, places, pictures and times of all steps, in their order."""
        swipe = {"_metadata": "do", "action": "Swipe", "start": [1, 2], "end": [3.5, 1004]}
        steps = [
            a_step(
                2,
                action=swipe,
                coordinates="permille",
                success=False,
                error_kind="action_error",
                timings={"ttft_ms": 9.5},
            ),
            a_step(
                1,
                action={
                    "_metadata": "do",
                    "action": "Type",
                    "text": "你好\n  世界",
                    "element": [5],
                },
                app="微信",
            ),
            a_running_step(3, started_at=at(3.25)),
        ]
        picture = a_screenshot(
            steps[0],
            width=1080,
            height=2400,
            phash=-1,
            sensitive=False,
            metadata={"sha256": SHA, "black": True},
            # Since one that is not the picture of the step before: nobody knows what that means.
            change_since=SHA,
            change_share=0.5,
            change_boxes=BOXES,
        )
        changed = a_screenshot(
            steps[2],
            screenshot_path=f"ab/{OTHER}.webp",
            metadata={},
            change_since=SHA,
            change_share=0.25,
            change_boxes=BOXES,
        )
        own = replace(changed, id=screenshot_id(steps[2].id, "after"), metadata={"role": "after"})
        store.write(Batch(tasks=[a_task()], steps=steps, screenshots=[picture, changed, own]))

        store.annotate("t1", Annotation(tags=["x"], scores=[UP]), step_id=steps[0].id)

        index = index_of(store)

        assert index == {
            "task_id": "t1",
            "count": 3,
            "kind": ["type", "swipe", None],
            "version": store.version("t1"),
            "id": [steps[1].id, steps[0].id, steps[2].id],
            "number": [1, 2, 3],
            "type": ["action"] * 3,
            "status": ["completed", "completed", "running"],
            "success": [True, False, None],
            "error_kind": [None, "action_error", None],
            "start_ms": [0.0, 1000.0, 2250.0],
            "duration_ms": [1000, 1000, None],
            "action": ["Type", "Swipe", None],
            "app": ["微信", None, None],
            "label": ["你好 世界", None, None],
            "picture": [None, SHA, OTHER],
            "after": [None, None, OTHER],
            "change_since": [None, None, SHA],
            "change_share": [None, None, 0.25],
            "change_boxes": [None, None, BOXES],
            "after_share": [None, None, 0.25],
            "after_boxes": [None, None, BOXES],
            "width": [None, 1080, None],
            "height": [None, 2400, None],
            "sensitive": [None, False, None],
            "black": [None, True, None],
            "phash": [None, "f" * 16, None],
            "x": [None, 1, None],
            "y": [None, 2, None],
            "x2": [None, 3.5, None],
            "y2": [None, 1004, None],
            "is_guessed": [None] * 3,
            "coordinates": [None, "permille", None],
            "tags": [None, ["x"], None],
            "scores": [None, [UP], None],
            "timings": [None, {"ttft_ms": 9.5}, None],
        }
        # Type by type: 1 is no true.
        assert [type(value) for value in index["black"]] == [type(None), bool, type(None)]
        assert store.indexes(["t1", "t1"]) == {"t1": index}

    def test_a_place_counts_in_what_the_step_says(self, store: Store) -> None:
        """Where it does not say, and its numbers alone tell, the place is a guess."""
        tap = {"action": "Tap", "element": [540, 2200]}
        steps = [a_step(1, action=tap, coordinates="pixel"), a_step(2, action=tap)]
        pictures = [a_screenshot(each, width=1080, height=2400) for each in steps]
        store.write(Batch(steps=steps, screenshots=pictures))

        index = index_of(store)

        assert list(zip(index["x"], index["y"], strict=True)) == [(500.0, 916.7)] * 2
        assert index["is_guessed"] == [None, True]

    def test_an_index_knows_what_no_column_has(self, store: Store) -> None:
        """An action whose content was not kept still has its name; so has one of former data."""
        sensitive = {"otel_steps.screenshot.sensitive": True}
        steps = [
            a_step(1, attributes={"otel_steps.step.action.name": "Tap", **sensitive}),
            a_step(2, step_data={"action": "Tap", "element": [7, 8]}),
            a_step(3, step_data={"action": {"action": "Launch", "app": "相机"}}),
            a_step(4, step_data=["action"], attributes={"otel_steps.step.action.name": None}),
            a_step(5, action="Home", step_data={"action": "Tap"}),
        ]
        store.write(Batch(steps=steps))

        index = index_of(store)

        assert index["action"] == ["Tap", "Tap", "Launch", None, "Home"]
        assert index["label"] == [None, None, "相机", None, None]
        assert (index["x"][1], index["y"][1]) == (7, 8)
        assert index["sensitive"] == [True, None, None, None, None]

    @pytest.mark.parametrize(
        "action",
        [
            [],
            {},
            {"action": None},
            {"action": 7},
            {"action": "Tap", "element": [True, False]},
            {"action": "Tap", "element": ["1", "2"]},
            {"action": "Tap", "element": {"x": 1}},
            {"action": "Swipe", "start": [2**53, 1], "end": None, "text": {"a": 1}},
        ],
    )
    def test_an_action_of_any_shape_has_its_place(self, store: Store, action: Any) -> None:
        """Whatever a model has written is a step, without a place that it did not name."""
        store.write(Batch(steps=[a_step(action=action, timings={}, attributes={})]))

        index = index_of(store)

        assert (index["count"], index["x"], index["label"]) == (1, [None], [None])
        assert flags_of(index) == [[]]

    def test_of_several_pictures_the_first_is_shown(self, store: Store) -> None:
        """A step that has more than one picture is still one step."""
        step = a_step()
        other = "f" * 64
        shots = [
            a_screenshot(
                step, id=f"00000000-0000-4000-8000-00000000000{n}", screenshot_path=path, width=n
            )
            for n, path in ((2, f"ff/{other}.webp"), (1, f"01/{SHA}.webp"))
        ]
        store.write(Batch(steps=[step], screenshots=shots))

        index = index_of(store)

        assert (index["count"], index["picture"], index["width"]) == (1, [SHA], [1])
        shown = store.step("t1", step.id)
        assert shown is not None
        assert shown["screenshot"]["width"] == 1

    def test_further_pictures_do_not_stand_for_the_step(self, store: Store) -> None:
        """Those with a role come beside the one before the action, or without any."""
        first, second = a_step(), a_step(2)
        after, crop = "f" * 64, "e" * 64

        def further(step: StepRow, name: str, role: str) -> ScreenshotRow:
            path, told = f"{name[:2]}/{name}.webp", {"role": role, "black": True}
            return a_screenshot(
                step,
                id=screenshot_id(step.id, f"{role}:{name}"),
                screenshot_path=path,
                width=7,
                metadata=told,
                sensitive=True,
            )

        steps = [first, second]
        shots = [
            further(step, *each) for step in steps for each in ((after, "after"), (crop, "crop"))
        ]
        store.write(Batch(steps=steps, screenshots=[*shots, a_screenshot(first, width=1)]))

        index = index_of(store)

        assert (index["count"], index["after"]) == (2, [after, after])
        assert (index["picture"], index["width"]) == ([SHA, None], [1, None])
        assert (index["black"], index["sensitive"]) == ([None, None], [None, None])
        own = [store.step("t1", step.id) for step in steps]
        assert [each and each["screenshot"] and each["screenshot"]["width"] for each in own] == [
            1,
            None,
        ]
        assert len(store.screenshots("t1")) == 5

    def test_a_task_without_steps_has_an_empty_index(self, store: Store) -> None:
        """A task that has only begun is there; one that nobody knows is not."""
        store.write(Batch(tasks=[a_task()]))

        index = index_of(store)

        assert index["count"] == 0
        assert all(index[name] == [] for name in COLUMNS)
        assert store.index("nobody") is None

    def test_texts_are_those_of_the_last_steps(self, store: Store) -> None:
        """Of several tasks at once, long ones by their end; what was not said is None."""
        said = {"thinking": "想", "action_result": {"message": "ok"}, "error_message": "no"}
        last = MAX_TEXTS + 2
        first = a_step(1, "short", trace_id=OTHER_TRACE, **said)
        pictured = [a_screenshot(first), a_screenshot(first, id=screenshot_id(first.id, "0"))]
        long = [a_step(number, "long", thinking=str(number)) for number in range(1, last + 1)]
        store.write(Batch(steps=[first, *long], screenshots=pictured))

        texts = store.texts({"short": 1, "long": last, "nobody": 0, "a\0b": 1})

        assert texts["short"] == {first.id: said}
        thoughts = {each["thinking"] for each in texts["long"].values()}
        assert thoughts == {str(number) for number in range(3, last + 1)}
        assert not texts.get("nobody")

    # --- One step

    def test_a_step_comes_with_its_picture(self, store: Store) -> None:
        """The rows of one step are those of the lists, and only its own task has it."""
        steps = [a_step(1), a_step(2)]
        store.write(
            Batch(tasks=[a_task()], steps=steps, screenshots=[a_screenshot(steps[0])]),
        )

        first, second = store.steps("t1")
        (screenshot,) = store.screenshots("t1")
        assert store.step("t1", first["id"]) == {"step": first, "screenshot": screenshot}
        assert store.step("t1", second["id"]) == {"step": second, "screenshot": None}
        assert store.step("t2", first["id"]) is None

    def test_spans_below_a_step_belong_to_it(self, store: Store) -> None:
        """All below it but what another task has inside, and no span of another trace."""
        steps = [a_step(1), a_step(2), a_step(3, trace_id=OTHER_TRACE)]
        store.write(
            Batch(
                tasks=[a_task()],
                steps=steps,
                spans=[
                    a_span(12, 11),
                    a_span(10, 1),
                    a_span(11, 10, task_id="t1"),
                    a_span(13, 10, task_id="t2"),
                    a_span(14, 13),
                    a_span(15, 0),
                    a_span(16, 1, trace_id=OTHER_TRACE),
                    a_span(20, 2),
                    a_span(21, 20),
                    a_span(20, 21, trace_id=OTHER_TRACE),
                ],
            )
        )

        def names(step: int) -> list[str]:
            return [span["name"] for span in store.spans("t1", steps[step].id)]

        assert names(0) == ["span 10", "span 11", "span 12"]
        assert names(1) == ["span 20", "span 21"]
        assert names(2) == []
        assert all(span in store.spans("t1") for span in store.spans("t1", steps[0].id))

    def test_spans_in_a_circle_below_a_step_end_the_search(self, store: Store) -> None:
        """A broken tracer's circle of parents is no endless loop."""
        step = a_step(1)
        spans = [a_span(1, 8), a_span(7, 1), a_span(8, 7)]
        store.write(Batch(steps=[step], spans=[*spans, a_span(5, 6), a_span(6, 5)]))

        assert {span["name"] for span in store.spans("t1", step.id)} >= {"span 7", "span 8"}

    # --- A person's words

    def test_tags_and_notes_are_replaced(self, store: Store) -> None:
        """A person's words are there at once, whole, and an empty one is none."""
        store.write(Batch(tasks=[a_task()], steps=[a_step()]))

        row = store.annotate("t1", Annotation(tags=["红", "x", "红"], notes="why?\n'; --"))

        assert row == store.task("t1")
        assert (known_task(store)["tags"], known_task(store)["notes"]) == (
            ["红", "x"],
            "why?\n'; --",
        )
        row = store.annotate("t1", Annotation(tags=[], notes=""))
        assert row is not None
        assert (row["tags"], row["notes"], row["total_steps"]) == (None, None, 1)

    def test_words_that_no_row_can_hold_are_made_storable(self, store: Store) -> None:
        """U+0000 and half a character cost nobody what he has written."""
        store.write(Batch(tasks=[a_task()]))

        row = store.annotate("t1", Annotation(tags=["a\0"], notes="b\ud83d"))

        assert row is not None
        assert (row["tags"], row["notes"]) == (["a\ufffd"], "b\ufffd")

    def test_what_is_said_of_a_step_stays_when_it_is_sent_again(self, store: Store) -> None:
        """A step goes on and ends; task, step and index have the words, and only theirs."""
        step, other = a_step(), a_step(2)
        store.write(Batch(tasks=[a_task()], steps=[a_running_step(), other]))
        said = Annotation(tags=["红", "x"], notes="why?", scores=[UP, {"name": "odd"}, UP])

        row = store.annotate("t1", said, step_id=step.id)
        store.annotate("t1", Annotation(scores=[UP]))
        store.write(Batch(tasks=[a_task(status="completed")], steps=[step]))

        found = store.step("t1", step.id)
        assert row
        assert found
        assert {**row, "status": "completed"}.keys() == found["step"].keys()
        for known in (row, found["step"], store.steps("t1")[0]):
            words = (known["tags"], known["notes"], known["scores"])
            assert words == (["红", "x"], "why?", [UP, {"name": "odd"}])
        assert found["step"]["status"] == "completed"
        assert index_of(store)["tags"] == [["红", "x"], None]
        assert index_of(store)["scores"] == [[UP, {"name": "odd"}], None]
        task = known_task(store)
        assert (task["tags"], task["notes"], task["scores"]) == (None, None, [UP])

    @pytest.mark.parametrize("is_step", [True, False])
    def test_two_who_write_at_once_do_not_lose_a_word(self, store: Store, is_step: bool) -> None:
        """Who has not seen what another has written writes nothing; other columns are free."""
        step = a_step()
        store.write(Batch(tasks=[a_task()], steps=[step]))
        place: dict[str, Any] = {"step_id": step.id} if is_step else {}
        nothing = Annotation(tags=[], notes="", scores=[])

        first = store.annotate("t1", Annotation(notes="mine", scores=[UP]), seen=nothing, **place)
        with pytest.raises(AnnotationChanged) as refused:
            store.annotate("t1", Annotation(notes="yours"), seen=nothing, **place)
        tagged = store.annotate("t1", Annotation(tags=["x"]), seen=Annotation(tags=[]), **place)
        seen = Annotation(tags=["x"], notes="mine", scores=[{**UP, "value": 1}])
        last = store.annotate("t1", Annotation(notes="both", scores=[]), seen=seen, **place)

        assert first
        assert tagged
        assert last
        assert refused.value.row == first
        assert (tagged["tags"], tagged["notes"], tagged["scores"]) == (["x"], "mine", [UP])
        assert (last["tags"], last["notes"], last["scores"]) == (["x"], "both", None)

    def test_tags_of_many_tasks_are_added_and_removed(self, store: Store) -> None:
        """Others stay, each is there once, and nobody else is touched."""
        store.write(Batch(tasks=[a_task("a"), a_task("b"), a_task("c")]))
        store.annotate("a", Annotation(tags=["old", "x"], notes="n"))

        known = store.tag(["a", "b", "nobody"], add=["x", "红", "红"], remove=["old"])

        tags = {task["task_id"]: task["tags"] for task in store.tasks()}
        assert (known, tags) == (2, {"a": ["x", "红"], "b": ["x", "红"], "c": None})
        assert known_task(store, "a")["notes"] == "n"
        assert store.tag(["b"], remove=["x", "红"]) == 1
        assert known_task(store, "b")["tags"] is None

    def test_tasks_are_found_by_what_people_and_steps_say_of_them(self, store: Store) -> None:
        """By tags of their steps, by scores, and by how a step went wrong."""
        tasks = [a_task(name, created_at=at(place)) for place, name in enumerate("dcba")]
        failed = a_step(3, "c", success=False, error_kind="parse_error", thinking="hm")
        steps = [a_step(1, "a"), a_step(2, "b", success=False), failed]
        store.write(Batch(tasks=tasks, steps=steps))
        store.annotate("a", Annotation(tags=["红"], notes=""), step_id=steps[0].id)
        store.annotate("b", Annotation(scores=[UP, {"name": "tone", "value": -0.5}]))
        store.annotate("c", Annotation(scores=[{"name": "tone", "value": 0}]), step_id=failed.id)
        store.annotate("d", Annotation(scores=[{"name": "tone", "label": "rude"}]))

        wanted: dict[tuple[str, Any], list[str]] = {
            ("step_tag", "红"): ["a"],
            ("tag", "红"): [],
            ("judged", True): ["b", "c", "d"],
            ("judged", False): ["a"],
            ("min_score", 0): ["b"],
            ("min_score", -0.5): ["b"],
            ("min_score", 1.5): [],
            ("flag", "failed"): ["b", "c"],
            ("flag", "parse_error"): ["c"],
            ("flag", "refused"): [],
        }
        for (name, value), ids in wanted.items():
            assert found(store, **{name: value}) == ids, (name, value)
            (figures,) = store.task_figures(TaskQuery(**{name: value})) or [{"tasks": 0}]
            assert figures["tasks"] == len(ids), (name, value)
        assert found(store, judged=True, flag="failed") == ["b", "c"]
        assert found(store, judged=True, flag="failed", text="hm") == ["c"]

    def test_a_version_changes_with_all_that_is_shown(self, store: Store) -> None:
        """Each write that changes a task is seen by its version, and only by its own."""
        step, seen = a_step(), []
        store.write(Batch(tasks=[a_task("t2")]))
        other = store.version("t2")
        writes: list[Any] = [
            lambda: store.write(Batch(tasks=[a_task()])),
            lambda: store.write(Batch(steps=[a_running_step()])),
            lambda: store.write(Batch(steps=[a_running_step(thinking="hm")])),
            lambda: store.write(Batch(steps=[step])),
            lambda: store.write(Batch(screenshots=[a_screenshot(step)])),
            lambda: store.write(Batch(screenshots=[a_screenshot(step, remote_url="https://x/y")])),
            lambda: store.annotate("t1", Annotation(tags=["x"], notes="")),
            lambda: store.annotate("t1", Annotation(tags=["y"]), step_id=step.id),
            lambda: store.write(Batch(tasks=[a_task(status="completed")])),
        ]

        for write in writes:
            write()
            seen.append(store.version("t1"))
            assert store.version("t1") == index_of(store)["version"] == seen[-1]

        assert len(set(seen)) == len(writes)
        assert store.version("t2") == other

    def test_the_version_of_the_list_changes_with_its_tasks(self, store: Store) -> None:
        """A new task, a new step, an end and a note change it; reading does not."""
        seen = [store.version()]
        writes: list[Any] = [
            lambda: store.write(Batch(tasks=[a_task()])),
            lambda: store.write(Batch(tasks=[an_implicit_task()], steps=[a_running_step()])),
            lambda: store.write(Batch(tasks=[an_implicit_task()], steps=[a_step()])),
            lambda: store.annotate("t1", Annotation(tags=["x"], notes="")),
            lambda: store.write(Batch(tasks=[a_task(status="completed")])),
        ]

        for write in writes:
            write()
            seen.append(store.version())
            store.find_tasks(TaskQuery(text="x"))
            assert store.version() == seen[-1]

        assert len(set(seen)) == len(seen)
