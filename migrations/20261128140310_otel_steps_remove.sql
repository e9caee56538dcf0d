-- Removes rows of tasks, or the rows of their pictures alone, where a reason for that is given, all or
-- the spare ones only (see `otel_steps_remove_pictures`): so many as a moment allows. Returns {"removed", "kept", "steps"}: the tasks that are gone, those that stay,
-- as they run or something has happened in them since a time, and how many rows have gone. A task that
-- is in neither list is to be asked for again.
DROP FUNCTION IF EXISTS public.otel_steps_remove(TEXT[], TIMESTAMPTZ, TEXT);
CREATE OR REPLACE FUNCTION public.otel_steps_remove(
    wanted TEXT[], before TIMESTAMPTZ, reason TEXT, spare_only BOOLEAN
) RETURNS JSONB
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    until CONSTANT TIMESTAMPTZ := clock_timestamp() + INTERVAL '40 milliseconds';
    removed TEXT[] := '{}';
    kept TEXT[] := '{}';
    steps INTEGER := 0;
    task TEXT;
    gone INTEGER;
BEGIN
    FOREACH task IN ARRAY wanted LOOP
        EXIT WHEN clock_timestamp() > until;
        -- As a writer of the task does; one that is at it goes first.
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(20261124, hashtext(task));
        IF EXISTS (
            SELECT FROM public.tasks
            WHERE task_id = task AND (status = 'running' OR last_activity >= before)
        ) THEN
            kept := kept || task;
            CONTINUE;
        END IF;
        LOOP
            IF reason IS NULL THEN
                gone := public.otel_steps_remove_rows(task);
            ELSE
                gone := public.otel_steps_remove_pictures(task, reason, spare_only);
            END IF;
            steps := steps + greatest(gone, 0);
            EXIT WHEN gone < 0 OR clock_timestamp() > until;
        END LOOP;
        IF gone < 0 THEN
            removed := removed || task;
        END IF;
    END LOOP;
    RETURN jsonb_build_object('removed', removed, 'kept', kept, 'steps', steps);
END
$$;
