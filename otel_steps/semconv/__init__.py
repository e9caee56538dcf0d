"""
Names of spans, attributes and their values: the vocabulary that every other module shares.

OpenTelemetry has no merged convention for the step of a GUI agent or for its screenshot, so those
live under our own prefix `otel_steps.`; where a convention exists (`gen_ai.*`, `device.*`, `os.*`)
it is used as it is. The Python package of the conventions marks all `gen_ai` constants as moved,
so the few we need are copied here with their source.

Each key is defined once, together with what `attributes.md` says of it; which column it fills, if
it has one, `rows.model` says.
"""

from typing import Final, Literal, get_args

from otel_steps.semconv.attribute import ATTRIBUTES
from otel_steps.semconv.attribute import described as _key

SCHEMA_VERSION: Final = 1

# --- values -------------------------------------------------------------------------------------
TaskStatus = Literal["running", "completed", "failed", "cancelled", "interrupted", "max_steps"]
StepTypeName = Literal["thinking", "action", "screenshot", "error", "validation", "completion"]
ErrorKind = Literal[
    "model_error", "parse_error", "action_error", "device_error", "refused", "interrupted"
]
# Of further pictures of a step.
PictureRole = Literal["before", "after", "crop", "marked"]

TASK_STATUSES: Final = get_args(TaskStatus)

# --- span names ---------------------------------------------------------------------------------
STEP_SPAN_NAME: Final = "step"
INVOKE_AGENT: Final = "invoke_agent"  # span name "invoke_agent {gen_ai.agent.name}"
EXECUTE_TOOL: Final = "execute_tool"  # span name "execute_tool {gen_ai.tool.name}"
CHAT: Final = "chat"  # span name "chat {gen_ai.request.model}"


def _one_of(values: object) -> str:
    return ", ".join(get_args(values))


