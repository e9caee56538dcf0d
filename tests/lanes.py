"""What came of scenarios that a process of its own has gone through."""

import re
from dataclasses import dataclass
from typing import Any

from otel_steps import semconv
from tests.fakes.model_server import ModelServer


@dataclass(frozen=True)
class Ending:
    """How a scenario ends: its task, its last step, and a word that the message must hold."""

    name: str
    task: str
    kind: str | None
    word: str = ""
    step_type: str = "action"
    steps: int = 2


class Lane:
    """What came of all scenarios with one version of the agent."""

    def __init__(self, version: str, found: dict[str, Any], server: ModelServer) -> None:
        self.version = version
        self.results = found["results"]
        self.spans = found["spans"]
        self.events = found["events"]
        self.base_url = server.base_url
        self._requests = server.requests

    def requests_of(self, model: str) -> list[dict[str, Any]]:
        """Return the bodies of the requests that *model* was asked with, as they came."""
        return [request for request in self._requests if request["model"] == model]

    def tasks(self, task_id: str) -> list[dict[str, Any]]:
        """Return the spans of the tasks with this id."""
        spans = [span for span in self.spans if span["name"].startswith("invoke_agent")]
        return [span for span in spans if span["attributes"][semconv.TASK_ID] == task_id]

    def task(self, task_id: str) -> dict[str, Any]:
        """Return the attributes of the only task with this id."""
        (span,) = self.tasks(task_id)
        return dict(span["attributes"])

    def step_spans(self, task_id: str) -> list[dict[str, Any]]:
        """Return the step spans of a task."""
        return [
            span
            for span in self.spans
            if span["name"] == "step" and span["attributes"][semconv.TASK_ID] == task_id
        ]

    def steps(self, task_id: str) -> list[dict[str, Any]]:
        """Return the attributes of the steps of a task."""
        return [dict(span["attributes"]) for span in self.step_spans(task_id)]

    def children(self, span: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the spans below *span*."""
        return [each for each in self.spans if each["parent"] == span["span_id"]]

    def ends_as(self, ending: Ending) -> None:
        """Assert that the scenario of this name has ended like this."""
        (task,) = self.tasks(ending.name)
        steps = self.step_spans(ending.name)
        last = steps[-1]["attributes"]
        assert len(steps) == ending.steps
        assert task["attributes"][semconv.TASK_STATUS] == ending.task
        assert last[semconv.STEP_SUCCESS] is (ending.kind is None)
        assert last.get(semconv.STEP_ERROR_KIND) == ending.kind
        assert last[semconv.STEP_TYPE] == ending.step_type
        if ending.kind is None:
            assert steps[-1]["status"] == "UNSET"
        else:
            assert re.search(ending.word, last[semconv.STEP_ERROR_MESSAGE])
            assert last[semconv.STEP_FINISHED] is True
            assert steps[-1]["status"] == task["status"] == "ERROR"
