"""Spans become rows: each value in its column, nothing twice, nothing lost, whatever it is."""

import json
import sqlite3
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext

from otel_steps import semconv
from otel_steps.otlp import from_line, from_sdk, to_line
from otel_steps.otlp.span import Span
from otel_steps.pictures.stored import StoredPicture
from otel_steps.rows.ids import screenshot_id, step_id
from otel_steps.rows.interruption import STEP_INTERRUPTED_MESSAGE, interrupted
from otel_steps.rows.mapping import PICTURE_BLACK, PICTURE_LOST, PICTURE_SECURE, batch_of
from otel_steps.rows.model import Batch, ScreenshotRow, SpanRow, StepRow, TaskRow
from otel_steps.rows.roles import is_step, is_task
from tests import hostile

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
START = 1_700_000_000_123_456_789
SECOND = 10**9
SHA256 = "ab" * 32
PICTURE = StoredPicture(
    sha256=SHA256,
    path=f"ab/{SHA256}.webp",
    file_size=1000,
    file_hash="cd" * 32,
    compressed=True,
    mime_type="image/webp",
    width=540,
    height=1200,
    phash=-5,
    remote_url="https://pictures.example/ab",
)
OURS = [
    value
    for name, value in vars(semconv).items()
    if name.startswith(("TASK_", "STEP_", "SCREENSHOT_", "GEN_AI_", "TIMING_", "DEVICE_"))
    and isinstance(value, str)
    and "." in value
]
# The columns that take a text which is no JSON, no number and no truth value.
TEXT_COLUMNS = {
    semconv.STEP_THINKING: "thinking",
    semconv.STEP_ERROR_MESSAGE: "error_message",
    semconv.STEP_ERROR_KIND: "error_kind",
    semconv.STEP_APP: "app",
    semconv.STEP_DATA: "step_data",
    semconv.STEP_ACTION: "action",
    semconv.STEP_ACTION_RESULT: "action_result",
    semconv.STEP_TYPE: "step_type",
    semconv.STEP_COORDINATES: "coordinates",
    semconv.GEN_AI_REQUEST_MODEL: "model",
    semconv.TASK_ID: "task_id",
}


def a_span(attributes: dict[str, Any], **options: Any) -> Span:
    given: dict[str, Any] = {
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
        "name": "step",
        "start_time_unix_nano": START,
        "end_time_unix_nano": START + SECOND,
    }
    return Span(**(given | options), attributes=attributes)


def a_step(attributes: dict[str, Any] | None = None, **options: Any) -> Span:
    return a_span({semconv.STEP_NUMBER: 1, **(attributes or {})}, **options)


def a_task(attributes: dict[str, Any] | None = None, **options: Any) -> Span:
    own = {semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT, semconv.TASK_ID: "task-1"}
    return a_span({**own, **(attributes or {})}, **options)


def step_row(span: Span, *pictures: StoredPicture) -> StepRow:
    [row] = batch_of([span], {picture.sha256: picture for picture in pictures}).steps
    return row


def task_row(span: Span) -> TaskRow:
    [row] = batch_of([span], {}).tasks
    return row


def store(batch: Batch) -> None:
    """Put every row into SQLite: JSON for what is not a scalar, as the stores do."""
    with sqlite3.connect(":memory:") as connection:
        for row in (*batch.tasks, *batch.steps, *batch.screenshots, *batch.spans):
            values = [
                json.dumps(value, ensure_ascii=False, allow_nan=False)
                if isinstance(value, dict | list | tuple)
                else value
                for value in asdict(row).values()
            ]
            for value in values:
                assert "\0" not in str(value)
                str(value).encode()
            marks = ",".join("?" * len(values))
            connection.execute(f"SELECT {marks}", values).fetchall()
    connection.close()


class TestKinds:
    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            ({semconv.TASK_STATUS: "running"}, "task"),
            (
                {semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT, semconv.TASK_ID: "t"},
                "task",
            ),
            ({semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT}, "span"),
            ({semconv.GEN_AI_OPERATION_NAME: semconv.CHAT, semconv.TASK_ID: "t"}, "span"),
            ({semconv.STEP_NUMBER: 1}, "step"),
            ({semconv.STEP_TYPE: "action"}, "step"),
            ({semconv.STEP_TYPE: "action", semconv.TASK_STATUS: "running"}, "step"),
            ({"other": 1}, "span"),
            ({}, "span"),
        ],
    )
    def test_attributes_decide_the_table(self, attributes: dict[str, Any], expected: str) -> None:
        """A span is a task, a step or neither by the attributes that it carries."""
        batch = batch_of([a_span(attributes)], {})

        assert is_task(attributes) == (expected == "task")
        assert is_step(attributes) == (expected == "step")
        assert len(batch.steps) == (expected == "step")
        assert len(batch.spans) == (expected == "span")
        # A step brings its task, too, and so does what names one.
        assert len(batch.tasks) == (expected != "span" or semconv.TASK_ID in attributes)