# --- gen-ai -------------------------------------------------------------------------------------
GEN_AI_OPERATION_NAME: Final = _key(
    "gen_ai.operation.name", "string", f"{INVOKE_AGENT}, {EXECUTE_TOOL}, {CHAT}"
)
GEN_AI_AGENT_NAME: Final = _key("gen_ai.agent.name", "string", "PhoneAgent")
GEN_AI_AGENT_VERSION: Final = _key(
    "gen_ai.agent.version", "string", "0.1.0", "of its package; `agent_version` of `config`, too"
)
GEN_AI_CONVERSATION_ID: Final = _key(
    "gen_ai.conversation.id", "string", "chat-17", "the same as `session.id`; read in its place"
)
GEN_AI_PROVIDER_NAME: Final = _key(
    "gen_ai.provider.name", "string", "openai", "the protocol spoken; compatible servers count"
)
GEN_AI_REQUEST_MODEL: Final = _key("gen_ai.request.model", "string", "autoglm-phone-9b")
GEN_AI_REQUEST_STREAM: Final = _key(
    "gen_ai.request.stream", "boolean", "true", "only where it is one"
)
GEN_AI_REQUEST_TEMPERATURE: Final = _key("gen_ai.request.temperature", "double", "0.0", unit="1")
GEN_AI_REQUEST_TOP_P: Final = _key("gen_ai.request.top_p", "double", "0.85", unit="1")
GEN_AI_REQUEST_FREQUENCY_PENALTY: Final = _key(
    "gen_ai.request.frequency_penalty", "double", "0.2", unit="1"
)
GEN_AI_REQUEST_PRESENCE_PENALTY: Final = _key(
    "gen_ai.request.presence_penalty", "double", "0.1", unit="1"
)
GEN_AI_REQUEST_TOP_K: Final = _key("gen_ai.request.top_k", "int", "40", unit="1")
GEN_AI_REQUEST_SEED: Final = _key("gen_ai.request.seed", "int", "100", unit="1")
GEN_AI_REQUEST_CHOICE_COUNT: Final = _key(
    "gen_ai.request.choice.count", "int", "3", "only where it is not 1", unit="1"
)
GEN_AI_REQUEST_REASONING_LEVEL: Final = _key("gen_ai.request.reasoning.level", "string", "low")
GEN_AI_OUTPUT_TYPE: Final = _key("gen_ai.output.type", "string", "text, json")
GEN_AI_REQUEST_MAX_TOKENS: Final = _key("gen_ai.request.max_tokens", "int", "3000", unit="{token}")
GEN_AI_RESPONSE_ID: Final = _key("gen_ai.response.id", "string", "chatcmpl-123")
GEN_AI_RESPONSE_MODEL: Final = _key("gen_ai.response.model", "string", "autoglm-phone-9b")
GEN_AI_RESPONSE_FINISH_REASONS: Final = _key(
    "gen_ai.response.finish_reasons", "strings", "stop", "`length`: cut at the limit of tokens"
)
GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: Final = _key(
    "gen_ai.response.time_to_first_chunk", "double", "0.42", "request sent to first token", unit="s"
)
GEN_AI_INPUT_MESSAGES: Final = _key(
    "gen_ai.input.messages",
    "JSON",
    '[{"role": "user", "parts": [{"type": "text", "content": "打开设置"}]}]',
    "opt-in; a screenshot is a part `otel_steps.screenshot` with its `sha256`, one that was sent "
    "by its address on the web a part `uri`",
    part="text",
)
GEN_AI_OUTPUT_MESSAGES: Final = _key(
    "gen_ai.output.messages",
    "JSON",
    '[{"role": "assistant", "parts": [{"type": "reasoning", "content": "..."}], ...}]',
    "opt-in",
    part="text",
)
GEN_AI_TOOL_NAME: Final = _key("gen_ai.tool.name", "string", "Tap")
GEN_AI_TOOL_TYPE: Final = _key("gen_ai.tool.type", "string", "extension")
GEN_AI_TOOL_CALL_ID: Final = _key(
    "gen_ai.tool.call.id", "string", "call_1", "where the model gives its calls ids"
)
GEN_AI_TOOL_CALL_ARGUMENTS: Final = _key(
    "gen_ai.tool.call.arguments", "JSON", '{"element": [500, 82]}', "opt-in", part="action"
)
GEN_AI_TOOL_CALL_RESULT: Final = _key(
    "gen_ai.tool.call.result", "JSON", '{"success": true}', "opt-in", part="result"
)
GEN_AI_USAGE_INPUT_TOKENS: Final = _key(
    "gen_ai.usage.input_tokens", "int", "1312", "with those from the cache", unit="{token}"
)
GEN_AI_USAGE_OUTPUT_TOKENS: Final = _key("gen_ai.usage.output_tokens", "int", "74", unit="{token}")
GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: Final = _key(
    "gen_ai.usage.cache_read.input_tokens",
    "int",
    "1024",
    "those of the input that the provider had in its cache",
    unit="{token}",
)
GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: Final = _key(
    "gen_ai.usage.cache_write.input_tokens",
    "int",
    "256",
    "those of the input that it has put there",
    unit="{token}",
)
GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: Final = _key(
    "gen_ai.usage.reasoning.output_tokens", "int", "40", "of the output", unit="{token}"
)
GEN_AI_USAGE_IMAGE_INPUT_TOKENS: Final = _key(
    "gen_ai.usage.image.input_tokens", "int", "1105", "of the input", unit="{token}"
)
GEN_AI_EVALUATION_NAME: Final = _key(
    "gen_ai.evaluation.name", "string", "Relevance", "on events: what was judged"
)
GEN_AI_EVALUATION_SCORE_VALUE: Final = _key(
    "gen_ai.evaluation.score.value",
    "double",
    "0.8",
    "on events; a person's is from -1 to 1",
    unit="1",
)
GEN_AI_EVALUATION_SCORE_LABEL: Final = _key(
    "gen_ai.evaluation.score.label", "string", "good", "on events", part="text"
)
GEN_AI_EVALUATION_EXPLANATION: Final = _key(
    "gen_ai.evaluation.explanation",
    "string",
    "it tapped beside the button",
    "on events",
    part="text",
)
GEN_AI_TOKEN_TYPE: Final = _key(
    "gen_ai.token.type", "string", "input, output", "of `gen_ai.client.token.usage`, no span"
)
SERVER_ADDRESS: Final = _key("server.address", "string", "127.0.0.1", "of the model")
SERVER_PORT: Final = _key("server.port", "int", "8000", "of the model")
ERROR_TYPE: Final = _key(
    "error.type", "string", "openai.AuthenticationError", "the name of an exception, or a kind"
)

# --- device and os ------------------------------------------------------------------------------
DEVICE_ID: Final = _key("device.id", "string", "emulator-5554", "on the task or the resource")
SESSION_ID: Final = _key(
    "session.id", "string", "chat-17", "on the task: what one person does in one go"
)
SERVICE_NAMESPACE: Final = _key(
    "service.namespace",
    "string",
    "checkout",
    "on the resource: the project, where nothing else says",
)
OS_NAME: Final = _key("os.name", "string", "Android", "on the task or the resource")

