-- Returns a page of the steps of a task in their order.
CREATE OR REPLACE FUNCTION public.otel_steps_steps(task TEXT, most BIGINT, skipped BIGINT)
RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(page), '[]') FROM (
            SELECT * FROM public.task_steps
            WHERE task_id = task
            ORDER BY step_number, started_at, id
            LIMIT most OFFSET skipped
        ) AS page
    );
END
$$;
