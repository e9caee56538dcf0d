-- Removes some steps of a task with their pictures and the spans below them; where none is left, the
-- rest. Returns how many steps, -1 once the task is gone. The row of the task goes last, so what was
-- cut off in the middle is found again. `otel_steps_remove` holds the lock of the task's writers.
CREATE OR REPLACE FUNCTION public.otel_steps_remove_rows(task TEXT) RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    steps CONSTANT UUID[] := ARRAY(
        SELECT id FROM public.task_steps WHERE task_id = task
        ORDER BY step_number, started_at LIMIT 100
    );
    own_trace CONSTANT TEXT := (SELECT trace_id FROM public.tasks WHERE task_id = task);
    traces TEXT[];
    trace TEXT;
    owners TEXT[];
    paths TEXT[];
BEGIN
    -- What is indexed of it is not what it says any more.
    DELETE FROM public.otel_steps_search WHERE task_id = task;
    DELETE FROM public.otel_steps_sums WHERE task_id = task;

    IF cardinality(steps) = 0 THEN
        WITH gone AS (
            DELETE FROM public.step_screenshots WHERE task_id = task RETURNING screenshot_path
        )
        SELECT array_agg(screenshot_path) INTO paths FROM gone;
        WITH gone AS (
            DELETE FROM public.task_spans WHERE task_id = task RETURNING trace_id, span_id
        )
        SELECT array_agg(concat(trace_id, '/', span_id)) INTO owners FROM gone;
        PERFORM public.otel_steps_disown(paths, owners);
        PERFORM public.otel_steps_remove_trace(task, own_trace);
        DELETE FROM public.tasks WHERE task_id = task;
        RETURN -1;
    END IF;

    WITH RECURSIVE below (trace_id, span_id) AS (
        SELECT trace_id, span_id FROM public.task_steps WHERE id = ANY (steps)
        UNION
        SELECT span.trace_id, span.span_id
        FROM below JOIN public.task_spans AS span
            ON span.trace_id = below.trace_id AND span.parent_span_id = below.span_id
        WHERE span.task_id IS NULL OR span.task_id = task
    ), gone AS (
        DELETE FROM public.task_spans AS span USING below
        WHERE span.trace_id = below.trace_id AND span.span_id = below.span_id
        RETURNING span.trace_id, span.span_id
    )
    SELECT array_agg(concat(trace_id, '/', span_id)) INTO owners FROM gone;

    WITH gone AS (
        DELETE FROM public.step_screenshots WHERE step_id = ANY (steps) RETURNING screenshot_path
    )
    SELECT array_agg(screenshot_path) INTO paths FROM gone;
    PERFORM public.otel_steps_disown(paths, owners || steps::TEXT[]);

    WITH gone AS (
        DELETE FROM public.task_steps WHERE id = ANY (steps)
        RETURNING success, duration_ms, trace_id
    ), sums AS (
        SELECT count(*) AS steps,
            count(*) FILTER (WHERE success) AS successful,
            count(*) FILTER (WHERE NOT success) AS failed,
            coalesce(sum(duration_ms), 0) AS duration_ms
        FROM gone
    ), counted AS (
        UPDATE public.tasks SET
            total_steps = greatest(total_steps - sums.steps, 0),
            successful_steps = greatest(successful_steps - sums.successful, 0),
            failed_steps = greatest(failed_steps - sums.failed, 0),
            total_duration_ms = greatest(total_duration_ms - sums.duration_ms, 0)
        FROM sums WHERE task_id = task
    )
    SELECT array_agg(DISTINCT trace_id) INTO traces FROM gone
    WHERE trace_id IS DISTINCT FROM own_trace;

    IF to_regclass('public.otel_steps_step_months') IS NOT NULL THEN
        DELETE FROM public.otel_steps_step_months WHERE id = ANY (steps);
    END IF;

    -- A task whose id was used again has been in other traces before.
    FOREACH trace IN ARRAY coalesce(traces, '{}') LOOP
        IF NOT EXISTS (
            SELECT FROM public.task_steps WHERE task_id = task AND trace_id = trace
        ) THEN
            PERFORM public.otel_steps_remove_trace(task, trace);
        END IF;
    END LOOP;
    RETURN cardinality(steps);
END
$$;