class TestStep:
    def test_each_value_has_its_column(self) -> None:
        """A full step fills its row; only what has no column stays among the attributes."""
        span = a_step(
            {
                semconv.TASK_ID: "task-1",
                semconv.STEP_NUMBER: 3,
                semconv.STEP_TYPE: "action",
                semconv.STEP_DATA: '{"note":"x"}',
                semconv.STEP_THINKING: "我想想",
                semconv.STEP_ACTION: '{"action":"Tap","element":[500,82]}',
                semconv.STEP_ACTION_NAME: "Tap",
                semconv.STEP_ACTION_RESULT: '{"success":true}',
                semconv.STEP_SUCCESS: True,
                semconv.STEP_APP: "Settings",
                semconv.TIMING_MODEL_MS: 1200.5,
                semconv.TIMING_TTFT_MS: 300,
                semconv.GEN_AI_REQUEST_MODEL: "m",
                semconv.GEN_AI_USAGE_INPUT_TOKENS: 1312,
                semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 74,
                semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: 1024,
                semconv.SCREENSHOT_SHA256: SHA256,
                "custom": [1, 2],
            },
            parent_span_id="00f067aa0ba902b7",
            resource={"device.id": "emulator-5554"},
        )
        started = "2023-11-14T22:13:20.123456+00:00"

        assert step_row(span, PICTURE) == StepRow(
            id=step_id(TRACE_ID, SPAN_ID),
            task_id="task-1",
            step_number=3,
            step_type="action",
            step_data={"note": "x"},
            thinking="我想想",
            action_result={"success": True},
            screenshot_path=PICTURE.path,
            duration_ms=1000,
            success=True,
            created_at=started,
            screenshot_url=PICTURE.remote_url,
            status="completed",
            app="Settings",
            action={"action": "Tap", "element": [500, 82]},
            started_at=started,
            ended_at="2023-11-14T22:13:21.123456+00:00",
            trace_id=TRACE_ID,
            span_id=SPAN_ID,
            parent_span_id="00f067aa0ba902b7",
            timings={"model_ms": 1200.5, "ttft_ms": 300},
            model="m",
            input_tokens=1312,
            output_tokens=74,
            cached_tokens=1024,
            attributes={
                semconv.STEP_ACTION_NAME: "Tap",
                semconv.SCREENSHOT_SHA256: SHA256,
                "custom": [1, 2],
            },
            resource={"device.id": "emulator-5554"},
        )

    def test_what_a_called_agent_adds_up_is_not_counted_twice(self) -> None:
        """Its own steps have told their tokens; the sum stays among its attributes."""
        used = {semconv.GEN_AI_USAGE_INPUT_TOKENS: 5, semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 7}
        agent = {semconv.GEN_AI_OPERATION_NAME: semconv.INVOKE_AGENT}

        row = step_row(a_step({**used, **agent}))

        assert (row.input_tokens, row.output_tokens) == (None, None)
        assert row.attributes == {**used, **agent}

    def test_bare_step_has_defaults(self) -> None:
        """A step that says nothing but its type is an ended, successful step of its trace."""
        row = step_row(a_span({semconv.STEP_TYPE: "thinking"}))

        assert (row.task_id, row.step_number, row.step_type) == (TRACE_ID, 0, "thinking")
        assert (row.step_data, row.timings, row.attributes) == ({}, None, {})
        assert (row.success, row.status, row.error_message) == (True, "completed", None)
        assert step_row(a_step()).step_type == "action"

    @pytest.mark.parametrize(
        ("attributes", "options", "expected"),
        [
            ({}, {"end_time_unix_nano": 0}, (None, "running", None)),
            ({semconv.STEP_SUCCESS: False}, {"end_time_unix_nano": 0}, (False, "running", None)),
            ({}, {"status_code": 2, "status_message": "boom"}, (False, "failed", "boom")),
            ({semconv.STEP_SUCCESS: False}, {}, (False, "failed", None)),
            ({semconv.STEP_SUCCESS: True}, {"status_code": 2}, (True, "completed", None)),
            (
                {semconv.STEP_SUCCESS: False, semconv.STEP_ERROR_MESSAGE: "own"},
                {"status_message": "own"},
                (False, "failed", "own"),
            ),
            (
                {semconv.STEP_SUCCESS: False, semconv.STEP_ERROR_KIND: "interrupted"},
                {},
                (False, "interrupted", None),
            ),
        ],
    )
    def test_outcome(
        self, attributes: dict[str, Any], options: dict[str, Any], expected: tuple[Any, ...]
    ) -> None:
        """Success and status come from the attribute, else from how the span stands."""
        row = step_row(a_step(attributes, **options))

        assert (row.success, row.status, row.error_message) == expected
        assert semconv.SPAN_STATUS_MESSAGE not in (row.attributes or {})

    def test_second_message_is_kept(self) -> None:
        """Where the step and its status say different things, both are kept."""
        row = step_row(
            a_step(
                {semconv.STEP_ERROR_MESSAGE: "own", semconv.STEP_SUCCESS: False},
                status_message="RuntimeError: boom",
            )
        )

        assert row.error_message == "own"
        assert row.attributes == {semconv.SPAN_STATUS_MESSAGE: "RuntimeError: boom"}

    def test_events_are_kept(self) -> None:
        """A recorded exception is not lost with the span's events."""
        event = {"name": "exception", "time_unix_nano": START, "attributes": {"a": 1}}

        assert step_row(a_step(events=[event])).attributes == {semconv.SPAN_EVENTS: [event]}

    @pytest.mark.parametrize(
        ("value", "number", "is_kept"),
        [
            (7, 7, False),
            ("7", 7, True),
            (7.9, 7, True),
            (2**31 - 1, 2**31 - 1, False),
            (2**31, 0, True),
            (-(2**40), 0, True),
            ("seven", 0, True),
            ("NaN", 0, True),
            (1e300, 0, True),
            ([1], 0, True),
            ({"a": 1}, 0, True),
            (None, 0, True),
        ],
    )
    def test_step_number_fits_its_column(self, value: Any, number: int, is_kept: bool) -> None:
        """A step number is what fits 32 bits; what was given instead stays an attribute."""
        row = step_row(a_step({semconv.STEP_NUMBER: value}))

        assert row.step_number == number
        assert (semconv.STEP_NUMBER in (row.attributes or {})) == is_kept

    @pytest.mark.parametrize(
        ("value", "success", "is_kept"),
        [
            (True, True, False),
            (False, False, False),
            (0, False, True),
            (2, True, True),
            ("true", True, True),
            (" False ", False, True),
            ("yes", True, True),
            (0.0, True, True),
            ([], True, True),
        ],
    )
    def test_success_is_understood_or_derived(
        self, value: Any, success: bool, is_kept: bool
    ) -> None:
        """Success is a boolean, a number or a word for one; else the span's status decides."""
        row = step_row(a_step({semconv.STEP_SUCCESS: value}))

        assert row.success is success
        assert (semconv.STEP_SUCCESS in (row.attributes or {})) == is_kept

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('{"a": "x\\u0000y"}', {"a": "x\ufffdy"}),
            ('{"a": NaN, "b": 1e999}', {"a": "NaN", "b": "Infinity"}),
            ("[18446744073709551616]", ["18446744073709551616"]),
            ('"\\ud800"', "\ufffd"),
        ],
    )
    def test_json_is_cleaned_after_parsing(self, text: str, expected: Any) -> None:
        """What hides in the escapes of a JSON text does not reach a column."""
        row = step_row(a_step({semconv.STEP_ACTION: text}))

        assert row.action == expected
        assert row.attributes == {semconv.STEP_CLEANED: True}

    @pytest.mark.parametrize("text", ["not JSON", "{", "[" * 100_000, "1" * 5000, ""])
    def test_what_is_no_json_stays_text(self, text: str) -> None:
        """A JSON attribute that cannot be parsed is kept as it came."""
        row = step_row(a_step({semconv.STEP_DATA: text, semconv.STEP_ACTION_RESULT: text}))

        assert (row.step_data, row.action_result) == (text, text)

    def test_deep_json_is_cut(self) -> None:
        """JSON of any depth ends in a mark."""
        row = step_row(a_step({semconv.STEP_DATA: "[" * 500 + "]" * 500}))

        assert "below level" in json.dumps(row.step_data)

    @pytest.mark.parametrize("value", [None, "null"])
    def test_step_data_is_never_null(self, value: Any) -> None:
        """The column takes no NULL: nothing is an empty object."""
        assert step_row(a_step({semconv.STEP_DATA: value})).step_data == {}

    def test_structured_values_need_no_json(self) -> None:
        """A map where JSON text is usual is taken as it is."""
        assert step_row(a_step({semconv.STEP_ACTION: {"a": [1]}})).action == {"a": [1]}

    def test_text_columns_take_any_value(self) -> None:
        """A value of another type in a text column is its JSON."""
        row = step_row(
            a_step({semconv.STEP_THINKING: ["a", 1], semconv.TASK_ID: 7, semconv.STEP_TYPE: 5})
        )

        assert (row.thinking, row.task_id, row.step_type) == ('["a",1]', "7", "5")

    def test_only_numbers_are_timings(self) -> None:
        """A timing that is no number stays among the attributes."""
        given = {semconv.TIMING_TTFT_MS: "fast", semconv.TIMING_MODEL_MS: True}

        row = step_row(a_step(given))

        assert (row.timings, row.attributes) == (None, given)

    def test_long_words_fit_an_index(self) -> None:
        """A type or an app of a megabyte is cut in its column and kept whole beside it."""
        row = step_row(a_step({semconv.STEP_TYPE: "t" * 2**19, semconv.STEP_APP: "应" * 201}))

        assert (len(row.step_type), len(row.app or "")) == (200, 200)
        assert row.attributes == {semconv.STEP_TYPE: "t" * 2**19, semconv.STEP_APP: "应" * 201}

    def test_long_task_ids_stay_distinct(self) -> None:
        """Task ids that differ at their end only are cut to two, the same for task and step."""
        first, second = "t" * 5000 + "1", "t" * 5000 + "2"

        rows = [step_row(a_step({semconv.TASK_ID: text})) for text in (first, second)]

        assert rows[0].task_id != rows[1].task_id
        assert max(len(row.task_id) for row in rows) <= 200
        assert rows[0].task_id == task_row(a_task({semconv.TASK_ID: first})).task_id
        assert rows[0].attributes == {semconv.TASK_ID: first}

    @pytest.mark.parametrize(
        ("end", "expected"),
        [
            (START + 1_499_999, 1),
            (START + 1_500_001, 2),
            (START - SECOND, 0),
            (START + 10**18, 2**31 - 1),
            (0, None),
        ],
    )
    def test_duration_fits_its_column(self, end: int, expected: int | None) -> None:
        """A duration is whole milliseconds, never negative, at most 32 bits."""
        assert step_row(a_step(end_time_unix_nano=end)).duration_ms == expected

    @pytest.mark.parametrize(
        ("nanos", "expected"),
        [
            (0, "1970-01-01T00:00:00.000000+00:00"),
            (-1, "1969-12-31T23:59:59.999999+00:00"),
            (-(10**30), "0001-01-01T00:00:00.000000+00:00"),
            (10**30, "9999-12-31T23:59:59.999999+00:00"),
            (2**64 - 1, "2554-07-21T23:34:33.709551+00:00"),
        ],
    )
    def test_any_time_is_a_time(self, nanos: int, expected: str) -> None:
        """A clock of any error yields a time that a database takes."""
        row = step_row(a_step(start_time_unix_nano=nanos))

        assert (row.started_at, row.created_at) == (expected, expected)


