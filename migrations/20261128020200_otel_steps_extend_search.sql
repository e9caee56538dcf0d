-- Indexes some tasks that have changed; returns whether there are more.
CREATE OR REPLACE FUNCTION public.otel_steps_extend_search() RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    -- In one call, and so in one transaction.
    most_tasks CONSTANT INTEGER := 50;
    most_time CONSTANT INTERVAL := '200 milliseconds';
    -- Of one task; one with more is read. It would take longer than a statement may.
    most_steps CONSTANT INTEGER := 20000;
    steps_a_part CONSTANT INTEGER := 16;
    wanted TEXT;
    indexed INTEGER := 0;
BEGIN
    -- One at a time; whoever comes second has nothing to do.
    IF NOT pg_try_advisory_xact_lock(20261128, 1) THEN
        RETURN false;
    END IF;
    FOR wanted IN
        SELECT task.task_id FROM public.tasks AS task
        WHERE NOT EXISTS (
                SELECT FROM public.otel_steps_search AS known WHERE known.task_id = task.task_id
            )
            AND coalesce(task.total_steps, 0) <= most_steps
            -- One that goes on is read by every search until it has ended, or has been quiet for
            -- an hour: each of its steps would have it indexed again.
            AND (coalesce(task.status, '') <> 'running'
                OR task.last_activity < now() - INTERVAL '1 hour')
        LIMIT most_tasks
    LOOP
        -- As a writer of the task does (see `otel_steps_ingest`): what is read here is all there is
        -- until this is stored, and what is written later takes it away.
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(20261124, hashtext(wanted));
        INSERT INTO public.otel_steps_search (task_id, part, first_step, last_step, grams)
        SELECT wanted, (place - 1) / steps_a_part, min(step_number), max(step_number),
            public.otel_steps_grams(array_agg(said))
        FROM (
            SELECT step_number, row_number() OVER (ORDER BY step_number) AS place, ARRAY[
                thinking, app, error_message, action::TEXT, action_result::TEXT, step_data::TEXT
            ] AS texts
            FROM public.task_steps WHERE task_id = wanted
        ) AS step
        CROSS JOIN LATERAL unnest(texts) AS said
        GROUP BY 2
        UNION ALL
        -- So that a task without steps is here, too.
        SELECT wanted, -1, 0, 0, '{}';
        indexed := indexed + 1;
        EXIT WHEN clock_timestamp() > statement_timestamp() + most_time;
    END LOOP;
    IF indexed = 0 THEN
        DELETE FROM public.otel_steps_search AS known WHERE NOT EXISTS (
            SELECT FROM public.tasks AS task WHERE task.task_id = known.task_id
        );
    END IF;
    RETURN indexed > 0;
END
$$;
