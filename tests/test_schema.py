"""The page of attributes says what the code does."""

import subprocess
import sys
from pathlib import Path

import pytest

from otel_steps import semconv
from otel_steps.emit.measures import MEASURES
from otel_steps.health.metrics import INSTRUMENTS
from otel_steps.schema import page, source_of
from otel_steps.semconv.attribute import ATTRIBUTES, Attribute

ROOT = Path(__file__).parent.parent
# Names of spans, and prefixes: constants of the module that are no keys.
NO_KEYS = {
    *("STEP_SPAN_NAME", "INVOKE_AGENT", "EXECUTE_TOOL", "CHAT"),
    *("TIMING_PREFIX", "SCREENSHOT_PREFIX"),
}


def keys() -> set[str]:
    constants = {name: value for name, value in vars(semconv).items() if name.isupper()}
    return {
        value
        for name, value in constants.items()
        if isinstance(value, str) and name not in NO_KEYS and not name.startswith("_")
    }


def test_the_page_is_that_of_the_code() -> None:
    """Whoever changes an attribute or a metric writes the page anew, with the command it names."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "otel_steps.schema"], capture_output=True, check=True
    )

    assert done.stdout.decode().splitlines() == page().splitlines()
    assert (ROOT / "otel_steps" / "attributes.md").read_text(encoding="utf-8") == page()


def test_every_key_is_on_the_page_once() -> None:
    """No key is made without its type and an example, and none is described twice."""
    described = [attribute.key for attribute in ATTRIBUTES]

    assert sorted(described) == sorted(keys())
    assert all(f"| `{key}` |" in page() for key in described)
    assert all(f"| `{each.name}` |" in page() for each in (*INSTRUMENTS, *MEASURES))


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda each: each.key)
def test_every_key_is_used(attribute: Attribute) -> None:
    """The page promises nothing that no module writes or reads."""
    (name,) = (name for name, value in vars(semconv).items() if value == attribute.key)
    modules = list(ROOT.joinpath("otel_steps").rglob("*.py"))
    texts = (path.read_text(encoding="utf-8") for path in modules if path.parent.name != "semconv")

    assert any(f"semconv.{name}" in text or f" {name}\n" in text for text in texts)
    assert attribute.type
    assert attribute.example


@pytest.mark.parametrize(
    ("key", "column"),
    [
        (semconv.STEP_APP, "`task_steps.app`"),
        (semconv.DEVICE_ID, "`tasks.device_id`"),
        (semconv.STEP_FINISHED, ""),
    ],
)
def test_the_page_says_which_column_an_attribute_fills(key: str, column: str) -> None:
    """Whoever asks the tables need not read the code."""
    (line,) = (line for line in page().splitlines() if line.startswith(f"| `{key}` |"))

    assert line.split(" | ")[5] == column


def test_numbers_have_a_unit() -> None:
    """A duration, a size or a count says of what; others are names of a kind."""
    numbers = [each for each in ATTRIBUTES if each.type in ("int", "double")]

    assert [each.key for each in numbers if not each.unit] == [
        *(semconv.SERVER_PORT, semconv.STEP_NUMBER)
    ]


@pytest.mark.parametrize(
    ("key", "stability"),
    [
        (semconv.STEP_THINKING, "Beta"),
        (semconv.GEN_AI_TOOL_NAME, "Development"),
        (semconv.ERROR_TYPE, "Stable"),
        (semconv.OI_SPAN_KIND, "no levels"),
    ],
)
def test_each_key_says_where_it_comes_from(key: str, stability: str) -> None:
    """A reader sees which names may still change, and who decides."""
    (attribute,) = (each for each in ATTRIBUTES if each.key == key)

    assert source_of(attribute).stability == stability
