-- Returns {"tasks", "count"}: the newest tasks of which no digest is kept by these rules or later ones,
-- and how many there are; those of one project, or all. With `is_at_rest` only those that one would be
-- kept of: whose steps are added up, and are here.
CREATE OR REPLACE FUNCTION public.otel_steps_undigested(
    current INTEGER, within TEXT, is_at_rest BOOLEAN, most INTEGER
) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    -- From indexes alone; of all tasks hardly any is left then.
    WITH lacking AS MATERIALIZED (
        SELECT task.task_id
        FROM public.tasks AS task
        LEFT JOIN public.otel_steps_sums AS known
            ON known.task_id = task.task_id AND known.action = ''
        WHERE (known.rules IS NULL OR known.rules < current)
            AND (NOT is_at_rest OR known.task_id IS NOT NULL)
    ), undigested AS MATERIALIZED (
        SELECT task_id, task.created_at
        FROM lacking JOIN public.tasks AS task USING (task_id)
        WHERE (within IS NULL OR task.project = within)
            AND (NOT is_at_rest OR task.archived IS NULL)
    )
    SELECT json_build_object(
        'tasks', (
            SELECT coalesce(
                json_agg(to_json(task) ORDER BY task.created_at DESC NULLS LAST, task.task_id), '[]'
            )
            FROM (
                SELECT task_id FROM undigested
                ORDER BY created_at DESC NULLS LAST, task_id LIMIT most
            ) AS newest JOIN public.tasks AS task USING (task_id)
        ),
        'count', (SELECT count(*) FROM undigested)
    )
$$;
