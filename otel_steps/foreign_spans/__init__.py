"""
Spans of other instrumentations, told as tasks and steps of ours. Pure, but for what `traces` keeps.

Each vocabulary (`genai`, `openinference`, `traceloop`, `laminar`, `vercel_ai`, `google_adk`) says
what a span is, and puts what it says into the words of OpenTelemetry's GenAI conventions;
`operation` asks them.
From those words alone `told` makes tasks and steps. `traces` knows what belongs together: who is
the root of a trace, and the how manieth step a span is. Recorder, receiver and importer call
`Traces.told`, each once for every span that enters.
"""
