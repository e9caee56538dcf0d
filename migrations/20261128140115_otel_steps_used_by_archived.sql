-- Returns what the steps of archived tasks have used of their models, a row for each task, model (null where
-- the steps do not say it) and whether both counts of the steps are known.
CREATE OR REPLACE FUNCTION public.otel_steps_used_by_archived(wanted TEXT[])
RETURNS TABLE (
    task_id TEXT, model TEXT, is_whole BOOLEAN, steps BIGINT, input_tokens BIGINT,
    output_tokens BIGINT, cached_tokens BIGINT
)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT task.task_id, used.model, used.is_whole, sum(used.steps)::BIGINT,
        sum(used.input_tokens)::BIGINT, sum(used.output_tokens)::BIGINT,
        sum(used.cached_tokens)::BIGINT
    FROM public.tasks AS task JOIN public.otel_steps_kept AS kept USING (task_id)
    CROSS JOIN LATERAL jsonb_to_recordset(kept.days) AS used (
        model TEXT, is_whole BOOLEAN, steps BIGINT, input_tokens BIGINT, output_tokens BIGINT,
        cached_tokens BIGINT
    )
    WHERE task.task_id = ANY (wanted) AND task.archived IS NOT NULL
    GROUP BY 1, 2, 3
$$;
