-- Returns, for those of the tasks that are known, {"version", "rows"} by their ids. A row is a list
-- of values, one row for each picture of a step.
CREATE OR REPLACE FUNCTION public.otel_steps_indexes(wanted TEXT[]) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        jsonb_object_agg(
            known, jsonb_build_object('version', public.otel_steps_version(known), 'rows', entries)
        ),
        '{}'
    )
    FROM (SELECT DISTINCT unnest(wanted) AS known) AS names
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(
            jsonb_build_array(
                step.id, step.step_number, step.step_type, step.status, step.success,
                step.error_kind, coalesce(step.started_at, step.created_at), step.duration_ms,
                step.action,
                CASE WHEN step.action IS NULL
                    THEN step.attributes -> 'otel_steps.step.action.name' END,
                CASE WHEN step.action IS NULL THEN step.step_data END,
                step.app, step.timings, picture.screenshot_path, picture.width, picture.height,
                CASE WHEN picture.id IS NULL
                    THEN step.attributes -> 'otel_steps.screenshot.sensitive'
                    ELSE to_jsonb(picture.sensitive) END,
                picture.phash, picture.metadata -> 'black'
            )
            ORDER BY step.step_number, step.started_at, step.id, picture.created_at, picture.id
        ), '[]') AS entries
        FROM public.task_steps AS step
        LEFT JOIN public.step_screenshots AS picture ON picture.step_id = step.id
        WHERE step.task_id = known
    ) AS steps
    WHERE entries <> '[]' OR EXISTS (SELECT FROM public.tasks WHERE tasks.task_id = known)
$$;
