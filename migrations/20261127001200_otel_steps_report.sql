-- Returns {"task", "steps", "screenshots"} of a task as one moment saw them, or NULL: the row of the
-- task, and of steps and pictures the first pages.
CREATE OR REPLACE FUNCTION public.otel_steps_report(task TEXT, most BIGINT) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT json_build_object(
        'task', found,
        'steps', public.otel_steps_steps(task, most, 0),
        'screenshots', public.otel_steps_screenshots(task, most, 0)
    )
    FROM public.tasks AS found
    WHERE found.task_id = task
$$;
