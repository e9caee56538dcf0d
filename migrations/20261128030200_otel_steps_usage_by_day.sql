-- Returns what all steps have used of their models: rows like those of `otel_steps_usage`, with the
-- "day" (UTC, as YYYY-MM-DD) in place of the task.
CREATE OR REPLACE FUNCTION public.otel_steps_usage_by_day() RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        json_agg(to_json(used) ORDER BY day, model COLLATE "C" NULLS FIRST, is_whole), '[]'
    ) FROM (
        SELECT to_char(
                coalesce(step.started_at, step.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD'
            ) AS day,
            coalesce(step.model, task.model) AS model,
            step.input_tokens IS NOT NULL AND step.output_tokens IS NOT NULL AS is_whole,
            count(*) AS steps, sum(step.input_tokens) AS input_tokens,
            sum(step.output_tokens) AS output_tokens, sum(step.cached_tokens) AS cached_tokens
        FROM public.task_steps AS step LEFT JOIN public.tasks AS task USING (task_id)
        WHERE (step.input_tokens IS NOT NULL OR step.output_tokens IS NOT NULL)
        GROUP BY 1, 2, 3
    ) AS used
$$;
