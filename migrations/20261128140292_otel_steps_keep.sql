-- Keeps what is asked of the steps of a task that is archived now, all of which are here.
CREATE OR REPLACE FUNCTION public.otel_steps_keep(task TEXT) RETURNS VOID
LANGUAGE sql SECURITY INVOKER SET search_path = '' AS $$
    INSERT INTO public.otel_steps_kept (
        task_id, apps, step_tags, error_kinds, is_judged, pictures, days
    )
    SELECT task,
        ARRAY(
            SELECT DISTINCT left(step.app, 200) FROM public.task_steps AS step
            WHERE step.task_id = task AND step.app IS NOT NULL
        ),
        ARRAY(
            SELECT DISTINCT word
            FROM public.task_steps AS step CROSS JOIN LATERAL jsonb_array_elements_text(
                CASE jsonb_typeof(step.tags) WHEN 'array' THEN step.tags ELSE '[]' END
            ) AS word
            WHERE step.task_id = task AND step.tags IS NOT NULL
        ),
        ARRAY(
            SELECT DISTINCT left(step.error_kind, 200) FROM public.task_steps AS step
            WHERE step.task_id = task AND step.error_kind IS NOT NULL
        ),
        EXISTS (
            SELECT FROM public.task_steps AS step
            WHERE step.task_id = task AND step.scores IS NOT NULL
        ),
        (SELECT count(*) FROM public.step_screenshots AS shot WHERE shot.task_id = task),
        (
            SELECT coalesce(jsonb_agg(to_jsonb(used)), '[]') FROM (
                SELECT to_char(
                        coalesce(step.started_at, step.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD'
                    ) AS day,
                    step.model,
                    step.input_tokens IS NOT NULL AND step.output_tokens IS NOT NULL AS is_whole,
                    count(*) AS steps, sum(step.input_tokens) AS input_tokens,
                    sum(step.output_tokens) AS output_tokens,
                    sum(step.cached_tokens) AS cached_tokens
                FROM public.task_steps AS step
                WHERE (step.input_tokens IS NOT NULL OR step.output_tokens IS NOT NULL)
                    AND step.task_id = task
                GROUP BY 1, 2, 3
            ) AS used
        )
    ON CONFLICT (task_id) DO UPDATE SET apps = excluded.apps, step_tags = excluded.step_tags,
        error_kinds = excluded.error_kinds, is_judged = excluded.is_judged, pictures = excluded.pictures, days = excluded.days
$$;
