-- Returns one row of tasks, or NULL.
CREATE OR REPLACE FUNCTION public.otel_steps_task(task TEXT) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT to_json(found) FROM public.tasks AS found WHERE found.task_id = task
$$;
