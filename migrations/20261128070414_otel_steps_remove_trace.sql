-- Removes the spans that are left of a task in a trace that no other task is in.
CREATE OR REPLACE FUNCTION public.otel_steps_remove_trace(task TEXT, trace TEXT) RETURNS VOID
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    owners TEXT[];
BEGIN
    IF EXISTS (
        SELECT FROM public.tasks
        WHERE left(trace_id, 40) = left(trace, 40) AND trace_id = trace AND task_id <> task
    ) THEN
        RETURN;
    END IF;
    WITH gone AS (
        DELETE FROM public.task_spans
        WHERE trace_id = trace AND (task_id IS NULL OR task_id = task)
        RETURNING trace_id, span_id
    )
    SELECT array_agg(concat(trace_id, '/', span_id)) INTO owners FROM gone;
    PERFORM public.otel_steps_disown('{}', owners);
END
$$;
