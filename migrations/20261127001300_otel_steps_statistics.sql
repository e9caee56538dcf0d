-- Returns {"tasks_by_status", "steps", "successful", "failed", "screenshots"}, counts over all tasks.
CREATE OR REPLACE FUNCTION public.otel_steps_statistics() RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    -- From the totals: reading every step would take seconds in a large database.
    SELECT json_build_object(
        'tasks_by_status', coalesce(json_object_agg(word, tasks), '{}'),
        'steps', coalesce(sum(steps), 0),
        'successful', coalesce(sum(successful), 0),
        'failed', coalesce(sum(failed), 0),
        'screenshots', (SELECT count(*) FROM public.step_screenshots)
    )
    FROM (
        SELECT coalesce(status, 'unknown') AS word, count(*) AS tasks, sum(total_steps) AS steps,
            sum(successful_steps) AS successful, sum(failed_steps) AS failed
        FROM public.tasks
        GROUP BY word
    ) AS counts
$$;
