"""Pictures in attributes are found in every shape that conventions have; all else stays."""

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given

from otel_steps import semconv
from otel_steps.pictures.inline import REFERENCE, Pictures
from tests import hostile
from tests.pictures import png

PNG = png()
NAME = hashlib.sha256(PNG).hexdigest()
TEXT = base64.b64encode(PNG).decode()
URL = f"data:image/png;base64,{TEXT}"

# A value -> the same without its picture.
SHAPES: dict[str, tuple[Any, Any]] = {
    "url": (URL, REFERENCE + NAME),
    "loud url": (URL.replace("data:image", "DATA:Image"), REFERENCE + NAME),
    "openai": (
        [{"type": "image_url", "image_url": {"url": URL}}],
        [{"type": "image_url", "image_url": {"url": REFERENCE + NAME}}],
    ),
    "genai blob": (
        {"type": "blob", "mime_type": "image/png", "modality": "image", "content": TEXT},
        {
            "type": "blob",
            "mime_type": "image/png",
            "modality": "image",
            "content": REFERENCE + NAME,
        },
    ),
    "anthropic": (
        {"source": {"type": "base64", "media_type": "image/png", "data": TEXT}},
        {"source": {"type": "base64", "media_type": "image/png", "data": REFERENCE + NAME}},
    ),
    "gemini": (
        {"inlineData": {"mimeType": "image/png", "data": TEXT}},
        {"inlineData": {"mimeType": "image/png", "data": REFERENCE + NAME}},
    ),
    "markdown": (f"![]({URL}) there", f"![]({REFERENCE + NAME}) there"),
    "html": (f"<img src='{URL}'>", f"<img src='{REFERENCE + NAME}'>"),
    "JSON in a text": (
        {"content": json.dumps([{"data": TEXT}])},
        {"content": json.dumps([{"data": REFERENCE + NAME}])},
    ),
    "another type": (
        [{"url": f"data:application/octet-stream;base64,{TEXT}"}],
        [{"url": f"data:application/octet-stream;base64,{REFERENCE + NAME}"}],
    ),
    "as Python writes it": (
        str([{"image_url": {"url": URL}}]),
        str([{"image_url": {"url": REFERENCE + NAME}}]),
    ),
}


@pytest.mark.parametrize("as_text", [False, True], ids=["value", "JSON text"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_is_taken_out(shape: str, as_text: bool) -> None:
    """The bytes are kept by their hash; the value refers to them, and the span names them."""
    value, expected = SHAPES[shape]
    if as_text and not isinstance(value, str):
        value, expected = json.dumps(value), json.dumps(expected)
    pictures = Pictures()

    taken = pictures.take_out({"messages": value, "other": "text"})

    assert taken == {"messages": expected, "other": "text", semconv.SPAN_PICTURES: [NAME]}
    assert pictures == {NAME: PNG}


def test_slashes_may_be_escaped() -> None:
    """PHP writes `image\\/png` in JSON."""
    value = json.dumps([{"url": URL}]).replace("/", r"\/")

    taken = Pictures().take_out({"messages": value})

    assert json.loads(taken["messages"]) == [{"url": REFERENCE + NAME}]


def test_a_picture_that_comes_again_is_one() -> None:
    """Each call of a conversation brings all earlier pictures along."""
    other = png(9)
    url = f"data:image/png;base64,{base64.b64encode(other).decode()}"
    pictures = Pictures()

    taken = pictures.take_out({"messages": [URL, url, URL]})

    names = [NAME, hashlib.sha256(other).hexdigest()]
    assert taken[semconv.SPAN_PICTURES] == names
    assert list(pictures) == names


@pytest.mark.parametrize(
    "value",
    [
        "data:image/png;base64,%%%",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png,plain",
        "data:text/plain;base64,aGk=",
        '[{"mime_type": "image/png", "content": 5}]',
        '[{"mime_type": "image/png", "content": "iVBORw0KGgo="}]',
        '{"mime_type": "image/png"',
        "[" * 5000 + '"image/"',
        '{"mime_type": "audio/wav", "content": "image/"}',
        5,
    ],
)
def test_what_is_no_picture_stays(value: Any) -> None:
    """To the letter: text that only looks like one is the sender's."""
    pictures = Pictures()

    assert pictures.take_out({"messages": value}) == {"messages": value}
    assert pictures == {}


def test_a_picture_below_any_message_stays() -> None:
    """There is no message so deep, and a hostile one must not cost a stack."""
    value: Any = URL
    for _ in range(500):
        value = [value]

    assert Pictures().take_out({"messages": value}) == {"messages": value}


@given(hostile.clean_values)
def test_nothing_that_is_no_picture_changes(value: Any) -> None:
    """Any value at all comes out as it went in, and so does the text of it."""
    given = {"value": value, "text": json.dumps(value)}

    assert Pictures().take_out(given) == given
