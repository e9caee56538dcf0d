"""GenAI's and OpenInference's words beside our own: only where asked for, and never a picture."""

import base64
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.schemas import Schemas
from PIL import Image

import otel_steps
from otel_steps import open_store, semconv
from otel_steps.config import CONTENT_PARTS
from otel_steps.emit import content_switch, genai, openinference, vocabularies
from otel_steps.emit.step_span import StepSpan
from otel_steps.emit.task_span import TaskSpan
from otel_steps.instrumentation import model_request
from otel_steps.instrumentation.phone_agent import PhoneAgentInstrumentor, instrument_agent_module
from otel_steps.otlp.span import Span
from otel_steps.semconv.attribute import ATTRIBUTES
from tests.pictures import png

SWITCH = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
PICTURE = png(40, 80)
URL = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
MESSAGES = [
    {"role": "system", "content": "You use a phone."},
    {
        "role": "user",
        "content": [
            {"type": "image_url", "image_url": {"url": URL}},
            {"type": "text", "text": "打开设置"},
        ],
    },
]
ACTION = {"_metadata": "do", "action": "Tap", "element": [500, 82]}

SOURCE = """
class Agent:
    def __init__(self, client, handler):
        self.model_client, self.action_handler = client, handler

    def run(self, task):
        self._execute_step(task, True)
        return "设置已打开"

    def _execute_step(self, user_prompt=None, is_first=False):
        action = self.model_client.request(MESSAGES).parsed
        return self.action_handler.execute(action)
"""


class Client:
    """A model that has one answer."""

    def request(self, messages: Any) -> Any:
        return SimpleNamespace(
            thinking="点第一行。",
            action="do(...)",
            parsed=ACTION,
            time_to_first_token=0.25,
            prompt_tokens=1312,
        )


class Handler:
    """A phone that does everything."""

    def execute(self, action: Any) -> Any:
        return SimpleNamespace(success=True, should_finish=False, message=None, finished=True)


@pytest.fixture(name="agent")
def _agent() -> Iterator[tuple[Any, InMemorySpanExporter]]:
    """Return an instrumented agent in the shape of PhoneAgent, and where its spans go."""
    module = ModuleType("a_speaker.agent")
    module.MESSAGES = MESSAGES
    exec(SOURCE, vars(module))
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    PhoneAgentInstrumentor().instrument(tracer_provider=provider)
    instrument_agent_module(module)
    yield module.Agent(Client(), Handler()), exporter
    PhoneAgentInstrumentor().uninstrument()


@pytest.fixture(name="openinference_on")
def _openinference_on() -> Iterator[None]:
    vocabularies.set_openinference(True)
    yield
    vocabularies.set_openinference(False)


def run(agent: tuple[Any, InMemorySpanExporter]) -> dict[str, dict[str, Any]]:
    """Run a task; return the attributes of its spans by the first word of their names."""
    agent[0].run("打开设置")
    ended = agent[1].get_finished_spans()
    return {span.name.split()[0]: dict(span.attributes or {}) for span in ended}


# --- GenAI ----------------------------------------------------------------------------------------


def test_without_the_standard_switch_there_is_no_genai_content(agent: Any) -> None:
    """The conventions ask for content to be off by default; names, numbers and times are there."""
    said = run(agent)

    content = {key for key in semconv.CONTENT_ATTRIBUTES if key.startswith("gen_ai.")}
    assert not content & set().union(*said.values())
    assert not any(
        key.startswith(("openinference.", "llm.")) for key in set().union(*said.values())
    )
    assert said["chat"] == {
        semconv.GEN_AI_OPERATION_NAME: "chat",
        semconv.GEN_AI_PROVIDER_NAME: "openai",
        semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: 0.25,
        semconv.GEN_AI_USAGE_INPUT_TOKENS: 1312,
    }
    assert said["execute_tool"][semconv.GEN_AI_TOOL_NAME] == "Tap"


