-- Adds up the steps of tasks by their actions, a row for each task and action.
CREATE OR REPLACE FUNCTION public.otel_steps_acted(wanted TEXT[])
RETURNS TABLE (
    task_id TEXT, action TEXT, steps INTEGER, successful_steps INTEGER, failed_steps INTEGER,
    durations_ms TEXT
)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT named.task_id, named.action, count(*)::INTEGER,
        count(*) FILTER (WHERE named.success)::INTEGER,
        count(*) FILTER (WHERE NOT named.success)::INTEGER,
        string_agg(named.duration_ms::TEXT, ',')
    FROM (
        -- Nearly every action says it itself; others have been told when they were recorded.
        SELECT step.task_id, step.success, step.duration_ms, left(
                CASE WHEN jsonb_typeof(step.action -> 'action') = 'string'
                        AND step.action ->> 'action' <> ''
                    THEN step.action ->> 'action'
                    ELSE nullif(step.attributes ->> 'otel_steps.step.action.name', '')
                END, 100
            ) AS action
        FROM public.task_steps AS step WHERE step.task_id = ANY (wanted)
    ) AS named
    WHERE named.action IS NOT NULL
    GROUP BY named.task_id, named.action
$$;
