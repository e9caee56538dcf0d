-- Returns the ids of the steps of a task that have a text, in order.
CREATE OR REPLACE FUNCTION public.otel_steps_find_steps(
    task TEXT, pattern TEXT, json_pattern TEXT
) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        jsonb_agg(step.id ORDER BY step.step_number, step.started_at, step.id), '[]'
    )
    FROM public.otel_steps_with_text(ARRAY[task], pattern, json_pattern) AS step
$$;
