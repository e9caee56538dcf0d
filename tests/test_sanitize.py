"""Whatever an agent hands over becomes storable, and nothing that was storable changes."""

import enum
import json
import math
import threading
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_steps.config import Secret
from otel_steps.sanitize import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEY_BYTES,
    MAX_REPR_BYTES,
    MAX_TEXT_BYTES,
    MAX_VALUE_BYTES,
    clean,
    is_clean,
    scrub,
    to_json,
)
from tests import hostile

CANARY = "c4n4ry0123456789"


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts_in(part)]
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    return [value] if isinstance(value, str) else []


class Array:
    """Stands for an array or a scalar of numpy: known by its dtype, shape and tolist()."""

    def __init__(self, plain: Any, *shape: int) -> None:
        self.plain, self.shape, self.dtype = plain, shape, "float32"

    def tolist(self) -> Any:
        return self.plain

    def __repr__(self) -> str:
        return f"Array{self.shape}"


class Mixed(str, enum.Enum):  # noqa: UP042 - the older way, whose str() is not its value
    TAP = "Tap"


Pair = namedtuple("Pair", "x y")


class TestClean:
    @given(hostile.values)
    def test_result_is_storable(self, value: Any) -> None:
        """Any value becomes JSON that is valid UTF-8 and free of U+0000 and NaN."""
        cleaned, _ = clean(value)

        dumped(cleaned).encode()
        assert not any("\0" in text for text in texts_in(cleaned))

    @given(hostile.values)
    def test_cleaning_twice_changes_nothing(self, value: Any) -> None:
        """What has been cleaned is clean."""
        cleaned, _ = clean(value)

        assert (cleaned, False) == clean(cleaned)

    @given(
        st.dictionaries(hostile.texts | st.integers(), hostile.values, max_size=4), hostile.texts
    )
    def test_what_is_clean_at_a_glance_stays_as_it_is(
        self, attributes: dict[Any, Any], text: Any
    ) -> None:
        """What `is_clean` lets pass, `clean` would not have changed, type by type."""
        if is_clean(attributes, (text, "name")):
            assert (attributes, False) == clean(attributes)
            assert repr(attributes) == repr(clean(attributes)[0])
            assert (text, False) == clean(text)

    @pytest.mark.parametrize(
        ("attributes", "texts"),
        [
            ({"a": math.nan}, ()),
            ({"a": 2**63}, ()),
            ({"a": "\0"}, ()),
            ({"\ud800": 1}, ()),
            ({"k" * 600: 1}, ()),
            ({"a": "x" * 2 * MAX_TEXT_BYTES}, ()),
            ({"a": ["x"]}, ()),
            ({1: "a"}, ()),
            (["a"], ()),
            ({}, ("\0",)),
            ({}, (None,)),
        ],
    )
    def test_what_may_have_to_change_is_not_clean_at_a_glance(
        self, attributes: Any, texts: tuple[Any, ...]
    ) -> None:
        """Whatever is not surely storable takes a closer look."""
        assert is_clean({"a": "b", "c": 1, "d": 0.5, "e": None}, ("打开",))
        assert not is_clean(attributes, texts)

    @given(hostile.clean_values)
    def test_storable_values_stay_as_they_are(self, value: Any) -> None:
        """JSON that can be stored comes back equal and unmarked."""
        assert (value, False) == clean(value)
        assert dumped(value) == dumped(clean(value)[0])

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ((1, (2,)), [1, [2]]),
            ({3}, [3]),
            (frozenset({"a"}), ["a"]),
            (range(3), [0, 1, 2]),
            (Pair(1, 2), [1, 2]),
            (OrderedDict(a=1), {"a": 1}),
            (hostile.Point(1, (2,)), {"x": 1, "y": [2]}),
            (hostile.Word.TAP, "Tap"),
            (hostile.Number.ONE, 1),
            (Mixed.TAP, "Tap"),
            (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
            (date(2026, 1, 2), "2026-01-02"),
            (timedelta(seconds=90), "0:01:30"),
            (Decimal("1.10"), "1.10"),
            (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
            (PurePosixPath("/sdcard/a.png"), "/sdcard/a.png"),
            (Array(1.5), 1.5),
            (Array([[1.0, 2.0]], 1, 2), [[1.0, 2.0]]),
            (type("Int", (int,), {})(7), 7),
            (type("Float", (float,), {})(7.5), 7.5),
        ],
    )
    def test_natural_forms_are_no_change(self, value: Any, expected: Any) -> None:
        """A Python value with an obvious JSON form takes it, without a mark."""
        cleaned, is_changed = clean({"value": value})

        assert {"value": expected} == cleaned
        assert type(expected) is type(cleaned["value"])
        assert not is_changed

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("a\0b", "a\ufffdb"),
            ("\ud800x", "\ufffdx"),
            ("x\udfff", "x\ufffd"),
            ("\ud83d\ude00", "😀"),
            (math.nan, "NaN"),
            (math.inf, "Infinity"),
            (-math.inf, "-Infinity"),
            (2**63, "9223372036854775808"),
            (-(2**63) - 1, "-9223372036854775809"),
            (2**8000, "0x1" + "0" * 2000),
            (b"\x00\xff", "AP8="),
            (bytearray(b"a"), "YQ=="),
            (memoryview(b"a"), "YQ=="),
            (3j, "3j"),
            (hostile.RaisingMapping(), "…[unreadable tests.hostile.RaisingMapping]…"),
            (hostile.RaisingRepr(), "…[unreadable tests.hostile.RaisingRepr]…"),
            (hostile.RaisingClass(), "…[unreadable tests.hostile.RaisingClass]…"),
            (hostile.RaisingText("x"), "…[unreadable tests.hostile.RaisingText]…"),
            (Secret(CANARY), "***"),
        ],
        # Pytest would ask a value for more than its type.
        ids=lambda value: type(value).__name__,
    )
    def test_what_cannot_be_kept_is_marked(self, value: Any, expected: str) -> None:
        """A value that JSON, UTF-8 or a database cannot hold is replaced, and that is told."""
        assert ({"value": expected, "sibling": 1}, True) == clean({"value": value, "sibling": 1})

    def test_limits_of_64_bit_stay_numbers(self) -> None:
        """The smallest and the largest number of a 64-bit column are kept."""
        assert clean([2**63 - 1, -(2**63)]) == ([2**63 - 1, -(2**63)], False)

    def test_cycle_becomes_a_mark(self) -> None:
        """A value that contains itself ends where it does so."""
        assert clean(hostile.cycle()) == ([1, {"self": "…[cycle]…"}], True)

    def test_same_object_twice_is_no_cycle(self) -> None:
        """An object that stands in two places is written in both."""
        shared = {"a": 1}

        assert ([shared, shared], False) == clean([shared, shared])

    def test_depth_is_limited(self) -> None:
        """The allowed depth is kept, the next level and one ten thousand levels down is marked."""
        assert not clean(hostile.deep(MAX_DEPTH))[1]
        assert f"…[list below level {MAX_DEPTH}]…" in dumped(clean(hostile.deep(MAX_DEPTH + 1))[0])
        assert clean(hostile.deep(10_000))[1]

    def test_keys_never_merge(self) -> None:
        """Keys that would become one key stay apart, each with its value."""
        value = {1: "int", "1": "text", None: "none", "null": "word", (1, 2): "pair", "\0": "nul"}

        cleaned, is_changed = clean(value)

        assert {"1": "int", "null": "none", "[1, 2]": "pair", "\ufffd": "nul"}.items() <= (
            cleaned.items()
        )
        assert sorted(value.values()) == sorted(cleaned.values())
        assert is_changed

    def test_invented_key_does_not_hit_a_real_one(self) -> None:
        """The key that tells two apart is not one that the value has, too."""
        cleaned, _ = clean({"1 (2)": "a", "1": "b", 1: "c"})

        assert cleaned == {"1 (2)": "a", "1": "b", "1 (3)": "c"}

    def test_long_keys_are_cut_and_stay_distinct(self) -> None:
        """A key of a megabyte is cut; two that differ in the middle only stay two."""
        cleaned, is_changed = clean({"k" * 500_000 + middle + "k" * 500_000: 1 for middle in "ab"})

        assert len(cleaned) == 2
        assert all(len(key.encode()) <= MAX_KEY_BYTES + 16 for key in cleaned)
        assert is_changed

    def test_secret_as_a_key_does_not_show(self) -> None:
        """A secret is masked where it is a key, too."""
        assert clean({Secret(CANARY): 1})[0] == {"***": 1}

    @pytest.mark.parametrize("letter", ["x", "打", "😀"])
    def test_long_text_keeps_head_and_tail(self, letter: str) -> None:
        """A text of 10 MB keeps its beginning and its end, and says how much is missing."""
        text = "head" + letter * (10 * 2**20 // len(letter.encode())) + "tail"

        cleaned, is_changed = clean(text)

        head, mark, tail = cleaned.split("…")
        assert MAX_TEXT_BYTES - 64 <= len(cleaned.encode()) <= MAX_TEXT_BYTES
        assert f"[{len(text.encode()) - len((head + tail).encode())} bytes cut]" == mark
        assert cleaned.startswith("head" + letter)
        assert cleaned.endswith(letter + "tail")
        assert is_changed

    def test_text_of_the_limit_is_whole(self) -> None:
        """A text that just fits is not touched."""
        assert clean("x" * MAX_TEXT_BYTES) == ("x" * MAX_TEXT_BYTES, False)

    def test_many_items_are_cut(self) -> None:
        """A container keeps its first items and says how many are missing."""
        cleaned, is_changed = clean([list(range(50_000)), {str(i): i for i in range(50_000)}])

        assert [len(item) for item in cleaned] == [MAX_ITEMS, MAX_ITEMS]
        assert f"…[{50_000 - MAX_ITEMS + 1} items cut]…" == cleaned[0][-1]
        assert f"…[{50_000 - MAX_ITEMS + 1} items cut]…" == cleaned[1]["…"]
        assert is_changed
        assert (cleaned, False) == clean(cleaned)

    def test_as_many_items_as_allowed_stay(self) -> None:
        """A container that just fits is not touched."""
        assert (list(range(MAX_ITEMS)), False) == clean(list(range(MAX_ITEMS)))

    def test_whole_value_is_limited(self) -> None:
        """Ten thousand attributes of a kilobyte do not make a row of ten megabytes."""
        cleaned, is_changed = clean({f"key{i}": "x" * 1000 for i in range(10_000)})

        assert len(dumped(cleaned)) <= MAX_VALUE_BYTES
        assert cleaned["key0"] == "x" * 1000
        assert "items cut" in cleaned["…"]
        assert is_changed

    def test_huge_texts_do_not_starve_small_ones(self) -> None:
        """Beside texts of ten megabytes, the small values of a step stay whole."""
        value = {f"huge{i}": "x" * 10 * 2**20 for i in range(8)} | {"number": 7, "app": "Settings"}

        cleaned, _ = clean(value)

        assert (cleaned["number"], cleaned["app"]) == (7, "Settings")
        assert len(dumped(cleaned)) <= MAX_VALUE_BYTES

    def test_value_that_multiplies_itself_is_limited(self) -> None:
        """A small value that refers to its parts again and again does not explode."""
        value: list[Any] = ["x"]
        for _ in range(30):
            value = [value] * 100

        assert len(dumped(clean(value)[0])) <= MAX_VALUE_BYTES

    def test_large_array_is_not_spelled_out(self) -> None:
        """An array of a screenful of pixels is named, not listed."""
        assert clean(Array(None, 2400, 1080, 3)) == ("Array(2400, 1080, 3)", True)

    def test_array_that_has_no_plain_form_is_named(self) -> None:
        """A number that stays what it is when asked for a plain one ends in a mark."""
        array = Array(None)
        array.plain = array

        assert clean(array) == ("…[cycle]…", True)

    def test_repr_is_short_and_without_secrets(self) -> None:
        """An unknown object is shown by its repr, cut and with what looks like a key masked."""

        class Client:
            def __repr__(self) -> str:
                return f"Client(api_key='{CANARY}', {'x' * 5000})"

        cleaned, is_changed = clean(Client())

        assert cleaned.startswith("Client(api_key=***")
        assert len(cleaned.encode()) <= MAX_REPR_BYTES
        assert is_changed

    def test_dataclass_is_not_copied(self) -> None:
        """A field that cannot be copied, such as a lock, costs that field only."""

        @dataclass
        class Holder:
            lock: Any
            name: str

        cleaned, _ = clean(Holder(threading.Lock(), "a"))

        assert cleaned["name"] == "a"
        assert "lock" in cleaned["lock"]

    def test_class_is_named(self) -> None:
        """A dataclass itself, not an instance, is shown by its repr."""
        assert clean(hostile.Point) == ("<class 'tests.hostile.Point'>", True)

    def test_interrupt_passes(self) -> None:
        """Ctrl-C inside foreign code is not swallowed."""

        class Interrupting:
            def __repr__(self) -> str:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            clean(Interrupting())


class TestToJson:
    @given(hostile.values)
    def test_result_is_json(self, value: Any) -> None:
        """Any value becomes JSON text that holds what `clean` returns."""
        text = to_json(value)

        assert clean(value)[0] == json.loads(text)
        text.encode()

    def test_text_is_compact_and_readable(self) -> None:
        """Chinese text is not escaped and no space is spent."""
        assert to_json({"app": "相机", "at": (1, 2)}) == '{"app":"相机","at":[1,2]}'

    @pytest.mark.parametrize("letter", ["x", '"', "\x01", "打"])
    def test_result_fits_a_text(self, letter: str) -> None:
        """JSON of a huge value is still JSON and fits an attribute, however much is escaped."""
        text = to_json({"huge": letter * 3 * 2**20, "other": [letter * 2000] * 5000, "a": 1})

        assert len(text.encode()) <= MAX_TEXT_BYTES
        assert {"huge", "other"} <= set(json.loads(text))


class TestScrub:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"key sb_secret_{CANARY}!", "key sb_secret_***!"),
            ("sb_publishable_abc", "sb_publishable_abc"),
            (f"jwt eyJhbGciOi.{CANARY}.c2ln-_ end", "jwt eyJ*** end"),
            (f"Bearer {CANARY}", "Bearer ***"),
            (f"Authorization: Basic {CANARY}", "Authorization: ***"),
            (f"'authorization': 'Bearer {CANARY}'", "'authorization: ***"),
            (f"Set-Cookie: a={CANARY}; b={CANARY}\nnext", "Set-Cookie: ***\nnext"),
            (f"apikey: {CANARY}", "apikey: ***"),
            (f"apikey: {CANARY}, next", "apikey: ***, next"),
            (f"OPENAI_API_KEY={CANARY}", "OPENAI_API_KEY=***"),
            (f"SUPABASE_SERVICE_ROLE_KEY={CANARY}", "SUPABASE_SERVICE_ROLE_KEY=***"),
            (f"ModelConfig(api_key='{CANARY} x', a=1)", "ModelConfig(api_key=***, a=1)"),
            (f'{{"api_key": "{CANARY}", "a": 1}}', '{"api_key": ***, "a": 1}'),
            (f'{{\\"token\\": \\"{CANARY}\\"}}', '{\\"token\\": ***}'),
            (f"host=h password={CANARY} user=u", "host=h password=*** user=u"),
            (f"password = 'my {CANARY}'", "password = ***"),
            (f"/x?token={CANARY}&w=1", "/x?token=***&w=1"),
            (f"sk-{CANARY}", "sk-***"),
            (f"{'0a' * 16}.{CANARY}", "***"),
            ("ms-01234567-89ab-cdef-0123-456789abcdef", "ms-***"),
            (f"postgresql://u:{CANARY}@h:5432/db", "postgresql://u:***@h:5432/db"),
            (f"postgresql://u:p@/{CANARY}@h/db", "postgresql://u:***@h/db"),
            ("http://127.0.0.1:8080/a?mail=a@b", "http://127.0.0.1:8080/a?mail=a@b"),
            ("max_tokens=3000, task-12345678 done", "max_tokens=3000, task-12345678 done"),
            ("App not found: 微信", "App not found: 微信"),
        ],
    )
    def test_secrets_are_masked(self, text: str, expected: str) -> None:
        """What looks like a secret is masked; the rest of the message stays."""
        assert expected == scrub(text)

    def test_message_is_cut(self) -> None:
        """A message of any length becomes one of at most 2,000 characters."""
        assert len(scrub("x" * 100_000)) == 2000
        assert scrub("x" * 2000) == "x" * 2000

    def test_secret_at_the_cut_does_not_show(self) -> None:
        """A secret that stands where the message is cut is masked first."""
        for length in range(1980, 2001):
            assert CANARY[:4] not in scrub("x" * length + f" password={CANARY}")

    def test_secret_object_does_not_show(self) -> None:
        """A secret that is itself the message is masked, though it is a str."""
        assert scrub(Secret(CANARY)) == "***"

    def test_message_is_storable(self) -> None:
        """A message can be written as UTF-8, whatever an exception said."""
        assert scrub("a\0b\ud800") == "a\ufffdb\ufffd"

    @given(hostile.texts)
    def test_any_text_passes(self, text: str) -> None:
        """No text makes it raise."""
        scrub(text).encode()

    @pytest.mark.parametrize(
        "part",
        ["://a:", "://", "token", "eyJ", "a", "api_key='", "bearer ", "sk-", '\\"', "secret "],
    )
    def test_hostile_repetition_ends(self, part: str) -> None:
        """A message made to confuse the patterns comes back all the same."""
        assert len(scrub(part * 20_000)) <= 2000
