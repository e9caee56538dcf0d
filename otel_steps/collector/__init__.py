"""
OTLP over HTTP: spans and pictures of other processes and languages, into the journal.

`app` is the ASGI application and `body`, `guard` and `answers` what it asks of a request and says
to it; `receiver` turns a message into journal lines. What is acknowledged is on disk.

It needs Starlette, which comes with the extra `viewer`.
"""
