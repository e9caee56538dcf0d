-- Returns {"step", "screenshot"}, the rows of one step of a task, or NULL. Its screenshot is the one
-- before the action: further pictures have a role.
CREATE OR REPLACE FUNCTION public.otel_steps_step(task TEXT, step UUID) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT jsonb_build_object('step', to_jsonb(found), 'screenshot', (
        SELECT to_jsonb(picture) FROM public.step_screenshots AS picture
        WHERE picture.step_id = found.id AND picture.metadata ->> 'role' IS NULL
        ORDER BY picture.created_at, picture.id
        LIMIT 1
    ))
    FROM public.task_steps AS found
    WHERE found.id = step AND found.task_id = task
$$;
