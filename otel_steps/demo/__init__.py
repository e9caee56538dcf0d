"""
What `otel-steps demo` records: a simulated phone, a scripted model and an agent that joins them.

Nothing here knows how a recording is made; the agent is instrumented like any other.
"""
