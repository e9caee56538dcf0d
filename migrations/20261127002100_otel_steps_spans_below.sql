-- Returns the spans below a step, by their start; not those that name another task, nor what is
-- below them.
CREATE OR REPLACE FUNCTION public.otel_steps_spans_below(task TEXT, step UUID) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    WITH RECURSIVE below (trace_id, span_id) AS (
        SELECT trace_id, span_id FROM public.task_steps WHERE id = step AND task_id = task
        UNION
        SELECT span.trace_id, span.span_id
        FROM below JOIN public.task_spans AS span
            ON span.trace_id = below.trace_id AND span.parent_span_id = below.span_id
        WHERE span.task_id IS NULL OR span.task_id = task
    )
    SELECT coalesce(jsonb_agg(
        to_jsonb(span) ORDER BY span.started_at, span.span_id COLLATE "C", span.trace_id COLLATE "C"
    ), '[]')
    FROM below JOIN public.task_spans AS span USING (trace_id, span_id)
$$;
