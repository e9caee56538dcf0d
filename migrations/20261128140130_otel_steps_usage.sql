-- Returns what the steps of tasks have used of their models: rows of {"task_id", "model", "is_whole",
-- "steps", "input_tokens", "output_tokens", "cached_tokens"}. Those of which one of the two counts is
-- not known are not whole.
CREATE OR REPLACE FUNCTION public.otel_steps_usage(wanted TEXT[]) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        json_agg(to_json(used) ORDER BY task_id COLLATE "C", model COLLATE "C" NULLS FIRST, is_whole), '[]'
    ) FROM (
        SELECT step.task_id,
            coalesce(step.model, task.model) AS model,
            step.input_tokens IS NOT NULL AND step.output_tokens IS NOT NULL AS is_whole,
            count(*) AS steps, sum(step.input_tokens) AS input_tokens,
            sum(step.output_tokens) AS output_tokens, sum(step.cached_tokens) AS cached_tokens
        FROM public.task_steps AS step LEFT JOIN public.tasks AS task USING (task_id)
        WHERE (step.input_tokens IS NOT NULL OR step.output_tokens IS NOT NULL)
            AND step.task_id = ANY (wanted) AND task.archived IS NULL
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT used.task_id, coalesce(used.model, task.model), used.is_whole,
            sum(used.steps), sum(used.input_tokens), sum(used.output_tokens),
            sum(used.cached_tokens)
        FROM public.otel_steps_used_by_archived(wanted) AS used
        JOIN public.tasks AS task USING (task_id)
        GROUP BY 1, 2, 3
    ) AS used
$$;
