-- Returns where the steps of a task stand in their traces, as far as they are in one: a list of
-- {"trace_id", "span_id", "parent_span_id"}.
CREATE OR REPLACE FUNCTION public.otel_steps_step_places(task TEXT) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(json_agg(place), '[]') FROM (
        SELECT trace_id, span_id, parent_span_id FROM public.task_steps
        WHERE task_id = task AND trace_id IS NOT NULL
    ) AS place
$$;