# --- task ---------------------------------------------------------------------------------------
TASK_ID: Final = _key(
    "otel_steps.task.id", "string", "5f2c6a0e-...", "on the task span and on each of its steps"
)
PROJECT: Final = _key(
    "otel_steps.project", "string", "checkout", "on the task or the resource: whose tasks they are"
)
TASK_DESCRIPTION: Final = _key(
    "otel_steps.task.description", "string", "打开相机，拍一张照片", part="action"
)
TASK_STATUS: Final = _key("otel_steps.task.status", "string", _one_of(TaskStatus))
TASK_RESULT: Final = _key(
    "otel_steps.task.result", "string", "拍好了", "the agent's final message", part="result"
)
TASK_ERROR_MESSAGE: Final = _key(
    "otel_steps.task.error_message",
    "string",
    "Model error: 500",
    "why the task failed",
    part="error",
)
TASK_CONFIG: Final = _key(
    "otel_steps.task.config",
    "JSON",
    '{"max_steps": 100, "lang": "cn"}',
    "never holds a secret",
    part="action",
)

# --- step ---------------------------------------------------------------------------------------
STEP_NUMBER: Final = _key("otel_steps.step.number", "int", "1", "from 1")
STEP_MISSING: Final = _key(
    "otel_steps.step.missing",
    "int",
    "2",
    "how many steps before it `otel-steps fsck` has found missing",
    unit="{step}",
)
STEP_TYPE: Final = _key("otel_steps.step.type", "string", _one_of(StepTypeName))
STEP_DATA: Final = _key(
    "otel_steps.step.data",
    "JSON",
    '{"confirmation": {"approved": true}}',
    "whatever the author of the step wants to keep",
    part="action",
)
STEP_METADATA: Final = _key(
    "otel_steps.step.metadata", "JSON", "{}", "what `StepTracker`'s `metadata` held", part="action"
)
STEP_THINKING: Final = _key(
    "otel_steps.step.thinking",
    "string",
    "当前在桌面。",
    "the model's reasoning in full",
    part="thinking",
)
STEP_ACTION: Final = _key(
    "otel_steps.step.action", "JSON", '{"action": "Tap", "element": [500, 82]}', part="action"
)
STEP_ACTION_NAME: Final = _key("otel_steps.step.action.name", "string", "Tap")
STEP_COORDINATES: Final = _key(
    "otel_steps.step.coordinates",
    "string",
    "pixel",
    "what the places of the action count in: pixel, permille (0 to 1000) or unit (0 to 1)",
)
STEP_ACTION_RESULT: Final = _key(
    "otel_steps.step.action_result",
    "JSON",
    '{"success": true, "should_finish": false, "message": null}',
    part="result",
)
STEP_SUCCESS: Final = _key(
    "otel_steps.step.success",
    "boolean",
    "true",
    "what really happened, not what the agent believes",
)
STEP_ERROR_MESSAGE: Final = _key(
    "otel_steps.step.error_message", "string", "App not found: X", part="error"
)
STEP_ERROR_KIND: Final = _key("otel_steps.step.error_kind", "string", _one_of(ErrorKind))
STEP_APP: Final = _key(
    "otel_steps.step.app",
    "string",
    "Settings",
    "the app in front when the step began",
    part="action",
)
STEP_FINISHED: Final = _key(
    "otel_steps.step.finished", "boolean", "false", "true on the step that ended its task"
)
STEP_CLEANED: Final = _key(
    "otel_steps.step.cleaned", "boolean", "true", "something could not be stored as it was"
)
STEP_REDACTION_ERROR: Final = _key(
    "otel_steps.step.redaction_error",
    "string",
    "KeyError",
    "why the redact callable failed; the content of such a step is not written",
)

TIMING_PREFIX: Final = "otel_steps.step.timing."
TIMING_TTFT_MS: Final = _key(
    TIMING_PREFIX + "ttft_ms", "double", "420.5", "request sent to first token", unit="ms"
)
TIMING_THINKING_MS: Final = _key(
    TIMING_PREFIX + "thinking_ms", "double", "900.0", "request sent to end of thinking", unit="ms"
)
TIMING_MODEL_MS: Final = _key(
    TIMING_PREFIX + "model_ms", "double", "1800.0", "the whole model call", unit="ms"
)
TIMING_SCREENSHOT_MS: Final = _key(
    TIMING_PREFIX + "screenshot_ms", "double", "310.0", "taking the picture", unit="ms"
)
TIMING_ACTION_MS: Final = _key(
    TIMING_PREFIX + "action_ms", "double", "1040.0", "doing the action", unit="ms"
)