class TestScreenshot:
    def test_known_picture_has_a_row(self) -> None:
        """A step with a picture brings the row that joins them."""
        span = a_step(
            {
                semconv.SCREENSHOT_SHA256: SHA256,
                semconv.SCREENSHOT_WIDTH: 1080,
                semconv.SCREENSHOT_HEIGHT: 2400,
                semconv.SCREENSHOT_SIZE: 123_456,
                semconv.SCREENSHOT_SENSITIVE: False,
            }
        )

        batch = batch_of([span], {SHA256: PICTURE})

        own_id = step_id(TRACE_ID, SPAN_ID)
        assert batch.screenshots == [
            ScreenshotRow(
                id=screenshot_id(own_id, SHA256),
                task_id=TRACE_ID,
                step_id=own_id,
                screenshot_path=PICTURE.path,
                file_size=1000,
                file_hash=PICTURE.file_hash,
                compressed=True,
                metadata={"sha256": SHA256, "original_size": 123_456, "black": False},
                created_at=batch.steps[0].started_at,
                remote_url=PICTURE.remote_url,
                width=1080,
                height=2400,
                mime_type="image/webp",
                phash=-5,
                sensitive=False,
            )
        ]
        assert semconv.SCREENSHOT_ERROR not in (batch.steps[0].attributes or {})

    def test_a_picture_that_was_turned_has_its_own_size(self) -> None:
        """A header tells the size before EXIF turns the picture, and taps are drawn after that."""
        span = a_step(
            {
                semconv.SCREENSHOT_SHA256: SHA256,
                semconv.SCREENSHOT_WIDTH: 1200,
                semconv.SCREENSHOT_HEIGHT: 540,
            }
        )

        [row] = batch_of([span], {SHA256: PICTURE}).screenshots

        assert (row.width, row.height) == (540, 1200)

    def test_odd_sizes_give_way_to_the_picture(self) -> None:
        """Where the attributes give no usable size, the picture does."""
        span = a_step(
            {
                semconv.SCREENSHOT_SHA256: SHA256,
                semconv.SCREENSHOT_WIDTH: "wide",
                semconv.SCREENSHOT_HEIGHT: 2**40,
                semconv.SCREENSHOT_SIZE: -1,
            }
        )

        [row] = batch_of([span], {SHA256: PICTURE}).screenshots

        assert (row.width, row.height) == (540, 1200)
        assert row.metadata == {"sha256": SHA256, "original_size": None, "black": False}

    @pytest.mark.parametrize(
        ("attributes", "picture", "error"),
        [
            ({}, None, None),
            ({semconv.SCREENSHOT_ERROR: "adb: device offline"}, None, "adb: device offline"),
            ({}, replace(PICTURE, black=True), PICTURE_BLACK),
            ({semconv.SCREENSHOT_SENSITIVE: False}, replace(PICTURE, black=True), PICTURE_BLACK),
            ({semconv.SCREENSHOT_SENSITIVE: True}, replace(PICTURE, black=True), PICTURE_SECURE),
            ({semconv.SCREENSHOT_ERROR: "timed out"}, replace(PICTURE, black=True), "timed out"),
            ({}, PICTURE, None),
        ],
    )
    def test_row_says_why_there_is_nothing_to_see(
        self, attributes: dict[str, Any], picture: StoredPicture | None, error: str | None
    ) -> None:
        """A picture that is black is explained, in the agent's own words where it has said why."""
        span = a_step({semconv.SCREENSHOT_SHA256: SHA256, **attributes})

        row = step_row(span, *([picture] if picture else []))

        assert (row.attributes or {}).get(semconv.SCREENSHOT_ERROR) == error
        assert row.screenshot_path == (picture.path if picture else None)

    def test_picture_that_will_never_come_is_explained(self) -> None:
        """A picture that will never be stored is explained; what the agent said of it stays."""
        span, known = (
            a_step({semconv.SCREENSHOT_SHA256: SHA256, **attributes})
            for attributes in ({}, {semconv.SCREENSHOT_ERROR: "adb: device offline"})
        )

        rows = [batch_of([each], {SHA256: PICTURE_LOST}).steps[0] for each in (span, known)]

        errors = [(row.attributes or {})[semconv.SCREENSHOT_ERROR] for row in rows]
        assert errors == [PICTURE_LOST, "adb: device offline"]
        assert [row.screenshot_path for row in rows] == [None, None]

    @pytest.mark.parametrize("sha256", [None, 5, ["a"], {}])
    def test_step_without_a_picture_explains_nothing(self, sha256: Any) -> None:
        """A step that names no picture has none, and no error either."""
        row = step_row(a_step({semconv.SCREENSHOT_SHA256: sha256}), PICTURE)

        assert row.screenshot_path is None
        assert semconv.SCREENSHOT_ERROR not in (row.attributes or {})


