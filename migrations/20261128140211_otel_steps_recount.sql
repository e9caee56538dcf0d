-- Looks at the totals of the tasks behind an id, in the order of their ids, and mends them where that
-- is asked for. Returns {"wrong", "last"}: the tasks whose totals are not what their steps add up to,
-- and the last task that was looked at, null where there was none.
CREATE OR REPLACE FUNCTION public.otel_steps_recount(after TEXT, most INTEGER, mends BOOLEAN)
RETURNS JSONB
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    looked_at CONSTANT TEXT[] := ARRAY(
        SELECT task_id FROM public.tasks WHERE task_id > after ORDER BY task_id LIMIT most
    );
    wrong CONSTANT TEXT[] := ARRAY(
        SELECT task.task_id FROM public.tasks AS task
        CROSS JOIN LATERAL (
            SELECT count(*) AS steps,
                count(*) FILTER (WHERE success) AS successful,
                count(*) FILTER (WHERE NOT success) AS failed,
                least(coalesce(sum(duration_ms), 0), 2147483647) AS duration_ms
            FROM public.task_steps AS step WHERE step.task_id = task.task_id
        ) AS total
        WHERE task.task_id = ANY (looked_at) AND task.archived IS NULL
            AND (task.total_steps, task.successful_steps, task.failed_steps,
                 task.total_duration_ms, task.has_detailed_steps)
            IS DISTINCT FROM
                (total.steps, total.successful, total.failed, total.duration_ms, total.steps > 0)
        ORDER BY task.task_id
    );
BEGIN
    IF mends THEN
        -- As a writer of these tasks does; see `otel_steps_ingest`.
        PERFORM pg_advisory_xact_lock(20261124, key)
        FROM (SELECT DISTINCT hashtext(id) AS key FROM unnest(wrong) AS id ORDER BY key) AS keys;
        PERFORM public.otel_steps_count(wrong);
    END IF;
    RETURN jsonb_build_object('wrong', wrong, 'last', looked_at[cardinality(looked_at)]);
END
$$;