@pytest.mark.parametrize("value", ["SPAN_ONLY", "span_and_event"])
def test_with_the_standard_switch_spans_hold_messages(
    agent: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Task, model call and action say what went in and came out, in the shape that is agreed."""
    monkeypatch.setenv(SWITCH, value)

    said = run(agent)

    def read(span: str, key: str) -> Any:
        return json.loads(said[span][key])

    assert read("invoke_agent", semconv.GEN_AI_INPUT_MESSAGES) == [
        {"role": "user", "parts": [{"type": "text", "content": "打开设置"}]}
    ]
    assert read("invoke_agent", semconv.GEN_AI_OUTPUT_MESSAGES)[0]["parts"] == [
        {"type": "text", "content": "设置已打开"}
    ]
    system, user = read("chat", semconv.GEN_AI_INPUT_MESSAGES)
    sha256 = said["step"][semconv.SCREENSHOT_SHA256]
    assert system["parts"] == [{"type": "text", "content": "You use a phone."}]
    assert user["parts"] == [
        {"type": "otel_steps.screenshot", "sha256": sha256},
        {"type": "text", "content": "打开设置"},
    ]
    assert read("chat", semconv.GEN_AI_OUTPUT_MESSAGES) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "点第一行。"},
                {"type": "text", "content": "do(...)"},
            ],
            "finish_reason": "unknown",
        }
    ]
    assert read("execute_tool", semconv.GEN_AI_TOOL_CALL_ARGUMENTS) == {"element": [500, 82]}
    assert read("execute_tool", semconv.GEN_AI_TOOL_CALL_RESULT)["success"] is True
    assert "base64" not in json.dumps(said)


@pytest.mark.parametrize("value", ["", "NO_CONTENT", "EVENT_ONLY"])
def test_other_values_of_the_switch_leave_spans_without_content(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Events are nothing that this package makes, so `EVENT_ONLY` has nothing to say."""
    monkeypatch.setenv(SWITCH, value)

    assert not genai.is_captured()


def test_a_value_that_means_nothing_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """`true` was valid once; it counts as no content, and the log says what would do."""
    monkeypatch.setenv(SWITCH, "true")

    assert [genai.is_captured() for _ in range(3)] == [False] * 3
    assert len(caplog.records) == 1
    assert "expected one of NO_CONTENT, SPAN_ONLY" in caplog.text


@pytest.mark.parametrize("part", sorted(CONTENT_PARTS - {"screenshot"}))
def test_our_own_switch_holds_for_the_standard_attributes_too(
    agent: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """A part that is off reaches no backend, in whichever words."""
    monkeypatch.setenv(SWITCH, "SPAN_ONLY")
    content_switch.set_capture(CONTENT_PARTS - {part})
    try:
        said = run(agent)
    finally:
        content_switch.set_capture(CONTENT_PARTS)

    hidden = {
        "thinking": {("chat", semconv.GEN_AI_OUTPUT_MESSAGES)},
        "action": {
            ("chat", semconv.GEN_AI_OUTPUT_MESSAGES),
            ("execute_tool", semconv.GEN_AI_TOOL_CALL_ARGUMENTS),
        },
        "result": {
            ("invoke_agent", semconv.GEN_AI_OUTPUT_MESSAGES),
            ("execute_tool", semconv.GEN_AI_TOOL_CALL_RESULT),
        },
    }
    for span, key in set().union(*hidden.values()):
        assert (key in said[span]) == ((span, key) not in hidden[part])


@pytest.mark.parametrize("sent", [None, "text", [1, None], [{"content": [1, {"type": "audio"}]}]])
def test_messages_of_another_shape_are_left_out(sent: Any) -> None:
    """A fork may send anything; what is no message of OpenAI's shape is not guessed at."""
    assert all(message["parts"] == [] for message in genai.messages(sent))


@pytest.mark.parametrize("shape", [{"url": "https://a.example/1.png"}, "https://a.example/1.png"])
def test_a_picture_sent_by_its_address_keeps_it(shape: Any) -> None:
    """Any backend can show it; the name of the screen is that of the one that was sent itself."""
    parts = [{"type": "image_url", "image_url": each} for each in (shape, {"url": URL})]

    (message,) = genai.messages([{"role": "user", "content": parts}], sha256="ab" * 32)

    assert message["parts"] == [
        {"type": "uri", "modality": "image", "uri": "https://a.example/1.png"},
        {"type": "otel_steps.screenshot", "sha256": "ab" * 32},
    ]
    said = openinference.content({semconv.GEN_AI_INPUT_MESSAGES: [message]}, thumbnail="data:,")
    place = semconv.OI_INPUT_MESSAGE + ".contents.{}.message_content.image.image.url"
    assert said[place.format(0)] == "https://a.example/1.png"
    assert said[place.format(1)] == "data:,"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"stream": True, "top_p": 0.5}, {"stream": True, "top_p": 0.5}),
        ({"stream": False, "n": 1, "temperature": None}, {}),
        (
            {"n": 2, "seed": 7, "presence_penalty": 0},
            {"choice.count": 2, "seed": 7, "presence_penalty": 0},
        ),
        ({"extra_body": {"top_k": 40}}, {"top_k": 40}),
        ({"max_completion_tokens": 9, "extra_body": None}, {"max_tokens": 9}),
        ({"stop": "</answer>", "reasoning_effort": "low"}, {"reasoning.level": "low"}),
        ({"n": "2", "seed": True, "reasoning_effort": object()}, {}),
    ],
)
def test_how_a_model_is_asked(asked: dict[str, Any], said: dict[str, Any]) -> None:
    """By the names of the conventions, and nothing that is usual, odd or not given."""
    assert model_request.settings(asked) == {f"gen_ai.request.{key}": said[key] for key in said}


