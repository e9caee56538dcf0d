"""Tasks that have gone to the archive, and all that a store answers about them."""

from contextlib import closing
from typing import Any

from otel_steps import archiving
from otel_steps.archiving.hot_rows import rows_of
from otel_steps.config import Settings
from otel_steps.retention.neighbours import neighbours
from otel_steps.stores import Store, open_database
from otel_steps.stores.archived import keys_of
from otel_steps.stores.cold import open_archive
from otel_steps.stores.pictures import open_screenshots

# After whatever a test writes.
LATER = "2030-01-01T00:00:00.000000+00:00"
# What each tier has of its own: a picture is where it lies, and an archived task says so.
OWN = {"screenshot_path", "archived"}


def archive(settings: Settings, *task_ids: str) -> None:
    """Archive tasks with their pictures."""
    with (
        closing(open_archive(settings)) as cold,
        closing(open_database(settings=settings)) as store,
        neighbours(settings, store) as others,
    ):
        pictures = open_screenshots(settings, store)
        *_, done = archiving.archive(store, pictures, cold, task_ids, before=LATER, others=others)
    assert sorted(done.archived) == sorted(task_ids)


def restore(settings: Settings, task_id: str) -> None:
    """Bring a task back."""
    with (
        closing(open_archive(settings)) as cold,
        closing(open_database(settings=settings)) as store,
    ):
        assert archiving.restore(store, open_screenshots(settings, store), cold, task_id)


def begin_archiving(settings: Settings, task_id: str, steps: int) -> None:
    """Leave a task as one does who is killed when so many of its steps have gone."""
    tables = ("tasks", "task_steps", "step_screenshots", "task_spans")
    with (
        closing(open_archive(settings)) as cold,
        closing(open_database(settings=settings)) as store,
    ):
        while store.extend_search() or store.extend_sums():
            pass
        seen = store.version(task_id)
        rows = {table: list(rows_of(store, table, task_id)) for table in tables}
        place = cold.write(rows["tasks"][0]["created_at"][:10], [rows])
        going = rows["task_steps"][:steps]
        ids = {step["id"] for step in going}
        keys = keys_of(
            steps=going,
            screenshots=[row for row in rows["step_screenshots"] if row["step_id"] in ids],
            spans=rows["task_spans"][:steps],
        )
        assert store.let_go(task_id, place, keys, seen=seen, before=LATER) is not None


def answers(store: Store, *task_ids: str) -> dict[str, Any]:
    """Return all that a store says of tasks, one by one."""
    said: dict[str, Any] = {
        "indexes": store.indexes([*task_ids, "nobody"]),
        "usage": store.usage([*task_ids, "nobody"]),
        "texts": store.texts({each: store.count_steps(each) for each in task_ids}),
    }
    for task_id in task_ids:
        steps = store.steps(task_id)
        said[task_id] = {
            "steps": steps,
            "page": store.steps(task_id, limit=1, offset=1),
            "count_steps": store.count_steps(task_id),
            "screenshots": store.screenshots(task_id),
            "spans": store.spans(task_id),
            "spans below": [store.spans(task_id, each["id"]) for each in steps],
            "each": [store.step(task_id, each["id"]) for each in steps],
            "report": store.report(task_id),
            "index": store.index(task_id),
            "found": [store.find_steps(task_id, text) for text in ("a", "点", "nothing has it")],
            "task": store.task(task_id),
        }
    return common(said)


def common(value: Any) -> Any:
    """Return *value* without what each tier has of its own."""
    if isinstance(value, dict):
        return {key: common(each) for key, each in value.items() if key not in OWN}
    if isinstance(value, list | tuple):
        return [common(each) for each in value]
    return value