class TestTask:
    def test_each_value_has_its_column(self) -> None:
        """A task span fills the row of its task."""
        span = a_task(
            {
                semconv.TASK_DESCRIPTION: "打开相机",
                semconv.TASK_STATUS: "max_steps",
                semconv.TASK_RESULT: "Max steps reached",
                semconv.TASK_ERROR_MESSAGE: "step limit",
                semconv.TASK_CONFIG: '{"max_steps":100}',
                semconv.GEN_AI_AGENT_NAME: "PhoneAgent",
                semconv.GEN_AI_REQUEST_MODEL: "autoglm-phone-9b",
            },
            resource={semconv.DEVICE_ID: "emulator-5554"},
        )

        assert task_row(span) == TaskRow(
            task_id="task-1",
            task_description="打开相机",
            status="max_steps",
            created_at="2023-11-14T22:13:20.123456+00:00",
            last_activity="2023-11-14T22:13:21.123456+00:00",
            end_time="2023-11-14T22:13:21.123456+00:00",
            result="Max steps reached",
            error_message="step limit",
            config={"max_steps": 100},
            agent="PhoneAgent",
            model="autoglm-phone-9b",
            device_id="emulator-5554",
            trace_id=TRACE_ID,
            resource={semconv.DEVICE_ID: "emulator-5554"},
        )

    @pytest.mark.parametrize(
        ("status", "options", "expected"),
        [
            (None, {}, ("completed", None)),
            (None, {"status_code": 2, "status_message": "boom"}, ("failed", "boom")),
            ("running", {}, ("completed", None)),
            ("running", {"status_code": 2}, ("failed", None)),
            (None, {"end_time_unix_nano": 0}, ("running", None)),
            ("completed", {"end_time_unix_nano": 0}, ("running", None)),
            ("cancelled", {}, ("cancelled", None)),
            ("of its own", {"status_code": 2}, ("of its own", None)),
        ],
    )
    def test_status(
        self, status: str | None, options: dict[str, Any], expected: tuple[Any, ...]
    ) -> None:
        """A task's status is what it says, unless the span itself knows better."""
        row = task_row(a_task({semconv.TASK_STATUS: status}, **options))

        assert (row.status, row.error_message) == expected

    def test_open_task_was_active_when_it_started(self) -> None:
        """A running task has no end, and its start is the last that was heard of it."""
        row = task_row(a_task(end_time_unix_nano=0))

        assert row.end_time is None
        assert row.last_activity == row.created_at

    @pytest.mark.parametrize(
        ("config", "expected"), [("[1]", {"value": [1]}), ("x", {"value": "x"}), (None, None)]
    )
    def test_config_is_an_object(self, config: Any, expected: Any) -> None:
        """A configuration that is no object is put into one."""
        assert task_row(a_task({semconv.TASK_CONFIG: config})).config == expected

    @pytest.mark.parametrize(
        ("said", "session"),
        [
            ({"gen_ai.conversation.id": "c-1"}, "c-1"),
            ({"gen_ai.conversation.id": "c-1", "session.id": "s-1"}, "s-1"),
            ({"gen_ai.conversation.id": 5}, "5"),
            ({}, None),
        ],
    )
    def test_a_conversation_is_a_session(self, said: dict[str, Any], session: str | None) -> None:
        """The conventions' own word counts where there is no other."""
        assert task_row(a_task(said)).session == session

    @pytest.mark.parametrize(
        ("said", "resource", "project"),
        [
            ({"otel_steps.project": "a"}, {"otel_steps.project": "b"}, "a"),
            ({}, {"otel_steps.project": "b", "service.namespace": "c"}, "b"),
            ({}, {"service.namespace": "c"}, "c"),
            ({}, {"service.namespace": ""}, None),
            ({}, {}, None),
        ],
    )
    def test_the_nearest_word_on_the_project_counts(
        self, said: dict[str, Any], resource: dict[str, Any], project: str | None
    ) -> None:
        """That of the task, that of its resource, and the namespace of its service."""
        assert task_row(a_task(said, resource=resource)).project == project

    def test_device_of_the_task_wins(self) -> None:
        """A task that names its device overrules the resource, which need not name a text."""
        assert (
            task_row(a_task({semconv.DEVICE_ID: "b"}, resource={"device.id": "a"})).device_id == "b"
        )
        assert task_row(a_task(resource={"device.id": 5})).device_id == "5"

    @pytest.mark.parametrize(("trace", "wins"), [("1" * 32, "early"), ("2" * 32, "late")])
    def test_which_of_two_task_spans_is_the_task(self, trace: str, wins: str) -> None:
        """In one trace that which began first has called the other; another does it anew."""
        early = a_task({semconv.TASK_RESULT: "early"}, trace_id="1" * 32, span_id="1" * 16)
        late = a_task(
            {semconv.TASK_RESULT: "late"},
            trace_id=trace,
            span_id="2" * 16,
            start_time_unix_nano=START + 1000,
        )

        for spans in ([early, late], [late, early]):
            [row] = batch_of(spans, {}).tasks
            assert row.result == wins

    def test_a_task_that_is_told_again_says_more(self) -> None:
        """What its span does not say may have been heard elsewhere since."""
        spans = [a_task(), a_task({semconv.TASK_RESULT: "heard"})]

        assert [row.result for row in batch_of(spans, {}).tasks] == ["heard"]

    def test_a_span_may_name_its_trace_as_a_task(self) -> None:
        """Without a status: nobody speaks for the trace."""
        named = {semconv.TASK_ID: "t", semconv.TASK_DESCRIPTION: "GET /"}

        [row] = batch_of([a_span(named)], {}).tasks

        assert (row.task_id, row.task_description, row.status) == ("t", "GET /", None)

    def test_steps_imply_their_task(self) -> None:
        """A task known only from its steps gets a row without a status, over their whole time."""
        device = {"resource": {semconv.DEVICE_ID: "emulator-5554"}}
        spans = [
            a_step({semconv.TASK_ID: "t"}, span_id="1" * 16, **device),
            a_step({semconv.TASK_ID: "t"}, span_id="2" * 16, start_time_unix_nano=START - SECOND),
            a_step({semconv.TASK_ID: "t"}, span_id="3" * 16, end_time_unix_nano=0),
        ]

        assert batch_of(spans, {}).tasks == [
            TaskRow(
                task_id="t",
                created_at="2023-11-14T22:13:19.123456+00:00",
                last_activity="2023-11-14T22:13:21.123456+00:00",
                device_id="emulator-5554",
                trace_id=TRACE_ID,
                resource={semconv.DEVICE_ID: "emulator-5554"},
            )
        ]

    def test_task_in_the_batch_is_not_implied(self) -> None:
        """A task whose span is in the batch has one row, that of its span."""
        spans = [a_step({semconv.TASK_ID: "task-1"}), a_task(span_id="1" * 16)]

        [row] = batch_of(spans, {}).tasks

        assert row.status == "completed"


