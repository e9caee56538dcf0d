"""The other ways to ask a model: Anthropic's Messages and OpenAI's Responses."""

import json
from collections.abc import Iterable
from typing import Any

Calls = Iterable[tuple[str, str]]


def messages_answer(model: str, text: str, calls: Calls) -> dict[str, Any]:
    """Return a reply of Anthropic's Messages, which used 9 tokens, 5 of them cached, and gave 4."""
    parts = [
        {"type": "tool_use", "id": f"call-{number}", "name": name, "input": json.loads(arguments)}
        for number, (name, arguments) in enumerate(calls)
    ]
    return {
        "id": "reply",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}, *parts],
        "stop_reason": "tool_use" if parts else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 4, "cache_read_input_tokens": 5, "output_tokens": 4},
    }


def responses_answer(model: str, text: str, calls: Calls) -> dict[str, Any]:
    """Return a reply of OpenAI's Responses; its text is a thought where it calls a computer."""
    items = [
        {
            "type": "computer_call",
            "id": f"item-{number}",
            "call_id": f"call-{number}",
            "action": json.loads(arguments),
            "pending_safety_checks": [],
            "status": "completed",
        }
        for number, (_, arguments) in enumerate(calls)
    ]
    thought = [{"type": "summary_text", "text": text}]
    said = [{"type": "output_text", "text": text, "annotations": []}]
    first: dict[str, Any] = (
        {"type": "reasoning", "id": "thought", "summary": thought}
        if items
        else {"type": "message", "id": "said", "role": "assistant", "content": said}
    )
    return {
        "id": "reply",
        "object": "response",
        "created_at": 0,
        "model": model,
        "status": "completed",
        "output": [first, *items],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 5},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 13,
        },
    }
