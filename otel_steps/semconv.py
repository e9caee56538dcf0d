"""
Names of spans, attributes and their values: the vocabulary that every other module shares.

OpenTelemetry has no merged convention for the step of a GUI agent or for its screenshot, so those
live under our own prefix `otel_steps.`; where a convention exists (`gen_ai.*`, `device.*`, `os.*`)
it is used as it is. The Python package of the conventions marks all `gen_ai` constants as moved,
so the few we need are copied here with their source.

Above each key: type, unit where there is one, an example.
Sources:
    gen-ai: https://github.com/open-telemetry/semantic-conventions-genai (status: Development)
    device: https://opentelemetry.io/docs/specs/semconv/registry/attributes/device/ (Development)
    os: https://opentelemetry.io/docs/specs/semconv/registry/attributes/os/ (Development)
    ours: this file
"""

from typing import Final, Literal, get_args

SCHEMA_VERSION: Final = 1

# --- span names ---------------------------------------------------------------------------------
STEP_SPAN_NAME: Final = "step"
INVOKE_AGENT: Final = "invoke_agent"  # span name "invoke_agent {gen_ai.agent.name}"
EXECUTE_TOOL: Final = "execute_tool"  # span name "execute_tool {gen_ai.tool.name}"
CHAT: Final = "chat"  # span name "chat {gen_ai.request.model}"

# --- gen-ai -------------------------------------------------------------------------------------
# string, "invoke_agent"
GEN_AI_OPERATION_NAME: Final = "gen_ai.operation.name"
# string, "PhoneAgent"
GEN_AI_AGENT_NAME: Final = "gen_ai.agent.name"
# string, "openai" (the protocol spoken; OpenAI-compatible servers count as it)
GEN_AI_PROVIDER_NAME: Final = "gen_ai.provider.name"
# string, "autoglm-phone-9b"
GEN_AI_REQUEST_MODEL: Final = "gen_ai.request.model"
# string, "Tap"
GEN_AI_TOOL_NAME: Final = "gen_ai.tool.name"
# string, "extension"
GEN_AI_TOOL_TYPE: Final = "gen_ai.tool.type"
# JSON string, content: only where content capture is on
GEN_AI_TOOL_CALL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
# JSON string, content: only where content capture is on
GEN_AI_TOOL_CALL_RESULT: Final = "gen_ai.tool.call.result"
# int, tokens, 1312
GEN_AI_USAGE_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
# int, tokens, 74
GEN_AI_USAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
# string, qualified exception name or a word, "openai.AuthenticationError"
ERROR_TYPE: Final = "error.type"

# --- device and os ------------------------------------------------------------------------------
# string, "emulator-5554"
DEVICE_ID: Final = "device.id"
# string, "SM-G920F"
DEVICE_MODEL: Final = "device.model.identifier"
# string, "Android"
OS_NAME: Final = "os.name"

# --- task ---------------------------------------------------------------------------------------
# string, "5f2c6a0e-..."; on the task span and on each of its steps
TASK_ID: Final = "otel_steps.task.id"
# string, content, "打开相机，拍一张照片"
TASK_DESCRIPTION: Final = "otel_steps.task.description"
# string, one of TaskStatus
TASK_STATUS: Final = "otel_steps.task.status"
# string, content, the agent's final message
TASK_RESULT: Final = "otel_steps.task.result"
# string, why the task failed
TASK_ERROR_MESSAGE: Final = "otel_steps.task.error_message"
# JSON string, '{"max_steps": 100, "lang": "cn"}'; never holds a secret
TASK_CONFIG: Final = "otel_steps.task.config"

