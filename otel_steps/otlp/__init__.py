"""
Spans in and out: from the SDK, from OTLP's JSON and protobuf, and as lines of the journal.

| module | knows |
|---|---|
| `span` | a span as everything behind has it |
| `raw` | how a span that anybody has made becomes a clean one: the only way in |
| `sdk` | spans of OpenTelemetry's SDK |
| `message`, `fields` | OTLP/JSON |
| `log_events` | the events among log records, in OTLP/JSON |
| `protobuf` | OTLP in protobuf; for the collector alone, since it loads protobuf's runtime |
| `lines`, `own_lines` | one OTLP/JSON message a line, as the file-exporter specification has it |

Nothing here knows a file. Whatever comes out is clean (see `sanitize`), from wherever it came.
"""

from otel_steps.otlp.lines import from_line, to_line
from otel_steps.otlp.message import from_message
from otel_steps.otlp.sdk import from_sdk

__all__ = ["from_line", "from_message", "from_sdk", "to_line"]
