-- Adds up the steps of some tasks that have changed; returns whether there are more.
CREATE OR REPLACE FUNCTION public.otel_steps_extend_sums() RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    -- In one call, and so in one transaction.
    most_tasks CONSTANT INTEGER := 100;
    most_time CONSTANT INTERVAL := '200 milliseconds';
    -- Of one task; one with more is added up by who asks. It would take longer than a statement may.
    most_steps CONSTANT INTEGER := 20000;
    wanted TEXT;
    kept INTEGER := 0;
BEGIN
    -- One at a time; whoever comes second has nothing to do.
    IF NOT pg_try_advisory_xact_lock(20261128, 2) THEN
        RETURN false;
    END IF;
    FOR wanted IN
        SELECT task.task_id FROM public.tasks AS task
        WHERE NOT EXISTS (
                SELECT FROM public.otel_steps_sums AS known
                WHERE known.task_id = task.task_id AND known.action = ''
            )
            AND coalesce(task.total_steps, 0) <= most_steps
            -- One that goes on is added up by who asks until it has ended, or has been quiet for an
            -- hour: each of its steps would make it old again.
            AND (coalesce(task.status, '') <> 'running'
                OR task.last_activity < now() - INTERVAL '1 hour')
        LIMIT most_tasks
    LOOP
        -- As a writer of the task does (see `otel_steps_ingest`): what is read here is all there is
        -- until this is stored, and what is written later takes it away.
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(20261124, hashtext(wanted));
        INSERT INTO public.otel_steps_sums (
            task_id, action, steps, successful_steps, failed_steps, durations_ms
        )
        SELECT task_id, action, steps, successful_steps, failed_steps, durations_ms
        FROM public.otel_steps_acted(ARRAY[wanted]);
        -- Also of a task whose steps are gone, so that it is here.
        INSERT INTO public.otel_steps_sums (task_id, action, input_tokens, output_tokens, apps, usage)
        SELECT wanted, '', sum(input_tokens), sum(output_tokens),
            array_agg(DISTINCT app) FILTER (WHERE app IS NOT NULL),
            (
                SELECT coalesce(jsonb_agg(to_jsonb(used) - 'task_id'), '[]')
                FROM public.otel_steps_used(ARRAY[wanted]) AS used
            )
        FROM public.task_steps WHERE task_id = wanted;
        kept := kept + 1;
        EXIT WHEN clock_timestamp() > statement_timestamp() + most_time;
    END LOOP;
    IF kept = 0 THEN
        DELETE FROM public.otel_steps_sums AS known WHERE NOT EXISTS (
            SELECT FROM public.tasks AS task WHERE task.task_id = known.task_id
        );
    END IF;
    RETURN kept > 0;
END
$$;
