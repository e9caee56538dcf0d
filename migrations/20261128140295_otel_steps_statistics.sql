-- Returns {"tasks_by_status", "steps", "successful", "failed", "screenshots"}, counts over all tasks.
CREATE OR REPLACE FUNCTION public.otel_steps_statistics() RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    -- From the totals: reading every step would take seconds in a large database.
    SELECT json_build_object(
        'tasks_by_status', coalesce(json_object_agg(word, tasks), '{}'),
        'steps', coalesce(sum(steps), 0),
        'successful', coalesce(sum(successful), 0),
        'failed', coalesce(sum(failed), 0),
        -- Of archived tasks those that they had when they went.
        'screenshots', (SELECT count(*) FROM public.step_screenshots) + (
            SELECT coalesce(sum(kept.pictures - (
                SELECT count(*) FROM public.step_screenshots AS shot
                WHERE shot.task_id = kept.task_id
            )), 0)
            FROM public.tasks AS task JOIN public.otel_steps_kept AS kept USING (task_id)
            WHERE task.archived IS NOT NULL
        )
    )
    FROM (
        SELECT coalesce(status, 'unknown') AS word, count(*) AS tasks, sum(total_steps) AS steps,
            sum(successful_steps) AS successful, sum(failed_steps) AS failed
        FROM public.tasks
        GROUP BY word
    ) AS counts
$$;
