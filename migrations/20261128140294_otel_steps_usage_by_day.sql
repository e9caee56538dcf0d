-- Returns what all steps have used of their models: rows like those of `otel_steps_usage`, with the
-- "day" (UTC, as YYYY-MM-DD) in place of the task.
CREATE OR REPLACE FUNCTION public.otel_steps_usage_by_day() RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        json_agg(to_json(used) ORDER BY day, model COLLATE "C" NULLS FIRST, is_whole), '[]'
    ) FROM (
        SELECT day, coalesce(step.model, task.model) AS model, is_whole, sum(steps) AS steps,
            sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
            sum(cached_tokens) AS cached_tokens
        FROM (
            SELECT step.task_id, to_char(
                    coalesce(step.started_at, step.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD'
                ) AS day,
                step.model,
                step.input_tokens IS NOT NULL AND step.output_tokens IS NOT NULL AS is_whole,
                1 AS steps, step.input_tokens, step.output_tokens, step.cached_tokens
            FROM public.task_steps AS step
            WHERE (step.input_tokens IS NOT NULL OR step.output_tokens IS NOT NULL)
                AND step.task_id NOT IN (
                    SELECT task_id FROM public.tasks WHERE archived IS NOT NULL
                )
            UNION ALL
            SELECT task.task_id, used.*
            FROM public.tasks AS task JOIN public.otel_steps_kept AS kept USING (task_id)
            CROSS JOIN LATERAL jsonb_to_recordset(kept.days) AS used (
                day TEXT, model TEXT, is_whole BOOLEAN, steps BIGINT, input_tokens BIGINT,
                output_tokens BIGINT, cached_tokens BIGINT
            )
            WHERE task.archived IS NOT NULL
        ) AS step LEFT JOIN public.tasks AS task USING (task_id)
        GROUP BY 1, 2, 3
    ) AS used
$$;