class TestOtherSpans:
    def test_span_is_kept_as_it_was(self) -> None:
        """Any other span of the trace has all that OTLP has."""
        event = {"name": "e", "time_unix_nano": START, "attributes": {}}
        link = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "attributes": {}}
        span = a_span(
            {"http.method": "POST", semconv.TASK_ID: "t"},
            name="chat glm",
            kind=3,
            status_code=2,
            status_message="timeout",
            events=[event],
            links=[link],
            scope_name="openai",
            scope_version="2.0",
            end_time_unix_nano=START + 1_500_000,
        )

        assert batch_of([span], {}).spans == [
            SpanRow(
                trace_id=TRACE_ID,
                span_id=SPAN_ID,
                task_id="t",
                name="chat glm",
                kind=3,
                started_at="2023-11-14T22:13:20.123456+00:00",
                ended_at="2023-11-14T22:13:20.124956+00:00",
                duration_ms=1.5,
                status_code=2,
                status_message="timeout",
                attributes={"http.method": "POST"},
                events=[event],
                links=[link],
                scope="openai 2.0",
            )
        ]

    def test_unnamed_task_is_not_guessed(self) -> None:
        """A span that names no task belongs to its trace, nothing more is claimed."""
        [row] = batch_of([a_span({}, end_time_unix_nano=0)], {}).spans

        assert (row.task_id, row.duration_ms, row.scope, row.ended_at) == (None, None, None, None)


