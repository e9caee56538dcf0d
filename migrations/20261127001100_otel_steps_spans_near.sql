-- Returns a page of the spans that name a task or share a trace with a step of it, by their start.
CREATE OR REPLACE FUNCTION public.otel_steps_spans_near(task TEXT, most BIGINT, skipped BIGINT)
RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(page), '[]') FROM (
            SELECT * FROM public.task_spans
            -- An array, not a subquery: with that, OR would read the whole table.
            WHERE task_id = task OR trace_id = ANY (ARRAY(
                SELECT DISTINCT step.trace_id FROM public.task_steps AS step
                WHERE step.task_id = task AND step.trace_id IS NOT NULL
            ))
            ORDER BY started_at, span_id COLLATE "C", trace_id COLLATE "C"
            LIMIT most OFFSET skipped
        ) AS page
    );
END
$$;
