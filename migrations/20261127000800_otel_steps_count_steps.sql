-- Returns how many steps a task has.
CREATE OR REPLACE FUNCTION public.otel_steps_count_steps(task TEXT) RETURNS BIGINT
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT count(*) FROM public.task_steps WHERE task_id = task
$$;
