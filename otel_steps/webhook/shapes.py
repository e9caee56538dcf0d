"""
A message as its receiver wants it, and signed so that the receiver knows who has sent it. Pure.

JSON goes by the rules of Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` and
`webhook-signature`, an HMAC-SHA256 over `id.timestamp.body`. Feishu has a scheme of its own, in the
body: the HMAC of nothing, with the time and the secret as its key. Slack signs nothing.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from otel_steps.config import Secret
from otel_steps.webhook.hook import Hook
from otel_steps.webhook.message import Event

# Of a secret that is in Base64, as Standard Webhooks has them.
_ENCODED: Final = "whsec_"

# Status -> what a chat calls it, in English and in Chinese.
_STATUSES: Final[Mapping[str, tuple[str, str]]] = {
    "completed": ("Completed", "已完成"),
    "failed": ("Failed", "失败"),
    "cancelled": ("Stopped", "已停止"),
    "interrupted": ("Interrupted", "已中断"),
    "max_steps": ("Out of steps", "达到步数上限"),
    "running": ("Running", "运行中"),
}


class Request(NamedTuple):
    """What is posted."""

    body: bytes
    headers: Mapping[str, str]


def request_of(event: Event, hook: Hook, at: int) -> Request:
    """
    Return what to post.

    Args:
        at: Unix time in seconds, which the signature holds.
    """
    match hook.form:
        case "slack":
            return _request({"text": _for_slack(event.data)})
        case "feishu":
            return _request({**_feishu_sign(hook.secret, at), **_for_feishu(event.data)})
        case _:
            return _standard(event, hook.secret, at)


def signature(secret: Secret, message_id: str, at: int, body: bytes) -> str:
    """Return the header `webhook-signature` of a message, as Standard Webhooks has it."""
    text = secret.reveal()
    is_encoded = text.startswith(_ENCODED)
    key = base64.b64decode(text.removeprefix(_ENCODED)) if is_encoded else text.encode()
    return f"v1,{_hmac(key, f'{message_id}.{at}.'.encode() + body)}"


def _request(value: Any, headers: Mapping[str, str] | None = None) -> Request:
    body = json.dumps(value, ensure_ascii=False).encode(errors="replace")
    return Request(body, {"content-type": "application/json; charset=utf-8", **(headers or {})})


def _standard(event: Event, secret: Secret | None, at: int) -> Request:
    told = {
        "type": f"task.{event.data['status']}",
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
        "data": event.data,
    }
    headers = {"webhook-id": event.id, "webhook-timestamp": str(at)}
    plain = _request(told, headers)
    if secret is None:
        return plain
    signed = signature(secret, event.id, at, plain.body)
    return Request(plain.body, {**plain.headers, "webhook-signature": signed})


def _feishu_sign(secret: Secret | None, at: int) -> dict[str, str]:
    if secret is None:
        return {}
    key = f"{at}\n{secret.reveal()}".encode()
    return {"timestamp": str(at), "sign": _hmac(key, b"")}


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def _for_slack(data: Mapping[str, Any]) -> str:
    status, _ = _STATUSES.get(data["status"], (data["status"],) * 2)
    lines = [f"*{status}:* {_escaped(data['description'] or data['task_id'])}"]
    if data["why"]:
        lines.append(_escaped(data["why"]["sentence"]["en"]))
    lines.append(_escaped(" · ".join(_facts(data, "step", "steps"))))
    if data["url"]:
        lines.append(f"<{data['url']}|Open the recording>")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Return *text* so that nothing in it calls a channel or is a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _for_feishu(data: Mapping[str, Any]) -> dict[str, Any]:
    _, status = _STATUSES.get(data["status"], (data["status"],) * 2)
    lines: list[list[dict[str, str]]] = []
    if data["why"]:
        lines.append([{"tag": "text", "text": data["why"]["sentence"]["zh"]}])
    lines.append([{"tag": "text", "text": " · ".join(_facts(data, "步", "步"))}])
    if data["url"]:
        lines.append([{"tag": "a", "text": "打开记录", "href": data["url"]}])
    title = f"{status}：{data['description'] or data['task_id']}"
    # A text could call everybody by a tag in it; in a post a text is nothing else.
    return {
        "msg_type": "post",
        "content": {"post": {"zh_cn": {"title": title, "content": lines}}},
    }


def _facts(data: Mapping[str, Any], one: str, many: str) -> Sequence[str]:
    steps = data["steps"] or 0
    cost = (data["usage"] or {}).get("cost") or ()
    return [
        f"{steps} {one if steps == 1 else many}",
        _duration(data["duration_ms"] or 0),
        *(f"{each['currency']} {each['amount']:.4g}" for each in cost),
        *filter(None, (data["model"], data["device_id"])),
    ]


def _duration(milliseconds: float) -> str:
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
