"""The spans of tasks and steps, as they are written through the OpenTelemetry API."""
