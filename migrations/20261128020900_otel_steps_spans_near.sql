-- Returns a page of the spans of all traces that have to do with a task, by a step of it or by a span
-- that names it, by their start.
CREATE OR REPLACE FUNCTION public.otel_steps_spans_near(task TEXT, most BIGINT, skipped BIGINT)
RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(page), '[]') FROM (
            SELECT * FROM public.task_spans
            -- An array, not a subquery: that would read the whole table.
            WHERE trace_id = ANY (ARRAY(
                SELECT step.trace_id FROM public.task_steps AS step
                WHERE step.task_id = task AND step.trace_id IS NOT NULL
                UNION
                SELECT span.trace_id FROM public.task_spans AS span WHERE span.task_id = task
            ))
            ORDER BY started_at, span_id COLLATE "C", trace_id COLLATE "C"
            LIMIT most OFFSET skipped
        ) AS page
    );
END
$$;
