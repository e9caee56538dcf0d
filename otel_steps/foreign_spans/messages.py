"""
Messages to and from a model, of whatever shape, in that of GenAI's conventions. Pure.

A message is `{"role", "parts"}`, and a part of it `{"type": "text", "content"}`, `{"type":
"reasoning", "content"}` or `{"type": "tool_call", "name", "arguments"}`; any other stays as it is.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Message = Mapping[str, Any]

_TEXTS: Final = frozenset({"text", "input_text", "output_text"})
_REASONINGS: Final = frozenset({"reasoning", "thinking"})
_REASONINGS_BESIDE: Final = ("reasoning_content", "reasoning")
_CALLS: Final = frozenset(
    {"tool_call", "tool_use", "tool-call", "function", "function_call", "computer_call"}
)
# A call one level deeper, under the name that each library has for it.
_CALL_KEYS: Final = ("toolUse", "tool_call", "functionCall", "function_call")
# Where messages stand in what a model or a graph was given, and gave back.
_LISTS: Final = ("messages", "contents", "choices")
_WRAPPERS: Final = frozenset({"input", "inputs", "output", "outputs", "kwargs"})
_ROLES: Final = {"human": "user", "ai": "assistant", "model": "assistant"}
_QUESTIONS: Final = ("task", "input", "query", "question", "prompt", "goal")
# Under which name each library has what a part is.
_CONTENT: Final = ("content", "text", "thinking", "reasoning")
_ARGUMENTS: Final = ("arguments", "input", "args")
# Of the web or of a store of files; never a data URL.
_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)
# OpenInference's `image.image.url` is the deepest.
_PART_DEPTH: Final = 4


def parsed(value: Any) -> Any:
    """Return what the JSON text *value* says; anything else as it is."""
    if not isinstance(value, str) or value[:1] not in '[{"-0123456789tfn':
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def messages(value: Any) -> list[Message]:
    """Return the messages that *value*, or the JSON text in it, holds, oldest first."""
    value = parsed(value)
    if isinstance(value, Mapping):
        value = next((value[key] for key in _LISTS if key in value), [value])
    found = value if isinstance(value, list) else []
    if found and isinstance(found[0], list):  # one list for each of several prompts
        found = found[0]
    return _joined([each for each in found if isinstance(each, Mapping)])


def talk(role: str, value: Any) -> list[Message]:
    """Return the messages in what was given to, or came of, something; else *role* has said it."""
    inner = parsed(value)
    while isinstance(inner, Mapping) and len(inner) == 1 and not _WRAPPERS.isdisjoint(inner):
        (inner,) = inner.values()
    if isinstance(inner, Mapping) and isinstance(inner.get("messages"), list):
        return messages(inner)
    return said_by(role, plain(value))


def _joined(found: list[Message]) -> list[Message]:
    """
    Return each as a message; items of one answer, which stand beside each other, as one.

    OpenAI's Responses API has what was thought, said and asked for as an item each.
    """
    result: list[Message] = []
    was_item = False
    for each in found:
        message, is_item = _message(each), _is_item(each)
        before = result[-1] if result else {}
        is_same = message["role"] == before.get("role") == "assistant"
        if is_same and (is_item or was_item):
            result[-1] = {**before, "parts": [*before["parts"], *message["parts"]]}
        else:
            result.append(message)
        was_item = is_item
    return result


def _is_item(message: Message) -> bool:
    return not isinstance(message.get("role"), str) and isinstance(message.get("type"), str)


def said_by(role: str, content: Any) -> list[Message]:
    """Return a message of *content*, in whatever shape that is; none where it is None."""
    return [] if content is None else [{"role": role, "parts": list(_parts(parsed(content)))}]


def texts(message: Message, *kinds: str) -> str | None:
    """Return what the parts of *kinds*, by default texts, say, one after the other."""
    wanted = kinds or ("text",)
    found = (each.get("content") for each in parts(message) if each.get("type") in wanted)
    return "\n".join(text for text in found if isinstance(text, str)) or None


def parts(message: Message) -> Iterator[Message]:
    """Yield the parts of *message*."""
    found = message.get("parts")
    yield from (
        (each for each in found if isinstance(each, Mapping)) if isinstance(found, list) else ()
    )


def calls(message: Message) -> Iterator[Message]:
    """Yield the calls of tools that a model asks for in *message*."""
    return (each for each in parts(message) if each.get("type") == "tool_call")


def pictures_elsewhere(message: Message) -> Iterator[str]:
    """Yield the addresses of pictures that *message* has by their address alone."""
    for part in parts(message):
        if part.get("modality") == "image" or "image" in str(part.get("type")):
            yield from _addresses(part, 0)


def plain(value: Any) -> str | None:
    """
    Return the text that *value*, or the JSON text in it, comes down to; else its JSON.

    That is the only one in it, or what is named as what was asked for.
    """
    inner = value = parsed(value)
    if isinstance(inner, Mapping):
        inner = next((inner[key] for key in _QUESTIONS if inner.get(key)), inner)
    while isinstance(inner, Mapping | list) and len(inner) == 1:
        (inner,) = inner.values() if isinstance(inner, Mapping) else inner
    if isinstance(inner, str):
        return inner or None
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _addresses(value: Any, depth: int) -> Iterator[str]:
    """Yield what is an address, wherever each library puts it in the part of a picture."""
    if isinstance(value, str) and _REMOTE.match(value):
        yield value
    elif isinstance(value, Mapping) and depth < _PART_DEPTH:
        for each in value.values():
            yield from _addresses(each, depth + 1)


def _message(message: Message) -> Message:
    if isinstance(message.get("message"), Mapping):
        message = message["message"]  # as a choice of OpenAI has it, and OpenInference
    if isinstance(message.get("kwargs"), Mapping):
        message = message["kwargs"]  # as LangChain writes its objects down
    content = message.get("content")
    if isinstance(content, Mapping) and isinstance(content.get("parts"), list):
        message = content  # of a candidate of Gemini's
    kind = message.get("type")
    if _is_item(message) and kind not in _ROLES:
        return {"role": _role_of_item(str(kind)), "parts": [_part(message)]}
    if isinstance(message.get("parts"), list):
        found = [_part(each) for each in message["parts"]]
    else:
        found = list(_parts(parsed(message.get("content"))))
    thought = next((message[key] for key in _REASONINGS_BESIDE if message.get(key)), None)
    if isinstance(thought, str):
        found = [{"type": "reasoning", "content": thought}, *found]
    asked = message.get("tool_calls")
    if isinstance(asked, list):
        found += [_call(each) for each in asked if isinstance(each, Mapping)]
    role = message.get("role", kind)
    return {"role": _ROLES.get(role, role) if isinstance(role, str) else role, "parts": found}


def _role_of_item(kind: str) -> str:
    if kind in _CALLS or kind in _REASONINGS:
        return "assistant"
    return "tool" if kind.endswith(("_output", "_response", "tool_result")) else "user"


def _parts(content: Any) -> Iterator[Any]:
    if isinstance(content, list):
        yield from (_part(each) for each in content)
    elif content is not None:
        yield _part(content)


def _part(part: Any) -> Any:
    if isinstance(part, str):
        return {"type": "text", "content": part}
    if not isinstance(part, Mapping):
        return {"type": "text", "content": json.dumps(part, default=str)}
    kind = part.get("type")
    if kind in _CALLS or any(isinstance(part.get(key), Mapping) for key in _CALL_KEYS):
        return _call(part)
    content = next((part[key] for key in _CONTENT if isinstance(part.get(key), str)), None)
    if kind in _REASONINGS:
        return {"type": "reasoning", "content": content or _summary(part)}
    if part.get("thought") is True and content is not None:  # of Gemini
        return {"type": "reasoning", "content": content}
    is_bare = len(part) == 1 or isinstance(part.get("text"), str)
    if kind in _TEXTS or (kind is None and content is not None and is_bare):
        return {"type": "text", "content": content}
    inner = part.get("reasoningContent")
    if isinstance(inner, Mapping):  # of Bedrock
        return {"type": "reasoning", "content": plain(inner.get("reasoningText"))}
    return part


def _summary(reasoning: Message) -> str | None:
    """Return what an item of the Responses API tells of its reasoning."""
    parts = reasoning.get("summary")
    found = (
        [each.get("text") for each in parts if isinstance(each, Mapping)]
        if isinstance(parts, list)
        else []
    )
    return "\n".join(text for text in found if isinstance(text, str)) or None


def _call(part: Message) -> Message:
    """Return a call in whatever shape; its name and arguments may stand one level deeper."""
    if part.get("type") == "computer_call":
        return {"type": "tool_call", "name": "computer_call", "arguments": _host_action(part)}
    for key in (*_CALL_KEYS, "function"):
        if isinstance(part.get(key), Mapping):
            part = part[key]
    if isinstance(part.get("function"), Mapping):
        part = part["function"]
    arguments = next((part[key] for key in _ARGUMENTS if key in part), None)
    name = part.get("name", part.get("toolName"))
    return {"type": "tool_call", "name": name, "arguments": parsed(arguments)}


def _host_action(part: Message) -> Message:
    """Return what a computer is to do; of several actions at once the first, and all of them."""
    several = part.get("actions")
    if isinstance(several, list) and several and "action" not in part:
        return {"action": several[0], **({"actions": several} if len(several) > 1 else {})}
    return {"action": part.get("action")}
