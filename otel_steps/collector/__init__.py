"""
OTLP over HTTP and gRPC: spans and pictures of other processes and languages, into the journal.

`app` is the ASGI application for HTTP, `grpc_server` the server for gRPC, and `intake` what they
share; `answers` and `parts` know the encodings; `receiver` turns a message into journal lines. What
is acknowledged is on disk.

It needs Starlette, which comes with the extra `viewer`; `grpc_server` needs the extra `grpc`.
"""
