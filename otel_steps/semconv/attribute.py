"""
What is known of an attribute, and where its name comes from.
"""

from typing import Final, Literal, NamedTuple

# What an attribute holds of the content. `thinking`, `action`, `result` and `screenshot` are the
# parts that OTEL_STEPS_CAPTURE_CONTENT names. `text` may hold any of the first three, and `error`
# is the text of a failure, which may quote any of them: both are recorded where all three are.
Part = Literal["", "thinking", "action", "result", "screenshot", "text", "error"]


class Attribute(NamedTuple):
    """
    What is known of one key.

    Attributes:
        type: `string`, `int`, `double`, `boolean`, `JSON` (a string that holds it) or `maps`.
        example: One value, or all that are possible.
        unit: Of numbers.
        part: Of the content, that it holds: not there where the part is off; "" for a fact.
    """

    key: str
    type: str
    example: str
    note: str
    unit: str
    part: Part


class Source(NamedTuple):
    """Where the keys that begin with `prefix` come from, and how firm they are there."""

    prefix: str
    url: str
    stability: str


_GEN_AI: Final = "https://github.com/open-telemetry/semantic-conventions-genai"
_REGISTRY: Final = "https://opentelemetry.io/docs/specs/semconv/registry/attributes"
_OPEN_INFERENCE: Final = "https://github.com/Arize-ai/openinference/tree/main/spec"

SOURCES: Final = (
    Source("otel_steps.", "", "Beta"),
    Source("gen_ai.", _GEN_AI, "Development"),
    Source("server.", f"{_REGISTRY}/server/", "Stable"),
    Source("error.", f"{_REGISTRY}/error/", "Stable"),
    Source("device.", f"{_REGISTRY}/device/", "Development"),
    Source("os.", f"{_REGISTRY}/os/", "Development"),
    Source("", _OPEN_INFERENCE, "no levels"),
)

# What our scopes name, as OpenTelemetry's own utility for GenAI does: since then the conventions of
# GenAI have a place of their own, which has no such files.
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.37.0"

# All of them, in the order of the page.
ATTRIBUTES: Final[list[Attribute]] = []


def described(
    key: str, kind: str, example: str, note: str = "", *, unit: str = "", part: Part = ""
) -> str:
    """Return *key*, which is in `ATTRIBUTES` from here on."""
    ATTRIBUTES.append(Attribute(key, kind, example, note, unit, part))
    return key