@pytest.mark.parametrize(
    ("wanted", "kind"), [("json_schema", "json"), ("json_object", "json"), ("text", "text")]
)
def test_what_a_model_is_asked_for(wanted: str, kind: str) -> None:
    """OpenAI has two words for JSON."""
    asked = {"response_format": {"type": wanted}}

    assert model_request.settings(asked) == {semconv.GEN_AI_OUTPUT_TYPE: kind}


def test_arguments_are_the_action_without_its_name() -> None:
    """Also where the action is no mapping, as the model may write anything."""
    assert genai.arguments({"_metadata": "finish", "message": "ok"}) == {"message": "ok"}
    assert genai.arguments(["Tap"]) == ["Tap"]


def test_spans_name_their_conventions(agent: Any) -> None:
    """A backend reads in our scope which version of the conventions our names are from."""
    run(agent)

    scopes = {span.instrumentation_scope for span in agent[1].get_finished_spans()}
    assert [scope.schema_url for scope in scopes if scope] == [Schemas.V1_37_0.value]


def test_a_session_is_a_conversation() -> None:
    """What other backends group by is said in both words."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    TaskSpan(provider.get_tracer("otel_steps"), None, agent="a", session="chat-17").end("completed")

    (task,) = exporter.get_finished_spans()
    said = task.attributes or {}
    assert said[semconv.SESSION_ID] == said[semconv.GEN_AI_CONVERSATION_ID] == "chat-17"


# Those that OpenTelemetry's package of GenAI's conventions lacks as yet.
NEWER = {
    "gen_ai.request.reasoning.level",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.image.input_tokens",
}


def test_our_keys_are_those_of_the_conventions() -> None:
    """None is misspelt, of our own making, or known under another name by now."""
    theirs = {value for name, value in vars(gen_ai_attributes).items() if name.isupper()}
    ours = {each.key for each in ATTRIBUTES if each.key.startswith("gen_ai.")}

    assert ours - theirs == NEWER


# --- OpenInference --------------------------------------------------------------------------------


@pytest.mark.usefixtures("openinference_on")
def test_openinference_has_kinds_values_and_the_picture(agent: Any) -> None:
    """Who reads OpenInference sees a tree with kinds, and the screen in the model call."""
    said = run(agent)

    kinds = {name: attributes[semconv.OI_SPAN_KIND] for name, attributes in said.items()}
    assert kinds == {
        "invoke_agent": "AGENT",
        "step": "CHAIN",
        "chat": "LLM",
        "execute_tool": "TOOL",
    }
    assert said["invoke_agent"][semconv.OI_INPUT_VALUE] == "打开设置"
    assert said["invoke_agent"][semconv.OI_OUTPUT_VALUE] == "设置已打开"
    assert json.loads(said["execute_tool"][semconv.OI_INPUT_VALUE]) == {"element": [500, 82]}
    assert json.loads(said["execute_tool"][semconv.OI_OUTPUT_VALUE])["success"] is True
    step = json.loads(said["step"][semconv.OI_OUTPUT_VALUE])
    assert (step["thinking"], step["action"]) == ("点第一行。", ACTION)
    chat = said["chat"]
    answer = semconv.OI_OUTPUT_MESSAGE + ".contents.0.message_content"
    assert (chat[f"{answer}.type"], chat[f"{answer}.text"]) == ("reasoning", "点第一行。")
    url = chat[semconv.OI_INPUT_MESSAGE + ".contents.0.message_content.image.image.url"]
    head, _, data = url.partition(",")
    assert head == "data:image/webp;base64"
    assert Image.open(BytesIO(base64.b64decode(data))).size == (40, 80)
    assert not any(key.startswith("gen_ai.input") for key in chat)


@pytest.mark.usefixtures("openinference_on")
def test_a_step_tells_what_it_has() -> None:
    """Nothing is made up for a step without thinking, action or app."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    task = TaskSpan(provider.get_tracer("otel_steps"), None, agent="a")
    bare, known = (StepSpan(provider.get_tracer("otel_steps"), task) for _ in range(2))
    known.tell(app="设置")
    known.tell(thinking='he said "no"')
    bare.end()
    known.end()

    first, second = (dict(span.attributes or {}) for span in exporter.get_finished_spans())
    assert semconv.OI_OUTPUT_VALUE not in first
    assert semconv.OI_INPUT_VALUE not in first
    assert second[semconv.OI_INPUT_VALUE] == "设置"
    assert json.loads(str(second[semconv.OI_OUTPUT_VALUE])) == {"thinking": 'he said "no"'}


