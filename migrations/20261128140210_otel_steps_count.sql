-- Sets the totals of tasks from the steps that are there: reads all of them. Those of an archived task
-- stay: its steps are not here.
CREATE OR REPLACE FUNCTION public.otel_steps_count(touched TEXT[]) RETURNS VOID
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    wanted TEXT;
BEGIN
    -- One after the other, so that each is looked up by its key; see otel_steps_ingest.
    FOREACH wanted IN ARRAY touched LOOP
        UPDATE public.tasks AS task
        SET total_steps = total.steps,
            successful_steps = total.successful,
            failed_steps = total.failed,
            total_duration_ms = total.duration_ms,
            last_step_at = total.last_at,
            has_detailed_steps = total.steps > 0,
            last_activity = greatest(task.last_activity, total.last_at)
        FROM (
            SELECT count(*)::INTEGER AS steps,
                count(*) FILTER (WHERE success)::INTEGER AS successful,
                count(*) FILTER (WHERE NOT success)::INTEGER AS failed,
                -- A total that is too long for its column must not refuse a step.
                least(coalesce(sum(duration_ms), 0), 2147483647)::INTEGER AS duration_ms,
                max(coalesce(ended_at, started_at)) AS last_at
            FROM public.task_steps
            WHERE task_id = wanted
        ) AS total
        WHERE task.task_id = wanted AND task.archived IS NULL
            -- What is right already is not written.
            AND (task.total_steps, task.successful_steps, task.failed_steps,
                 task.total_duration_ms, task.last_step_at, task.has_detailed_steps,
                 task.last_activity)
            IS DISTINCT FROM
                (total.steps, total.successful, total.failed, total.duration_ms,
                 total.last_at, total.steps > 0, greatest(task.last_activity, total.last_at));
    END LOOP;
END
$$;
