-- Returns the tasks that a query chooses: the same as `otel_steps_find_tasks` finds by it, which has the
-- conditions once more, as it sorts and counts what it reads for them.
CREATE OR REPLACE FUNCTION public.otel_steps_chosen(query JSONB) RETURNS SETOF TEXT
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' ROWS 10000 AS $$
DECLARE
    -- To look for a text in all steps is faster than to look for those of all tasks.
    is_narrowed CONSTANT BOOLEAN := query ?| ARRAY[
        'step_tag', 'flag', 'judged', 'min_score',
        'status', 'app', 'model', 'device', 'project', 'session', 'tag', 'agent', 'version',
        'description', 'since', 'until'
    ];
BEGIN
    RETURN QUERY
    WITH passing AS MATERIALIZED (
        SELECT task.task_id FROM public.tasks AS task
        WHERE (query -> 'status' IS NULL OR query -> 'status' ? coalesce(status, 'unknown'))
            -- One of the steps of each task, and not all steps that were in the app; see
            -- `otel_steps_find_tasks`.
            AND (query ->> 'app' IS NULL OR EXISTS (
                SELECT FROM public.task_steps AS step
                WHERE step.app IS NOT NULL AND left(step.app, 200) = left(query ->> 'app', 200)
                    AND step.task_id = task.task_id
                OFFSET 0
            ))
            AND (query ->> 'model' IS NULL OR left(model, 200) = left(query ->> 'model', 200))
            AND (query ->> 'device' IS NULL
                OR left(device_id, 200) = left(query ->> 'device', 200))
            AND (query ->> 'project' IS NULL
                OR left(project, 200) = left(query ->> 'project', 200))
            AND (query ->> 'session' IS NULL
                OR left(session, 200) = left(query ->> 'session', 200))
            AND (query ->> 'agent' IS NULL OR agent = query ->> 'agent')
            AND (query ->> 'version' IS NULL OR resource ->> 'service.version' = query ->> 'version')
            AND (query ->> 'description' IS NULL OR task_description = query ->> 'description')
            AND (query ->> 'tag' IS NULL OR (tags IS NOT NULL AND tags ? (query ->> 'tag')))
            AND (query ->> 'step_tag' IS NULL OR task.task_id IN (
                SELECT step.task_id FROM public.task_steps AS step
                WHERE step.tags IS NOT NULL AND step.tags ? (query ->> 'step_tag')
            ))
            AND (query ->> 'flag' IS NULL
                OR (query ->> 'flag' = 'failed' AND task.failed_steps > 0)
                OR task.task_id IN (
                    SELECT step.task_id FROM public.task_steps AS step
                    WHERE step.error_kind IS NOT NULL
                        AND left(step.error_kind, 200) = query ->> 'flag'
                ))
            AND (query ->> 'judged' IS NULL OR (query ->> 'judged')::BOOLEAN = (
                task.scores IS NOT NULL OR task.task_id IN (
                    SELECT step.task_id FROM public.task_steps AS step
                    WHERE step.scores IS NOT NULL
                )
            ))
            AND (query ->> 'min_score' IS NULL OR (
                task.scores IS NOT NULL AND jsonb_path_exists(
                    task.scores, '$[*].value ? (@ >= $least)',
                    jsonb_build_object('least', query -> 'min_score'), true
                )
            ))
            AND (query ->> 'since' IS NULL OR created_at >= (query ->> 'since')::TIMESTAMPTZ)
            AND (query ->> 'until' IS NULL OR created_at < (query ->> 'until')::TIMESTAMPTZ)
    )
    SELECT task_id
    FROM passing JOIN public.tasks AS task USING (task_id)
    WHERE query ->> 'pattern' IS NULL
        OR task_description ILIKE query ->> 'pattern' OR task_id ILIKE query ->> 'pattern'
        OR result ILIKE query ->> 'pattern' OR error_message ILIKE query ->> 'pattern'
        OR notes ILIKE query ->> 'pattern'
        OR task_id IN (
            SELECT step.task_id
            FROM public.otel_steps_tasks_with_text(
                CASE WHEN is_narrowed THEN ARRAY(SELECT task_id FROM passing) END,
                query ->> 'pattern', query ->> 'json_pattern'
            ) AS step
        );
END
$$;
