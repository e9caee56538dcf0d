-- Returns what the steps of tasks have used of their models: rows of {"task_id", "model", "is_whole",
-- "steps", "input_tokens", "output_tokens", "cached_tokens"}. Those of which one of the two counts is
-- not known are not whole.
CREATE OR REPLACE FUNCTION public.otel_steps_usage(wanted TEXT[]) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        json_agg(to_json(used) ORDER BY task_id COLLATE "C", model COLLATE "C" NULLS FIRST, is_whole), '[]'
    ) FROM (
        SELECT step.task_id, coalesce(step.model, task.model) AS model, step.is_whole,
            sum(step.steps) AS steps, sum(step.input_tokens) AS input_tokens,
            sum(step.output_tokens) AS output_tokens, sum(step.cached_tokens) AS cached_tokens
        FROM public.otel_steps_used_of(wanted) AS step LEFT JOIN public.tasks AS task USING (task_id)
        GROUP BY 1, 2, 3
    ) AS used
$$;
