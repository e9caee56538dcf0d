"""What people say of tasks and steps goes out with them, and comes back."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from otel_steps import open_store
from otel_steps.stores import Store
from otel_steps.stores.annotation import Annotation
from tests.commands import command, store_tasks

TASK = "aaaaaaaa-1"
SCORE = {"name": "rating", "value": -1, "label": "bad", "explanation": "旁边"}
WORDS = ("tags", "notes", "scores")


def words_of(store: Store) -> list[list[object]]:
    """Return what is said of the only task, and of its steps."""
    (task,) = store.tasks()
    rows = [task, *store.steps(task["task_id"])]
    return [[row[name] for name in WORDS] for row in rows]


@pytest.mark.parametrize("form", ["otlp", "atif"])
def test_what_people_say_is_exported_and_imported(form: str, tmp_path: Path) -> None:
    """Of a task and of a step, once each; what is said there already stays."""
    store_tasks(TASK)
    with closing(open_store()) as store:
        step = store.steps(TASK)[0]["id"]
        store.annotate(TASK, Annotation(tags=["红"], scores=[{"name": "tone", "label": "odd"}]))
        store.annotate(TASK, Annotation(notes="why?", tags=["x"], scores=[SCORE]), step_id=step)
        said = words_of(store)
    path, folder = tmp_path / "run.json", tmp_path / "there"
    assert command("export", TASK, "--format", form, "-o", path).status == 0

    assert command("import", path, "--dir", folder).status == 0

    with closing(open_store(f"sqlite:///{folder}/steps.db")) as store:
        assert words_of(store) == said
        (task,) = store.tasks()
        assert all(
            "otel_steps.tags" not in row["attributes"] for row in store.steps(task["task_id"])
        )
        assert store.spans(task["task_id"]) == []  # no verdict of somebody else
        store.annotate(task["task_id"], Annotation(notes="mine"))
    assert command("import", path, "--dir", folder).status == 0
    with closing(open_store(f"sqlite:///{folder}/steps.db")) as store:
        assert words_of(store) == [[said[0][0], "mine", said[0][2]], *said[1:]]


def test_scores_are_the_events_that_opentelemetry_has(tmp_path: Path) -> None:
    """Any backend reads them on the span that they are about."""
    store_tasks(TASK)
    with closing(open_store()) as store:
        store.annotate(TASK, Annotation(scores=[SCORE]), step_id=store.steps(TASK)[0]["id"])
    command("export", TASK, "--format", "otlp", "-o", tmp_path / "run.json")

    message = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    spans = [
        span
        for resource in message["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    (event,) = (event for span in spans for event in span.get("events", ()))
    values = {each["key"]: next(iter(each["value"].values())) for each in event["attributes"]}
    assert event["name"] == "gen_ai.evaluation.result"
    assert values == {
        "gen_ai.evaluation.name": "rating",
        "gen_ai.evaluation.score.value": "-1",
        "gen_ai.evaluation.score.label": "bad",
        "gen_ai.evaluation.explanation": "旁边",
        "otel_steps.evaluation.source": "person",
    }
