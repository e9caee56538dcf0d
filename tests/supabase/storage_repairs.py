"""
Makes the Storage of `@supabase/lite` answer as hosted Supabase does, where the two differ.

Paths here begin behind `/storage/v1`, except in what the server itself says.
"""

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.supabase.exchange import Call, Reply

Send = Callable[[Call], Reply]

_PREFIX = "/storage/v1"
_ALL = 1_000_000
# Letters and digits are ASCII here, as on hosted Supabase.
_KEY = re.compile(r"[\w/!.*'()&$@=;:+,? -]+", re.ASCII)
_OBJECT = re.compile(r"/storage/v1/object/(?:info/|sign/|upload/sign/)?[^/?]+/([^?]+)")
# PostgreSQL's own way to write a time; ISO 8601 has a T and a whole offset.
_TIME = re.compile(rb'"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00"')


def repaired(call: Call, send: Send) -> Reply:
    """Carry out *call* by *send* and return the reply that hosted Supabase would give."""
    path = call.path.split("?")[0].removeprefix(_PREFIX)
    key = _OBJECT.match(call.path)
    if call.method in ("POST", "PUT") and key and not _KEY.fullmatch(unquote(key[1])):
        return _error(400, "InvalidKey", f"Invalid key: {unquote(key[1])}")
    if call.method == "POST" and re.fullmatch("/object/sign/[^/]+", path):
        return _sign_each(call, send)
    if call.method == "POST" and path.startswith("/object/list/"):
        return _list(call, send)
    reply = send(call)
    if call.method == "GET" and path.startswith("/object/sign/") and reply.status == 500:
        return _error(400, "InvalidJWT", "jwt is expired or malformed")
    return _repaired(path, reply) if reply.json is not None else reply


def _repaired(path: str, reply: Reply) -> Reply:
    value = reply.json
    if isinstance(value, dict) and "signedUrl" in value:
        url = value.pop("signedUrl").removeprefix(_PREFIX)
        value["url" if path.startswith("/object/upload/") else "signedURL"] = url
        return _with_body(reply, value)
    return dataclasses.replace(reply, body=_TIME.sub(rb'"\1T\2Z"', reply.body))


def _sign_each(call: Call, send: Send) -> Reply:
    """Sign path by path: the server signs none where one of them is missing."""
    asked = json.loads(call.body)
    body = json.dumps({"expiresIn": asked["expiresIn"]}).encode()
    signed = []
    for path in asked["paths"]:
        reply = repaired(dataclasses.replace(call, path=f"{call.path}/{path}", body=body), send)
        missing = "Either the object does not exist or you do not have access to it"
        error = None if reply.status == 200 else missing
        signed.append({"error": error, "path": path, "signedURL": reply.json.get("signedURL")})
    return Reply.of_json(200, signed)


def _list(call: Call, send: Send) -> Reply:
    """List one folder: the server lists all below it, under the names of their full paths."""
    asked = json.loads(call.body)
    folder = f"{asked.get('prefix', '').rstrip('/')}/".lstrip("/")
    everything = json.dumps({**asked, "limit": _ALL, "offset": 0}).encode()
    reply = send(dataclasses.replace(call, body=everything))
    if reply.status != 200:
        return reply
    entries: dict[str, Any] = {}
    for row in reply.json:
        name, is_folder, _ = row["name"].removeprefix(folder).partition("/")
        if row["name"].startswith(folder):
            entries[name] = {"name": name, "id": None, "metadata": None} if is_folder else row
            entries[name]["name"] = name
    start = asked.get("offset") or 0
    page = list(entries.values())[start : start + (asked.get("limit") or 100)]
    return _repaired("", _with_body(reply, page))


def _with_body(reply: Reply, value: Any) -> Reply:
    return dataclasses.replace(reply, body=json.dumps(value, ensure_ascii=False).encode())


def _error(status: int, error: str, message: str) -> Reply:
    return Reply.of_json(status, {"statusCode": str(status), "error": error, "message": message})