class TestMerging:
    @pytest.mark.parametrize("make", [a_step, a_task])
    def test_span_that_comes_again_is_one_row(self, make: Any) -> None:
        """Ended beats interrupted beats running, in any order of arrival."""
        running = make(end_time_unix_nano=0)
        died = interrupted(running, START + SECOND)
        ended = make()
        table = "steps" if make is a_step else "tasks"

        for spans, status in [
            ([running, died], "interrupted"),
            ([died, running], "interrupted"),
            ([died, ended], "completed"),
            ([ended, died, running], "completed"),
        ]:
            [row] = getattr(batch_of(spans, {}), table)
            assert row.status == status

    def test_later_running_state_wins(self) -> None:
        """Of two running states, the later knows more."""
        spans = [
            a_step({semconv.STEP_THINKING: text}, end_time_unix_nano=0) for text in ("old", "new")
        ]

        assert [row.thinking for row in batch_of(spans, {}).steps] == ["new"]

    def test_first_ended_span_wins(self) -> None:
        """A span that has ended is final, whatever comes under its id later."""
        spans = [a_step({semconv.STEP_THINKING: text}) for text in ("first", "second")]

        assert [row.thinking for row in batch_of(spans, {}).steps] == ["first"]

    def test_same_span_id_in_two_traces_is_two_spans(self) -> None:
        """Spans are told apart by trace and span id together."""
        spans = [a_step(trace_id="1" * 32), a_step(trace_id="2" * 32)]

        assert len(batch_of(spans, {}).steps) == 2

    def test_no_spans_are_no_rows(self) -> None:
        """An empty batch is empty."""
        assert len(batch_of([], {})) == 0


