-- Returns tasks that are running though nothing has happened in them since a time. Where a reason is
-- given they are closed as interrupted, and with it their steps that are running; a task that goes on
-- after all moves forward from there.
CREATE OR REPLACE FUNCTION public.otel_steps_close_stale(
    before TIMESTAMPTZ, most INTEGER, reason TEXT
) RETURNS TEXT[]
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    found_tasks CONSTANT TEXT[] := ARRAY(
        SELECT task_id FROM public.tasks WHERE status = 'running' AND last_activity < before
        ORDER BY task_id LIMIT most
    );
    closed TEXT[];
BEGIN
    IF reason IS NULL THEN
        RETURN found_tasks;
    END IF;
    -- As a writer of these tasks does; see `otel_steps_ingest`.
    PERFORM pg_advisory_xact_lock(20261124, key)
    FROM (SELECT DISTINCT hashtext(id) AS key FROM unnest(found_tasks) AS id ORDER BY key) AS keys;
    WITH changed AS (
        UPDATE public.tasks
        SET status = 'interrupted', end_time = coalesce(end_time, last_activity)
        WHERE task_id = ANY (found_tasks) AND status = 'running' AND last_activity < before
        RETURNING task_id
    )
    SELECT array_agg(task_id) INTO closed FROM changed;
    UPDATE public.task_steps
    SET status = 'interrupted', success = false, error_kind = 'interrupted',
        error_message = coalesce(error_message, reason)
    WHERE task_id = ANY (closed) AND status = 'running';
    DELETE FROM public.otel_steps_search WHERE task_id = ANY (closed);
    DELETE FROM public.otel_steps_sums WHERE task_id = ANY (closed);
    PERFORM public.otel_steps_count(coalesce(closed, '{}'));
    RETURN found_tasks;
END
$$;
