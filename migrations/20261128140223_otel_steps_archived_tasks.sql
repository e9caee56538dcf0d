-- Returns the archived tasks behind an id, in the order of their ids: a list of {"task_id", "place",
-- "has_rows"}, whether steps or pictures of it are here as well.
CREATE OR REPLACE FUNCTION public.otel_steps_archived_tasks(after TEXT, most INTEGER) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(found) ORDER BY task_id), '[]') FROM (
        SELECT task.task_id, task.archived AS place,
            EXISTS (SELECT FROM public.task_steps AS step WHERE step.task_id = task.task_id)
            OR EXISTS (SELECT FROM public.step_screenshots AS shot WHERE shot.task_id = task.task_id)
                AS has_rows
        FROM public.tasks AS task
        WHERE task.archived IS NOT NULL AND task.task_id > after
        ORDER BY task.task_id LIMIT most
    ) AS found
$$;
