"""
The trace viewer: a REST API over a store, and the pages that show it. `server.serve` runs both.

Needs the extra `viewer`; whoever imports a module of this package must have FastAPI and uvicorn.
"""
