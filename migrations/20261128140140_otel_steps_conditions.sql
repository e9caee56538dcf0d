-- Returns what a task has to fulfil that a query chooses, whatever its status and its texts: a condition
-- for a statement that has the query as $1, the row of `tasks` as `task`, and that of `otel_steps_found_by`,
-- if there is one, as `known`.
CREATE OR REPLACE FUNCTION public.otel_steps_conditions() RETURNS TEXT
LANGUAGE sql IMMUTABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT $conditions$
    -- What is added up of a task tells its apps; the steps of one that is not are asked, one by one:
    -- OFFSET keeps PostgreSQL from reading all steps that were in the app.
    ($1 ->> 'app' IS NULL OR known.apps @> ARRAY[$1 ->> 'app'] OR (known.task_id IS NULL AND EXISTS (
        SELECT FROM public.task_steps AS step
        WHERE step.app IS NOT NULL AND left(step.app, 200) = left($1 ->> 'app', 200)
            AND step.task_id = task.task_id
        OFFSET 0
    )) OR task.archived IS NOT NULL AND task.task_id IN (
        SELECT kept.task_id FROM public.otel_steps_kept AS kept
        WHERE kept.apps @> ARRAY[left($1 ->> 'app', 200)]
    ))
    AND ($1 ->> 'model' IS NULL OR left(model, 200) = left($1 ->> 'model', 200))
    AND ($1 ->> 'device' IS NULL OR left(device_id, 200) = left($1 ->> 'device', 200))
    AND ($1 ->> 'project' IS NULL OR left(project, 200) = left($1 ->> 'project', 200))
    AND ($1 ->> 'session' IS NULL OR left(session, 200) = left($1 ->> 'session', 200))
    AND ($1 ->> 'agent' IS NULL OR agent = $1 ->> 'agent')
    AND ($1 ->> 'version' IS NULL
        OR resource ->> 'service.version' = $1 ->> 'version')
    AND ($1 ->> 'description' IS NULL OR task_description = $1 ->> 'description')
    AND ($1 ->> 'tag' IS NULL OR (tags IS NOT NULL AND tags ? ($1 ->> 'tag')))
    AND ($1 ->> 'step_tag' IS NULL OR task.task_id IN (
        SELECT step.task_id FROM public.task_steps AS step
        WHERE step.tags IS NOT NULL AND step.tags ? ($1 ->> 'step_tag')
    ) OR task.archived IS NOT NULL AND task.task_id IN (
        SELECT kept.task_id FROM public.otel_steps_kept AS kept
        WHERE kept.step_tags @> ARRAY[$1 ->> 'step_tag']
    ))
    AND ($1 ->> 'flag' IS NULL
        OR ($1 ->> 'flag' = 'failed' AND task.failed_steps > 0)
        OR known.flags @> ARRAY[$1 ->> 'flag']
        OR (known.flags IS NULL AND EXISTS (
            SELECT FROM public.task_steps AS step
            WHERE step.error_kind IS NOT NULL
                AND left(step.error_kind, 200) = $1 ->> 'flag'
                AND step.task_id = task.task_id
            OFFSET 0
        ))
        OR task.archived IS NOT NULL AND task.task_id IN (
            SELECT kept.task_id FROM public.otel_steps_kept AS kept
            WHERE kept.error_kinds @> ARRAY[$1 ->> 'flag']
        )
        -- Of these nothing is kept, and the client has looked itself.
        OR $1 -> 'flagged' ? task.task_id)
    AND ($1 ->> 'judged' IS NULL OR ($1 ->> 'judged')::BOOLEAN = (
        task.scores IS NOT NULL OR task.task_id IN (
            SELECT step.task_id FROM public.task_steps AS step
            WHERE step.scores IS NOT NULL
        ) OR task.archived IS NOT NULL AND task.task_id IN (
            SELECT kept.task_id FROM public.otel_steps_kept AS kept WHERE kept.is_judged
        )
    ))
    AND ($1 ->> 'min_score' IS NULL OR (
        task.scores IS NOT NULL AND jsonb_path_exists(
            task.scores, '$[*].value ? (@ >= $least)',
            jsonb_build_object('least', $1 -> 'min_score'), true
        )
    ))
    AND ($1 ->> 'since' IS NULL OR created_at >= ($1 ->> 'since')::TIMESTAMPTZ)
    AND ($1 ->> 'until' IS NULL OR created_at < ($1 ->> 'until')::TIMESTAMPTZ)
    $conditions$
$$;
