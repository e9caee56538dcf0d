"""
What a store needs of the shared database, compared with what `otel_steps_state` says is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_steps.stores.columns import BOOLEAN_COLUMNS, COLUMNS, JSON_COLUMNS, TIME_COLUMNS
from otel_steps.stores.contract import Json
from otel_steps.stores.shared.ingest import MIGRATE

# Each with its arguments, as PostgreSQL tells them.
FUNCTIONS: Final = (
    "otel_steps_annotate(task text, tags text[], notes text)",
    "otel_steps_attach(batch jsonb)",
    "otel_steps_count(touched text[])",
    "otel_steps_count_steps(task text)",
    "otel_steps_facets(most integer)",
    "otel_steps_find_steps(task text, pattern text, json_pattern text)",
    "otel_steps_find_tasks(query jsonb)",
    "otel_steps_indexes(wanted text[])",
    "otel_steps_ingest(batch jsonb)",
    "otel_steps_missing_indexes()",
    "otel_steps_moves_forward(known text, arriving text)",
    "otel_steps_report(task text, most bigint)",
    "otel_steps_schema_version()",
    "otel_steps_screenshots(task text, most bigint, skipped bigint)",
    "otel_steps_spans_below(task text, step uuid)",
    "otel_steps_spans_near(task text, most bigint, skipped bigint)",
    "otel_steps_state()",
    "otel_steps_statistics()",
    "otel_steps_step(task text, step uuid)",
    "otel_steps_step_places(task text)",
    "otel_steps_steps(task text, most bigint, skipped bigint)",
    "otel_steps_task(task text)",
    "otel_steps_tasks(wanted text, most bigint, skipped bigint)",
    "otel_steps_version(task text)",
    "otel_steps_with_text(wanted text[], pattern text, json_pattern text)",
)

# Column -> type; those that are neither here nor of a kind that `columns` names are text.
_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(JSON_COLUMNS, "jsonb"),
    **dict.fromkeys(BOOLEAN_COLUMNS, "boolean"),
    **dict.fromkeys(TIME_COLUMNS, "timestamp with time zone"),
    **dict.fromkeys(("id", "step_id"), "uuid"),
    **dict.fromkeys(("step_number", "duration_ms", "file_size", "width", "height"), "integer"),
    **dict.fromkeys(("total_steps", "successful_steps", "failed_steps"), "integer"),
    **dict.fromkeys(("total_duration_ms", "kind", "status_code"), "integer"),
    "phash": "bigint",
    "task_spans.duration_ms": "double precision",
}
# As good as the type that we make.
_AS_GOOD: Final = {"text": "character varying", "integer": "bigint"}

# What every row has; a row of ours may leave any other column empty.
_ALWAYS_FILLED: Final = frozenset(
    {
        *("tasks.task_id", "task_steps.id", "task_steps.task_id", "task_steps.step_number"),
        *("task_steps.step_type", "task_steps.step_data", "step_screenshots.id"),
        *("step_screenshots.task_id", "step_screenshots.step_id"),
        *("step_screenshots.screenshot_path", "task_spans.trace_id", "task_spans.span_id"),
        *("task_spans.name", "task_spans.kind", "task_spans.started_at"),
        "task_spans.status_code",
    }
)

_SERVICE: Final = "service_role"
_OBJECT_TYPES: Final = frozenset({"image/webp", "image/jpeg", "image/png", "application/json"})
# A picture of a large screen, as captured.
_PICTURE_BYTES: Final = 5 * 2**20


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Something that the database lacks.

    Attributes:
        message: What it is.
        remedy: What a person can do.
        is_fatal: False where the store works, but slowly, or is open to more than it should be.
    """

    message: str
    remedy: str
    is_fatal: bool = True

    @property
    def is_mended_by_migrate(self) -> bool:
        """Whether to run the migrations again helps."""
        return self.remedy == MIGRATE


def faults_of(state: Json, schema: str) -> list[Fault]:
    """
    Return what a database lacks.

    Args:
        state: What `otel_steps_state` answers there.
        schema: The schema that was asked about.
    """
    return [
        *_columns(state, schema),
        *_functions(state),
        *_rights(state, schema),
        *_bucket(state["bucket"]),
        *(
            Fault(f"the index {name} is missing: reading is slow", MIGRATE, is_fatal=False)
            for name in sorted(state["indexes"])
        ),
    ]


def _columns(state: Json, schema: str) -> Iterator[Fault]:
    for table, names in COLUMNS.items():
        found = state["columns"].get(table)
        if found is None:
            yield Fault(f"the table {schema}.{table} is missing", MIGRATE)
            continue
        for name in names:
            yield from _column(schema, table, name, found.get(name))
    for column in sorted(set(state["required"]) - _ALWAYS_FILLED):
        table, _, name = column.partition(".")
        yield Fault(
            f"{schema}.{column} is NOT NULL: rows that leave it empty are refused",
            f'run `ALTER TABLE "{schema}".{table} ALTER COLUMN {name} DROP NOT NULL`',
        )


def _column(schema: str, table: str, name: str, found: str | None) -> Iterator[Fault]:
    wanted = _TYPES.get(f"{table}.{name}") or _TYPES.get(name, "text")
    if found is None:
        yield Fault(f"the column {schema}.{table}.{name} is missing", MIGRATE)
    elif found not in (wanted, _AS_GOOD.get(wanted)):
        yield Fault(
            f"{schema}.{table}.{name} is of type {found}, not {wanted}: rows may be refused",
            f'run `ALTER TABLE "{schema}".{table} ALTER COLUMN {name} TYPE {wanted}`',
        )


def _functions(state: Json) -> Iterator[Fault]:
    for function in sorted(set(FUNCTIONS) - set(state["functions"])):
        yield Fault(f"the function {function} is missing", MIGRATE)


def _rights(state: Json, schema: str) -> Iterator[Fault]:
    for role, right, thing in ((x["role"], x["right"], x["thing"]) for x in state["lacking"]):
        # Migrations give the service its rights; those of other roles are their owner's to give.
        grant = f"run `GRANT {right} ON {thing} TO {role}` as the owner of the tables"
        yield Fault(
            f"the role {role} lacks {right} on {thing}", MIGRATE if role == _SERVICE else grant
        )
    for table in state["hidden"]:
        yield Fault(
            f"row level security hides the rows of {schema}.{table} from this role",
            "connect as the role that ran `otel-steps migrate`, or as one with BYPASSRLS",
        )
    for role, table in ((x["role"], x["thing"]) for x in state["open"]):
        yield Fault(
            f"{role} may read all rows of {table}: what was on somebody's screen",
            f"if nobody else needs it, run `REVOKE ALL ON {table} FROM {role}`",
            is_fatal=False,
        )


def _bucket(bucket: Any) -> Iterator[Fault]:
    if bucket is None:
        return
    if not bucket or bucket["public"]:
        yield Fault(f"the bucket otel-steps is {'public' if bucket else 'missing'}", MIGRATE)
        return
    allowed = bucket.get("allowed_mime_types")
    if refused := sorted(_OBJECT_TYPES - set(allowed or _OBJECT_TYPES)):
        yield Fault(
            f"the bucket otel-steps takes no {', '.join(refused)}",
            "allow these types in the dashboard of Supabase (Storage, otel-steps, Edit bucket)",
        )
    limit = bucket.get("file_size_limit")
    if limit is not None and limit < _PICTURE_BYTES:
        yield Fault(
            f"the bucket otel-steps takes files up to {limit} bytes; pictures may be larger",
            "raise the limit in the dashboard of Supabase (Storage, otel-steps, Edit bucket)",
            is_fatal=False,
        )
