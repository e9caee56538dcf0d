-- Lets go of rows of a task that are in the archive, at a place, and notes that place. Only those that
-- are named go, and only where nothing has changed since they were read: the task is of the version
-- that was seen, does not run, and nothing has happened in it since a time. What its steps add up to
-- and what is indexed of them stays. Returns the new version, NULL where nothing has gone.
CREATE OR REPLACE FUNCTION public.otel_steps_let_go(
    task TEXT, place TEXT, before TIMESTAMPTZ, seen TEXT,
    steps UUID[], shots UUID[], traces TEXT[], spans TEXT[]
) RETURNS TEXT
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    owners TEXT[];
    paths TEXT[];
BEGIN
    -- As a writer of the task does; see `otel_steps_ingest`.
    PERFORM pg_advisory_xact_lock(20261124, hashtext(task));
    IF public.otel_steps_version(task) IS DISTINCT FROM seen OR NOT EXISTS (
        SELECT FROM public.tasks
        WHERE task_id = task AND coalesce(status, '') <> 'running'
            AND coalesce(last_activity, created_at) < before
            AND coalesce(archived, place) = place
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE public.tasks SET archived = place WHERE task_id = task AND archived IS NULL;
    IF FOUND THEN
        -- All of its steps are still here.
        PERFORM public.otel_steps_keep(task);
    END IF;
    WITH gone AS (
        DELETE FROM public.task_spans AS span USING unnest(traces, spans) AS named (trace, id)
        WHERE span.trace_id = named.trace AND span.span_id = named.id
            -- One that goes on may say more.
            AND span.ended_at IS NOT NULL
            -- What is in a trace with another task may be that one's.
            AND (span.task_id = task OR span.task_id IS NULL AND NOT EXISTS (
                SELECT FROM public.tasks AS other
                WHERE left(other.trace_id, 40) = left(span.trace_id, 40)
                    AND other.trace_id = span.trace_id AND other.task_id <> task
            ))
        RETURNING span.trace_id, span.span_id
    )
    SELECT array_agg(concat(trace_id, '/', span_id)) INTO owners FROM gone;
    WITH gone AS (
        DELETE FROM public.step_screenshots WHERE id = ANY (shots) AND task_id = task
        RETURNING screenshot_path
    )
    SELECT array_agg(screenshot_path) INTO paths FROM gone;
    PERFORM public.otel_steps_disown(paths, owners || steps::TEXT[]);
    DELETE FROM public.task_steps WHERE id = ANY (steps) AND task_id = task;
    RETURN public.otel_steps_version(task);
END
$$;