class TestInterrupted:
    def test_step_is_closed_as_interrupted(self) -> None:
        """A step whose process died says so, and keeps all that was known."""
        running = a_step({semconv.STEP_THINKING: "so far"}, end_time_unix_nano=0)

        row = step_row(interrupted(running, START + 5 * SECOND))

        assert (row.status, row.success, row.error_kind) == ("interrupted", False, "interrupted")
        assert (row.error_message, row.thinking) == (STEP_INTERRUPTED_MESSAGE, "so far")
        assert row.duration_ms == 5000
        assert running.is_open

    def test_message_of_the_step_stays(self) -> None:
        """What the step had to say about its failure is not overwritten."""
        running = a_step({semconv.STEP_ERROR_MESSAGE: "adb lost"}, end_time_unix_nano=0)

        assert step_row(interrupted(running, START)).error_message == "adb lost"

    def test_task_is_closed_as_interrupted(self) -> None:
        """A task whose process died is interrupted, at the time given."""
        row = task_row(interrupted(a_task(end_time_unix_nano=0), START + SECOND))

        assert row.status == "interrupted"
        assert row.end_time == "2023-11-14T22:13:21.123456+00:00"

    def test_other_span_is_closed(self) -> None:
        """Any other span is closed, and nothing is said about it."""
        closed = interrupted(a_span({"a": 1}, end_time_unix_nano=0), START + 1)

        assert (closed.end_time_unix_nano, closed.attributes) == (START + 1, {"a": 1})

    @pytest.mark.parametrize("start", [0, START])
    def test_end_is_not_before_the_start(self, start: int) -> None:
        """A clock that went back leaves no span that ends before it starts, or stays open."""
        closed = interrupted(a_step(start_time_unix_nano=start, end_time_unix_nano=0), 0)

        assert not closed.is_open
        assert closed.end_time_unix_nano >= start


