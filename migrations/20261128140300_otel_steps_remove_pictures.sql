-- Removes some rows of pictures of a task, and says in their steps why they have none; where no such
-- row is left, it takes the pictures out of the attributes of spans and steps. Where only the spare ones
-- are to go, those of steps that have failed stay, and of the first and the last step that has one,
-- with what the spans below them name. Returns how many rows, -1 at the end. `otel_steps_remove` holds the lock of the task's writers.
DROP FUNCTION IF EXISTS public.otel_steps_remove_pictures(TEXT, TEXT);
CREATE OR REPLACE FUNCTION public.otel_steps_remove_pictures(task TEXT, reason TEXT, spare_only BOOLEAN)
RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    spare CONSTANT UUID[] := CASE WHEN spare_only THEN ARRAY(
        WITH shown AS (
            SELECT id, step_number, started_at FROM public.task_steps AS step
            WHERE task_id = task AND (
                attributes ? 'otel_steps.span.pictures' OR EXISTS (
                    SELECT FROM public.step_screenshots AS shot WHERE shot.step_id = step.id
                )
            )
        )
        SELECT id FROM public.task_steps AS step
        WHERE task_id = task AND success IS DISTINCT FROM false AND id NOT IN (
            (SELECT id FROM shown ORDER BY step_number, started_at NULLS FIRST, id LIMIT 1)
            UNION ALL
            (SELECT id FROM shown ORDER BY step_number DESC, started_at DESC NULLS LAST, id DESC
                LIMIT 1)
        )
    ) END;
    shots CONSTANT UUID[] := ARRAY(
        SELECT id FROM public.step_screenshots
        WHERE task_id = task AND (NOT spare_only OR step_id = ANY (spare)) LIMIT 100
    );
    steps UUID[];
    paths TEXT[];
    owners TEXT[];
BEGIN
    -- What is told from the pictures is not so any more.
    UPDATE public.otel_steps_sums SET rules = NULL, flags = NULL, card = NULL
    WHERE task_id = task AND action = '' AND rules IS NOT NULL;

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

    WITH RECURSIVE below (trace_id, span_id) AS (
        SELECT trace_id, span_id FROM public.task_steps WHERE spare_only AND id = ANY (spare)
        UNION
        SELECT span.trace_id, span.span_id
        FROM below JOIN public.task_spans AS span
            ON span.trace_id = below.trace_id AND span.parent_span_id = below.span_id
        WHERE span.task_id IS NULL OR span.task_id = task
    ), emptied AS (
        UPDATE public.task_spans AS span
        SET attributes = attributes - 'otel_steps.span.pictures'
        WHERE trace_id = ANY (ARRAY(
                SELECT DISTINCT trace_id FROM public.task_steps
                WHERE task_id = task AND trace_id IS NOT NULL
            ))
            AND (task_id IS NULL OR task_id = task)
            AND (NOT spare_only OR (trace_id, span_id) IN (SELECT * FROM below))
            AND attributes ? 'otel_steps.span.pictures'
            -- What is in a trace with another task may be that one's.
            AND (spare_only OR NOT EXISTS (
                SELECT FROM public.tasks AS other
                WHERE left(other.trace_id, 40) = left(span.trace_id, 40)
                    AND other.trace_id = span.trace_id AND other.task_id <> task
            ))
        RETURNING concat(trace_id, '/', span_id) AS owner
    ), emptied_steps AS (
        UPDATE public.task_steps SET attributes = attributes - 'otel_steps.span.pictures'
        WHERE task_id = task AND attributes ? 'otel_steps.span.pictures'
            AND (NOT spare_only OR id = ANY (spare))
        RETURNING id::TEXT AS owner
    )
    SELECT array_agg(owner) INTO owners
    FROM (SELECT owner FROM emptied UNION ALL SELECT owner FROM emptied_steps) AS each;
    PERFORM public.otel_steps_disown('{}', owners);
    RETURN -1;
END
$$;
