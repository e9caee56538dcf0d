-- Returns figures of the actions in the steps of the tasks that a query chooses, a row for each name:
-- "durations_ms" has the milliseconds of all its steps whose time is known, with commas between them. To
-- find a median in a million of them takes longer here than to hand them over, and less where they go.
-- At most so many: those with the most steps.
CREATE OR REPLACE FUNCTION public.otel_steps_action_figures(query JSONB, most INTEGER) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    WITH chosen AS MATERIALIZED (
        SELECT task_id FROM public.otel_steps_chosen(query) AS chosen (task_id)
    ), figures AS (
        SELECT action, sum(steps) AS steps, sum(successful_steps) AS successful_steps,
            sum(failed_steps) AS failed_steps, string_agg(durations_ms, ',') AS durations_ms
        FROM (
            SELECT action, steps, successful_steps, failed_steps, durations_ms
            FROM chosen JOIN public.otel_steps_sums USING (task_id)
            WHERE action <> ''
            UNION ALL
            SELECT action, steps, successful_steps, failed_steps, durations_ms
            FROM public.otel_steps_acted(ARRAY(
                SELECT task_id FROM chosen
                EXCEPT SELECT task_id FROM public.otel_steps_sums WHERE action = ''
            ))
        ) AS sums
        GROUP BY action
        ORDER BY steps DESC, action COLLATE "C"
        LIMIT most
    )
    SELECT coalesce(json_agg(to_json(figures)), '[]') FROM figures
$$;
