-- Removes some rows of pictures of a task, and says in their steps why they have none; where no such
-- row is left, it takes the pictures out of the attributes of spans and steps. Returns how many rows,
-- -1 at the end. `otel_steps_remove` holds the lock of the task's writers.
CREATE OR REPLACE FUNCTION public.otel_steps_remove_pictures(task TEXT, reason TEXT)
RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    shots CONSTANT UUID[] := ARRAY(
        SELECT id FROM public.step_screenshots WHERE task_id = task LIMIT 100
    );
    steps UUID[];
    paths TEXT[];
    owners TEXT[];
BEGIN
    IF cardinality(shots) > 0 THEN
        WITH gone AS (
            DELETE FROM public.step_screenshots WHERE id = ANY (shots)
            RETURNING step_id, screenshot_path
        )
        SELECT array_agg(DISTINCT step_id), array_agg(screenshot_path) INTO steps, paths FROM gone;
        PERFORM public.otel_steps_disown(paths, '{}');
        UPDATE public.task_steps
        SET screenshot_path = NULL, screenshot_url = NULL,
            attributes = coalesce(attributes, '{}')
                || jsonb_build_object('otel_steps.screenshot.error', reason)
        WHERE id = ANY (steps) AND screenshot_path IS NOT NULL;
        RETURN cardinality(shots);
    END IF;

    WITH emptied AS (
        UPDATE public.task_spans AS span
        SET attributes = attributes - 'otel_steps.span.pictures'
        WHERE trace_id = ANY (ARRAY(
                SELECT DISTINCT trace_id FROM public.task_steps
                WHERE task_id = task AND trace_id IS NOT NULL
            ))
            AND (task_id IS NULL OR task_id = task)
            AND attributes ? 'otel_steps.span.pictures'
            -- What is in a trace with another task may be that one's.
            AND NOT EXISTS (
                SELECT FROM public.tasks AS other
                WHERE left(other.trace_id, 40) = left(span.trace_id, 40)
                    AND other.trace_id = span.trace_id AND other.task_id <> task
            )
        RETURNING concat(trace_id, '/', span_id) AS owner
    ), emptied_steps AS (
        UPDATE public.task_steps SET attributes = attributes - 'otel_steps.span.pictures'
        WHERE task_id = task AND attributes ? 'otel_steps.span.pictures'
        RETURNING id::TEXT AS owner
    )
    SELECT array_agg(owner) INTO owners
    FROM (SELECT owner FROM emptied UNION ALL SELECT owner FROM emptied_steps) AS each;
    PERFORM public.otel_steps_disown('{}', owners);
    RETURN -1;
END
$$;
