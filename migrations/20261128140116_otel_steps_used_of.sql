-- Returns the same of tasks: what is kept of those whose steps are added up, and the others' counted now.
CREATE OR REPLACE FUNCTION public.otel_steps_used_of(wanted TEXT[])
RETURNS TABLE (
    task_id TEXT, model TEXT, is_whole BOOLEAN, steps BIGINT, input_tokens BIGINT,
    output_tokens BIGINT, cached_tokens BIGINT
)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    WITH summed AS MATERIALIZED (
        SELECT known.task_id, known.usage FROM public.otel_steps_sums AS known
        WHERE known.action = '' AND known.task_id = ANY (wanted)
    )
    SELECT summed.task_id, used.*
    FROM summed CROSS JOIN LATERAL jsonb_to_recordset(summed.usage) AS used (
        model TEXT, is_whole BOOLEAN, steps BIGINT, input_tokens BIGINT, output_tokens BIGINT,
        cached_tokens BIGINT
    )
    UNION ALL
    -- Steps may be here before their task is.
    SELECT * FROM public.otel_steps_used(ARRAY(
        SELECT unnest(wanted) EXCEPT SELECT summed.task_id FROM summed
        EXCEPT SELECT task.task_id FROM public.tasks AS task
            WHERE task.task_id = ANY (wanted) AND task.archived IS NOT NULL
    ))
    UNION ALL
    SELECT * FROM public.otel_steps_used_by_archived(ARRAY(
        SELECT unnest(wanted) EXCEPT SELECT summed.task_id FROM summed
    ))
$$;
