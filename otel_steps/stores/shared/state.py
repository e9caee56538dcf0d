"""
What a store needs of the shared database, compared with what `otel_steps_state` says is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from otel_steps.rows.tables import TABLES
from otel_steps.stores.json_object import Json
from otel_steps.stores.shared.ingest import MIGRATE

# Each with its arguments, as PostgreSQL tells them.
FUNCTIONS: Final = (
    "otel_steps_acted(wanted text[])",
    "otel_steps_action_figures(query jsonb, most integer)",
    "otel_steps_annotate(task text, step uuid, said jsonb, seen jsonb)",
    "otel_steps_archived_tasks(after text, most integer)",
    "otel_steps_attach(batch jsonb)",
    "otel_steps_claim(chore text, seconds double precision)",
    "otel_steps_chosen(query jsonb)",
    "otel_steps_conditions()",
    "otel_steps_close_stale(before timestamp with time zone, most integer, reason text)",
    "otel_steps_columns(batch jsonb, owner text)",
    "otel_steps_count(touched text[])",
    "otel_steps_count_steps(task text)",
    "otel_steps_digests(wanted text[], current integer)",
    "otel_steps_disown(paths text[], owners text[])",
    "otel_steps_extend_search()",
    "otel_steps_extend_sums()",
    "otel_steps_facets(most integer)",
    "otel_steps_find_by()",
    "otel_steps_find_steps(task text, pattern text, json_pattern text)",
    "otel_steps_find_tasks(query jsonb)",
    "otel_steps_flaws(kind text, after text, most integer)",
    "otel_steps_forget_pictures(names text[])",
    "otel_steps_grams(texts text[])",
    "otel_steps_grouping(by text, apps text)",
    "otel_steps_holdings(after text, most integer, wanted text[])",
    "otel_steps_indexes(wanted text[], of_step text[], of_picture text[])",
    "otel_steps_ingest(batch jsonb)",
    "otel_steps_is_no_word(tags jsonb, scores jsonb)",
    "otel_steps_keep(task text)",
    "otel_steps_keep_digests(batch jsonb)",
    "otel_steps_let_go(task text, place text, before timestamp with time zone, seen text, "
    "steps uuid[], shots uuid[], traces text[], spans text[])",
    "otel_steps_lose_pictures(keys text[], reason text)",
    "otel_steps_mend(kind text, keys text[], reason text)",
    "otel_steps_is_by_month()",
    "otel_steps_missing_indexes()",
    "otel_steps_moves_forward(known text, arriving text)",
    "otel_steps_named_pictures(attributes jsonb)",
    "otel_steps_needed(names text[])",
    "otel_steps_note_pictures()",
    "otel_steps_picture_rows(after text, most integer)",
    "otel_steps_places(wanted text[])",
    "otel_steps_put_back(task text, place text, batch jsonb)",
    "otel_steps_recount(after text, most integer, mends boolean)",
    "otel_steps_remove(wanted text[], before timestamp with time zone, reason text, "
    "spare_only boolean)",
    "otel_steps_remove_months(wanted text[], before timestamp with time zone)",
    "otel_steps_remove_pictures(task text, reason text, spare_only boolean)",
    "otel_steps_remove_rows(task text)",
    "otel_steps_remove_trace(task text, trace text)",
    "otel_steps_report(task text, most bigint)",
    "otel_steps_schema_version()",
    "otel_steps_screenshots(task text, most bigint, skipped bigint)",
    "otel_steps_similar(wanted bigint, task text, within text, most_bits integer, "
    "hashes integer, of_hash integer, most integer)",
    "otel_steps_spans_below(task text, step uuid)",
    "otel_steps_spans_near(task text, most bigint, skipped bigint)",
    "otel_steps_state()",
    "otel_steps_statistics()",
    "otel_steps_step(task text, step uuid)",
    "otel_steps_step_places(task text)",
    "otel_steps_steps(task text, most bigint, skipped bigint)",
    "otel_steps_tag(wanted text[], added text[], removed text[])",
    "otel_steps_task(task text)",
    "otel_steps_task_figures(query jsonb, by text, most integer)",
    "otel_steps_tasks(wanted text, most bigint, skipped bigint)",
    "otel_steps_tasks_with_text(wanted text[], pattern text, json_pattern text)",
    "otel_steps_undigested(current integer, within text, is_at_rest boolean, most integer)",
    "otel_steps_unneeded_pictures(most integer)",
    "otel_steps_usage(wanted text[])",
    "otel_steps_usage_by_day()",
    "otel_steps_usage_figures(query jsonb, by text, most integer)",
    "otel_steps_used(wanted text[])",
    "otel_steps_used_of(wanted text[])",
    "otel_steps_used_by_archived(wanted text[])",
    "otel_steps_version(task text)",
    "otel_steps_wake(task text, place text, steps bigint)",
    "otel_steps_with_text(wanted text[], pattern text, json_pattern text)",
)

# As good as the type that we make.
_AS_GOOD: Final = {"text": "character varying", "integer": "bigint"}

_KEPT: Final = (*("task_id", "apps", "step_tags", "error_kinds", "is_judged", "pictures", "days"),)
# What every row of ours has.
_ALWAYS_FILLED: Final = frozenset(
    {
        *(f"{name}.{column}" for name, table in TABLES.items() for column in table.required),
        *("otel_steps_search.task_id", "otel_steps_search.part", "otel_steps_search.grams"),
        *("otel_steps_search.first_step", "otel_steps_search.last_step"),
        *("otel_steps_sums.task_id", "otel_steps_sums.action", "otel_steps_found_by.task_id"),
        *(f"otel_steps_kept.{name}" for name in _KEPT),
        *("otel_steps_span_pictures.owner", "otel_steps_span_pictures.name"),
        *("otel_steps_unneeded.name", "otel_steps_chores.name", "otel_steps_chores.due_at"),
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
    for name, table in TABLES.items():
        found = state["columns"].get(name)
        if found is None:
            yield Fault(f"the table {schema}.{name} is missing", MIGRATE)
            continue
        for column, what in table.columns.items():
            yield from _column(f"{schema}.{name}.{column}", what.kind.postgres, found.get(column))
    for column in sorted(set(state["required"]) - _ALWAYS_FILLED):
        yield Fault(
            f"{schema}.{column} is NOT NULL: rows that leave it empty are refused",
            f"run `{_alter(f'{schema}.{column}')} DROP NOT NULL`",
        )


def _column(place: str, wanted: str, found: str | None) -> Iterator[Fault]:
    if found is None:
        yield Fault(f"the column {place} is missing", MIGRATE)
    elif found not in (wanted, _AS_GOOD.get(wanted)):
        yield Fault(
            f"{place} is of type {found}, not {wanted}: rows may be refused",
            f"run `{_alter(place)} TYPE {wanted}`",
        )


def _alter(place: str) -> str:
    schema, table, column = place.split(".")
    return f'ALTER TABLE "{schema}".{table} ALTER COLUMN {column}'


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
            f"the bucket otel-steps does not accept {', '.join(refused)}",
            "allow these types in the dashboard of Supabase (Storage, otel-steps, Edit bucket)",
        )
    limit = bucket.get("file_size_limit")
    if limit is not None and limit < _PICTURE_BYTES:
        yield Fault(
            f"the bucket otel-steps takes files up to {limit} bytes; pictures may be larger",
            "raise the limit in the dashboard of Supabase (Storage, otel-steps, Edit bucket)",
            is_fatal=False,
        )