class TestAnyAttributes:
    @given(
        st.dictionaries(st.sampled_from(OURS) | hostile.texts, hostile.values, max_size=8),
        hostile.clean_values,
        st.sampled_from([semconv.STEP_NUMBER, semconv.TASK_STATUS, "neither"]),
        st.booleans(),
    )
    def test_hostile_span_becomes_storable_rows(
        self, attributes: dict[str, Any], sibling: Any, kind: str, is_open: bool
    ) -> None:
        """Attributes of any type, from the SDK to the row, cost nothing but themselves."""
        context = SpanContext(int(TRACE_ID, 16), int(SPAN_ID, 16), is_remote=False)
        readable = ReadableSpan(
            "step",
            context,
            resource=Resource({}),
            attributes={kind: 1, **attributes, "a sibling": sibling},
            start_time=START,
            end_time=None if is_open else START + SECOND,
        )

        [span] = from_line(to_line(from_sdk(readable)))
        batch = batch_of([span], {SHA256: PICTURE})

        store(batch)
        store(batch_of([interrupted(span, START)], {}))
        assert len(batch.steps) + len(batch.spans) + len(batch.tasks) >= 1
        for row in (*batch.steps, *batch.spans):
            assert row.attributes is not None
            assert row.attributes["a sibling"] == sibling

    @given(
        st.dictionaries(
            st.sampled_from(OURS), hostile.clean_texts.map(lambda text: f"~{text}"), max_size=12
        )
    )
    def test_nothing_is_lost_or_stored_twice(self, attributes: dict[str, str]) -> None:
        """Each text of a step stands in its column or among the attributes, never in both."""
        row = step_row(a_step(attributes))

        for key, value in attributes.items():
            is_in_column = key in TEXT_COLUMNS and getattr(row, TEXT_COLUMNS[key]) == value
            is_in_attributes = (row.attributes or {}).get(key) == value
            assert is_in_column != is_in_attributes, key

    def test_long_values_of_any_type_stay_whole(self) -> None:
        """A word or a task id that is no text and too long stays beside its column as it was."""
        given_values = {semconv.STEP_APP: list(range(200)), semconv.TASK_ID: {"a": "x" * 300}}

        row = step_row(a_step(given_values))

        assert row.attributes == given_values


@pytest.mark.parametrize("encode", [json.dumps, lambda value: value])
def test_further_pictures_become_rows_of_their_own(encode: Any) -> None:
    """Each role and name once, also where the screen is what it was; what names nothing is none."""
    entries = [
        {"role": "after", "sha256": SHA256, "caption": "saved"},
        {"role": "after", "sha256": SHA256, "caption": "again"},
        {"role": "crop", "sha256": SHA256, "sensitive": True},
        {"role": "marked", "sha256": "cd" * 32},
        {"role": "after", "error": "empty"},
        {"sha256": "../x"},
        7,
    ]
    step = a_step({semconv.SCREENSHOT_SHA256: SHA256, semconv.PICTURES: encode(entries)})

    batch = batch_of([step], {SHA256: PICTURE, "cd" * 32: "refused"})

    (row,) = batch.steps
    own, after, crop = batch.screenshots
    assert len({own.id, after.id, crop.id}) == 3
    assert {own.step_id, after.step_id, crop.step_id} == {row.id}
    roles = [(each.metadata or {}).get("role") for each in (own, after, crop)]
    assert roles == [None, "after", "crop"]
    assert after.metadata is not None
    assert (after.metadata["caption"], crop.sensitive, own.sensitive) == ("saved", True, None)
    assert row.attributes is not None
    assert row.attributes[semconv.PICTURES] == encode(entries)


@pytest.mark.parametrize("value", ["", "{}", "[", "null", 3, None, [[]], "[" * 10_000])
def test_what_names_no_further_pictures_harms_nothing(value: Any) -> None:
    """Others may send anything under that key."""
    batch = batch_of([a_step({semconv.PICTURES: value})], {})

    assert (len(batch.steps), batch.screenshots) == (1, [])