@pytest.mark.usefixtures("own_pipeline")
def test_rows_are_the_same_with_and_without(tmp_path: Path) -> None:
    """The words for others stay out of our rows, which have the same facts under our own names."""
    others = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(others))
    recording = otel_steps.configure(
        tracer_provider=provider, instrument=False, dir=tmp_path, openinference=True
    )
    try:
        tracer = provider.get_tracer("otel_steps")
        task = TaskSpan(tracer, "打开设置", agent="a", task_id="t")
        step = StepSpan(tracer, task)
        step.tell(thinking="hm")
        step.set_screenshot(PICTURE)
        step.end()
        task.end("completed", result="好")
    finally:
        vocabularies.set_openinference(False)

    assert recording.flush()
    store = open_store(recording.settings.store)
    report = store.report("t")
    store.close()
    assert report is not None
    text = json.dumps(report, default=str)
    assert all(
        semconv.OI_SPAN_KIND in (span.attributes or {}) for span in others.get_finished_spans()
    )
    assert (report["steps"][0]["thinking"], len(report["screenshots"])) == ("hm", 1)
    assert "openinference" not in text
    assert "input.value" not in text


def test_words_of_other_instrumentations_stay() -> None:
    """Only what this package has added is taken away again."""
    attributes = {semconv.OI_SPAN_KIND: "LLM", "llm.model_name": "m"}
    span = Span(
        trace_id="0" * 32, span_id="1" * 16, name="chat", start_time_unix_nano=1,
        attributes=attributes, scope_name="openinference.instrumentation.openai",
    )  # fmt: skip

    assert openinference.without(span) is span


def noise(width: int, height: int) -> bytes:
    """Return a picture that no encoder can make small."""
    buffer = BytesIO()
    Image.effect_noise((width, height), 200).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def test_a_thumbnail_is_small_whatever_the_picture() -> None:
    """OpenInference takes a data URL above 32,000 characters for too long, and hides it."""
    for size in ((1080, 2400), (400, 400), (30, 30)):
        url = openinference.thumbnail_url(noise(*size))

        assert url is not None
        assert len(url) < 32_100


def test_what_cannot_be_made_small_has_no_thumbnail() -> None:
    """Narrow and very long noise is still too much at the least width; the message goes without."""
    assert openinference.thumbnail_url(noise(160, 640)) is None
    message = {"role": "user", "parts": [{"type": genai.SCREENSHOT_PART}]}

    said = openinference.content({semconv.GEN_AI_INPUT_MESSAGES: [message]}, thumbnail=None)

    assert said == {semconv.OI_INPUT_VALUE: "", semconv.OI_INPUT_MESSAGE + ".role": "user"}


@pytest.mark.parametrize(
    "picture", [b"", b"no picture", PICTURE[:60], png(10, 10)[:-30]], ids=range(4)
)
def test_a_picture_that_cannot_be_read_has_no_thumbnail(picture: bytes) -> None:
    """The call is told without it, and nothing is raised."""
    assert openinference.thumbnail_url(picture) is None


def test_a_picture_too_large_to_decode_has_no_thumbnail() -> None:
    """A file of a few kilobytes that holds 64 million pixels costs no memory."""
    buffer = BytesIO()
    Image.new("1", (8000, 8000)).save(buffer, "PNG")

    assert openinference.thumbnail_url(buffer.getvalue()) is None
