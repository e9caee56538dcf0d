-- Returns what is held of the tasks behind an id, of those that are wanted or of all (NULL), in the
-- order of their ids: a list of {"task_id", "status", "is_annotated", "tags", "best_score",
-- "last_activity", "steps", "pictures", "picture_bytes", "spare_pictures", "spare_bytes",
-- "row_bytes"}; which pictures are spare, `otel_steps_remove_pictures` says. A picture that a later row has as well counts there; rows count as they are stored,
-- without indexes.
CREATE OR REPLACE FUNCTION public.otel_steps_holdings(after TEXT, most INTEGER, wanted TEXT[])
RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(held) ORDER BY task_id), '[]') FROM (
        SELECT task.task_id, task.status, task.tags,
            task.tags IS NOT NULL OR task.notes IS NOT NULL OR task.scores IS NOT NULL
                OR coalesce(steps.are_annotated, false) AS is_annotated,
            (
                SELECT max((value #>> '{}')::DOUBLE PRECISION) FROM jsonb_path_query(
                    task.scores, 'lax $[*].value ? (@.type() == "number")'
                ) AS value
            ) AS best_score,
            coalesce(task.last_activity, task.created_at) AS last_activity,
            coalesce(task.total_steps, 0) AS steps,
            shots.pictures, shots.picture_bytes, shots.spare_pictures, shots.spare_bytes,
            coalesce(steps.bytes, 0) + coalesce(spans.bytes, 0) AS row_bytes
        FROM (
            SELECT * FROM public.tasks
            WHERE task_id > after AND (wanted IS NULL OR task_id = ANY (wanted))
            ORDER BY task_id LIMIT most
        ) AS task
        CROSS JOIN LATERAL (
            SELECT count(*) AS pictures,
                coalesce(sum(file_size) FILTER (WHERE counts), 0) AS picture_bytes,
                count(*) FILTER (WHERE is_spare) AS spare_pictures,
                coalesce(sum(file_size) FILTER (WHERE counts AND is_spare), 0) AS spare_bytes
            FROM (
                SELECT file_size,
                    NOT EXISTS (
                        SELECT FROM public.step_screenshots AS later
                        WHERE left(later.screenshot_path, 67) = left(shot.screenshot_path, 67)
                            AND (later.created_at, later.id) > (shot.created_at, shot.id)
                    ) AS counts,
                    step.success IS DISTINCT FROM false
                        AND step.id <> first_value(step.id) OVER in_order
                        AND step.id <> last_value(step.id) OVER in_order AS is_spare
                FROM public.step_screenshots AS shot
                LEFT JOIN public.task_steps AS step
                    ON step.id = shot.step_id AND step.task_id = shot.task_id
                WHERE shot.task_id = task.task_id
                WINDOW in_order AS (
                    PARTITION BY step.id IS NULL
                    ORDER BY step.step_number, step.started_at NULLS FIRST, step.id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                )
            ) AS each
        ) AS shots
        CROSS JOIN LATERAL (
            -- Of a row its long columns, as they are stored, and a guess for the others.
            SELECT sum(
                400 + coalesce(pg_column_size(step_data), 0) + coalesce(pg_column_size(thinking), 0)
                + coalesce(pg_column_size(action_result), 0)
                + coalesce(pg_column_size(attributes), 0) + coalesce(pg_column_size(resource), 0)
            ) AS bytes,
                bool_or(
                    step.tags IS NOT NULL OR step.notes IS NOT NULL OR step.scores IS NOT NULL
                ) AS are_annotated
            FROM public.task_steps AS step WHERE step.task_id = task.task_id
        ) AS steps
        CROSS JOIN LATERAL (
            SELECT sum(
                200 + coalesce(pg_column_size(attributes), 0) + coalesce(pg_column_size(events), 0)
            ) AS bytes
            FROM public.task_spans AS span WHERE span.trace_id = task.trace_id
        ) AS spans
    ) AS held
$$;