# --- screenshot ---------------------------------------------------------------------------------
SCREENSHOT_PREFIX: Final = "otel_steps.screenshot."
SCREENSHOT_SHA256: Final = _key(
    SCREENSHOT_PREFIX + "sha256",
    "string",
    "9f86d081...",
    "64 lower-case hex digits, of the bytes captured: the picture's name everywhere",
    part="screenshot",
)
SCREENSHOT_PATH: Final = _key(
    SCREENSHOT_PREFIX + "path",
    "string",
    "shots/1.png",
    "a file that the author of the step keeps",
    part="screenshot",
)
SCREENSHOT_WIDTH: Final = _key(
    SCREENSHOT_PREFIX + "width", "int", "1080", unit="{pixel}", part="screenshot"
)
SCREENSHOT_HEIGHT: Final = _key(
    SCREENSHOT_PREFIX + "height", "int", "2400", unit="{pixel}", part="screenshot"
)
SCREENSHOT_SIZE: Final = _key(
    SCREENSHOT_PREFIX + "size",
    "int",
    "187654",
    "of the picture as it was captured",
    unit="By",
    part="screenshot",
)
SCREENSHOT_MIME_TYPE: Final = _key(
    SCREENSHOT_PREFIX + "mime_type",
    "string",
    "image/png",
    "from the magic bytes",
    part="screenshot",
)
SCREENSHOT_SENSITIVE: Final = _key(
    SCREENSHOT_PREFIX + "sensitive",
    "boolean",
    "true",
    "the phone refused the picture (secure screen) and the agent went on with a black one",
    part="screenshot",
)
SCREENSHOT_ERROR: Final = _key(
    SCREENSHOT_PREFIX + "error",
    "string",
    "the picture is empty: 0 bytes",
    "why there is none, or none but a black one",
    part="screenshot",
)

PICTURES: Final = _key(
    "otel_steps.pictures",
    "JSON",
    '[{"role": "after", "sha256": "9f86d081...", "caption": "saved"}]',
    "further pictures of a step, in order; the one before the action is `otel_steps.screenshot.*`. "
    f"Roles: {_one_of(PictureRole)}. `sensitive` and `error` as for that one, where they are so",
    part="screenshot",
)

# --- what people say, in files that rows were exported to -----------------------------------------
TAGS: Final = _key(
    "otel_steps.tags", "strings", "flaky", "of a task or a step, by a person", part="text"
)
NOTES: Final = _key(
    "otel_steps.notes", "string", "see step 3", "on a task or a step, by a person", part="text"
)
EVALUATION_SOURCE: Final = _key(
    "otel_steps.evaluation.source",
    "string",
    "person",
    "on events: a person has given this score",
)

# --- what a row of a step or task has no column for ----------------------------------------------
SPAN_EVENTS: Final = _key(
    "otel_steps.span.events",
    "maps",
    "{name, time_unix_nano, attributes}",
    "in rows only: the events of the span",
    part="text",
)
SPAN_PICTURES: Final = _key(
    "otel_steps.span.pictures",
    "strings",
    "9f86d081...",
    "in rows only: pictures that other attributes held; these now say `otel_steps:sha256:...`",
    part="screenshot",
)
SPAN_STATUS_MESSAGE: Final = _key(
    "otel_steps.span.status_message",
    "string",
    "timeout",
    "in rows only: the status message where it says something other than the error message",
    part="error",
)

# --- OpenInference, where that is switched on; rows have the same facts under our own names ------
OI_SPAN_KIND: Final = _key("openinference.span.kind", "string", "AGENT, CHAIN, LLM, TOOL")
OI_INPUT_VALUE: Final = _key("input.value", "string", "打开设置", part="text")
OI_INPUT_MIME_TYPE: Final = _key("input.mime_type", "string", "application/json")
OI_OUTPUT_VALUE: Final = _key("output.value", "string", "设置已打开", part="text")
OI_OUTPUT_MIME_TYPE: Final = _key("output.mime_type", "string", "application/json")
OI_INPUT_MESSAGE: Final = _key(
    "llm.input_messages.0.message",
    "prefix",
    ".contents.1.message_content.image.image.url",
    "what the model was asked last, with a thumbnail of the screen as a data URL",
    part="text",
)
OI_OUTPUT_MESSAGE: Final = _key(
    "llm.output_messages.0.message", "prefix", ".contents.0.message_content.text", part="text"
)

# --- what `redact` is shown beside the attributes of a span; on no span and in no row ------------
REDACT_NAME: Final = _key(
    "otel_steps.name",
    "string",
    "GET",
    "for `redact` alone: the name of the span or event",
    part="text",
)

# Attributes that hold content: what the person, the model or the screen said.
CONTENT_ATTRIBUTES: Final = frozenset(
    each.key for each in ATTRIBUTES if each.part not in ("", "error")
)