# --- step ---------------------------------------------------------------------------------------
# int, from 1
STEP_NUMBER: Final = "otel_steps.step.number"
# string, one of StepType
STEP_TYPE: Final = "otel_steps.step.type"
# JSON string, whatever the author of the step wants to keep
STEP_DATA: Final = "otel_steps.step.data"
# JSON string, content, what `StepTracker`'s `metadata` held
STEP_METADATA: Final = "otel_steps.step.metadata"
# string, content, the model's reasoning in full
STEP_THINKING: Final = "otel_steps.step.thinking"
# JSON string, content, '{"_metadata": "do", "action": "Tap", "element": [500, 82]}'
STEP_ACTION: Final = "otel_steps.step.action"
# string, "Tap"
STEP_ACTION_NAME: Final = "otel_steps.step.action.name"
# JSON string, content, '{"success": true, "should_finish": false, "message": null}'
STEP_ACTION_RESULT: Final = "otel_steps.step.action_result"
# boolean, what really happened, not what the agent believes
STEP_SUCCESS: Final = "otel_steps.step.success"
# string, "App not found: X"
STEP_ERROR_MESSAGE: Final = "otel_steps.step.error_message"
# string, one of ErrorKind
STEP_ERROR_KIND: Final = "otel_steps.step.error_kind"
# string, "Settings", the app in front when the step began
STEP_APP: Final = "otel_steps.step.app"
# boolean, true on the step that ended its task
STEP_FINISHED: Final = "otel_steps.step.finished"
# boolean, something in the step could not be stored as it was (sanitize.py says what becomes of it)
STEP_CLEANED: Final = "otel_steps.step.cleaned"
# string, why the redact callable failed; the content of such a step is not written
STEP_REDACTION_ERROR: Final = "otel_steps.step.redaction_error"

# All timings: double, milliseconds.
TIMING_PREFIX: Final = "otel_steps.step.timing."
TIMING_TTFT_MS: Final = TIMING_PREFIX + "ttft_ms"  # request sent to first token
TIMING_THINKING_MS: Final = TIMING_PREFIX + "thinking_ms"  # request sent to end of thinking
TIMING_MODEL_MS: Final = TIMING_PREFIX + "model_ms"  # the whole model call
TIMING_SCREENSHOT_MS: Final = TIMING_PREFIX + "screenshot_ms"
TIMING_ACTION_MS: Final = TIMING_PREFIX + "action_ms"

# --- screenshot ---------------------------------------------------------------------------------
SCREENSHOT_PREFIX: Final = "otel_steps.screenshot."
# string, 64 lower-case hex digits: sha256 of the picture as it was captured. The picture's name
# everywhere (journal, screenshots folder, bucket, viewer); a picture is never inside an attribute.
SCREENSHOT_SHA256: Final = SCREENSHOT_PREFIX + "sha256"
# string, where the author of the step keeps a file of his own
SCREENSHOT_PATH: Final = SCREENSHOT_PREFIX + "path"
# int, pixels
SCREENSHOT_WIDTH: Final = SCREENSHOT_PREFIX + "width"
# int, pixels
SCREENSHOT_HEIGHT: Final = SCREENSHOT_PREFIX + "height"
# int, bytes, of the picture as it was captured
SCREENSHOT_SIZE: Final = SCREENSHOT_PREFIX + "size"
# string, "image/png", from the magic bytes
SCREENSHOT_MIME_TYPE: Final = SCREENSHOT_PREFIX + "mime_type"
# boolean, the device refused the picture (secure screen) and the agent went on with a black one
SCREENSHOT_SENSITIVE: Final = SCREENSHOT_PREFIX + "sensitive"
# string, why there is no picture
SCREENSHOT_ERROR: Final = SCREENSHOT_PREFIX + "error"

# --- what a row of a step or task has no column for ----------------------------------------------
# array of maps {name, time_unix_nano, attributes}: the events of the span
SPAN_EVENTS: Final = "otel_steps.span.events"
# string, the span's status message where it says something else than the error message
SPAN_STATUS_MESSAGE: Final = "otel_steps.span.status_message"

# --- values -------------------------------------------------------------------------------------
TaskStatus = Literal["running", "completed", "failed", "cancelled", "interrupted", "max_steps"]
StepStatus = Literal["running", "completed", "failed", "interrupted"]
StepTypeName = Literal["thinking", "action", "screenshot", "error", "validation", "completion"]
ErrorKind = Literal[
    "model_error", "parse_error", "action_error", "device_error", "refused", "interrupted"
]

TASK_STATUSES: Final = get_args(TaskStatus)
STEP_STATUSES: Final = get_args(StepStatus)
STEP_TYPES: Final = get_args(StepTypeName)
ERROR_KINDS: Final = get_args(ErrorKind)

# Attributes that hold content: what the person, the model or the screen said.
CONTENT_ATTRIBUTES: Final = frozenset(
    {
        TASK_DESCRIPTION,
        TASK_RESULT,
        STEP_DATA,
        STEP_METADATA,
        STEP_THINKING,
        STEP_ACTION,
        STEP_ACTION_RESULT,
        GEN_AI_TOOL_CALL_ARGUMENTS,
        GEN_AI_TOOL_CALL_RESULT,
    }
)
