-- Returns figures of the actions in the steps of the tasks that a query chooses, a row for each name.
-- At most so many: those with the most steps.
CREATE OR REPLACE FUNCTION public.otel_steps_action_figures(query JSONB, most INTEGER) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(json_agg(to_json(figures)), '[]') FROM (
        SELECT action, count(*) AS steps,
            count(*) FILTER (WHERE success) AS successful_steps,
            count(*) FILTER (WHERE NOT success) AS failed_steps,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS duration_ms_median,
            percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS duration_ms_p95
        FROM (
            -- Nearly every action says it itself; others have been told when they were recorded.
            SELECT step.success, step.duration_ms, left(
                    CASE WHEN jsonb_typeof(step.action -> 'action') = 'string'
                            AND step.action ->> 'action' <> ''
                        THEN step.action ->> 'action'
                        ELSE nullif(step.attributes ->> 'otel_steps.step.action.name', '')
                    END, 100
                ) AS action
            FROM public.otel_steps_chosen(query) AS chosen (task_id)
            JOIN public.task_steps AS step USING (task_id)
        ) AS named
        WHERE action IS NOT NULL
        GROUP BY action
        ORDER BY steps DESC, action COLLATE "C"
        LIMIT most
    ) AS figures
$$;
