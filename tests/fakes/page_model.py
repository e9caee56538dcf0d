"""A model that answers agents which use a browser, and finds elements on the page by their text."""

import json
import re
from typing import Any

from tests.fakes.model_server import ModelServer, Reply

_UNKNOWN = 99_999


def reply(thinking: str, *actions: dict[str, Any]) -> str:
    """Return what browser-use's model says; `{"index": "@Buy"}` is the element with that text."""
    return json.dumps(
        {
            "thinking": thinking,
            "evaluation_previous_goal": "So far, so good.",
            "memory": "In the shop.",
            "next_goal": "Go on.",
            "action": list(actions),
        }
    )


class PageModel(ModelServer):
    """Gives its replies one a request: such agents tell of their history in their own words."""

    def take(self, request: dict[str, Any]) -> Reply:
        """Return the next reply to the request's model; the last one repeats."""
        model = request["model"]
        script = self._scripts[model]
        chosen = script[min(len(self.requests_of(model)), len(script) - 1)]
        self.requests.append(request)
        page = json.dumps(request["messages"], ensure_ascii=False)
        text = re.sub(r'"@([^"]*)"', lambda found: str(_index(found[1], page)), chosen.text)
        return Reply(text=text, status=chosen.status, ending=chosen.ending)


def _index(text: str, page: str) -> int:
    """Return the index under which the agent shows the element with *text*."""
    label = r"(?:[^\[\]]*placeholder=|[^\[\]]*?>(?:\\n|\\t|\s)*)" + re.escape(text)
    found = re.findall(rf"\[(\d+)\]<{label}", page)
    return int(found[-1]) if found else _UNKNOWN
