-- Returns {"step", "screenshot"}, the rows of one step of a task, or NULL.
CREATE OR REPLACE FUNCTION public.otel_steps_step(task TEXT, step UUID) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT jsonb_build_object('step', to_jsonb(found), 'screenshot', (
        SELECT to_jsonb(picture) FROM public.step_screenshots AS picture
        WHERE picture.step_id = found.id
        ORDER BY picture.created_at, picture.id
        LIMIT 1
    ))
    FROM public.task_steps AS found
    WHERE found.id = step AND found.task_id = task
$$;
