-- Returns a page of the rows of tasks, the newest first: of one status, or of all (NULL).
CREATE OR REPLACE FUNCTION public.otel_steps_tasks(wanted TEXT, most BIGINT, skipped BIGINT)
RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(page), '[]') FROM (
            SELECT * FROM public.tasks
            WHERE wanted IS NULL OR status = wanted
            -- In the order of code points, whatever the language of the database.
            ORDER BY created_at DESC NULLS LAST, task_id COLLATE "C"
            LIMIT most OFFSET skipped
        ) AS page
    );
END
$$;
