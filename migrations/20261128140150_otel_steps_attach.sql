-- Gives steps that are stored the pictures that have arrived since. The batch is as that of
-- otel_steps_ingest, {"task_steps": [...], "step_screenshots": [...]}; of a step it needs id,
-- task_id, status, screenshot_path, screenshot_url and attributes, which say why where there will be
-- no picture. A step that is not here, is here with another status or has its picture stays as it
-- is. Returns the number of steps in the batch.
CREATE OR REPLACE FUNCTION public.otel_steps_attach(batch JSONB) RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    input CONSTANT JSONB :=
        CASE jsonb_typeof(batch) WHEN 'string' THEN (batch #>> '{}')::JSONB ELSE batch END;
    step public.task_steps;
BEGIN
    IF input IS NULL OR jsonb_typeof(input -> 'task_steps') IS DISTINCT FROM 'array' THEN
        RAISE 'a batch has an array of task_steps' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- One writer of a task at a time and in one order, as in otel_steps_ingest.
    PERFORM pg_advisory_xact_lock(20261124, key)
    FROM (
        SELECT DISTINCT hashtext(task_id) AS key
        FROM jsonb_populate_recordset(NULL::public.task_steps, input -> 'task_steps')
        ORDER BY key
    ) AS keys;

    -- One after the other, so that each is looked up by its key; see otel_steps_ingest.
    FOR step IN
        SELECT * FROM jsonb_populate_recordset(NULL::public.task_steps, input -> 'task_steps')
    LOOP
        UPDATE public.task_steps
        SET screenshot_path = step.screenshot_path,
            screenshot_url = step.screenshot_url,
            attributes = step.attributes
        WHERE id = step.id AND status IS NOT DISTINCT FROM step.status AND screenshot_path IS NULL;
    END LOOP;

    -- What is told from the pictures is not so any more.
    UPDATE public.otel_steps_sums SET rules = NULL, flags = NULL, card = NULL
    WHERE action = '' AND rules IS NOT NULL AND task_id IN (
        SELECT task_id FROM jsonb_populate_recordset(NULL::public.task_steps, input -> 'task_steps')
    );

    IF input #> '{step_screenshots,0}' IS NOT NULL THEN
        EXECUTE format($screenshots$
            INSERT INTO public.step_screenshots AS known (%1$s)
            SELECT %1$s
            FROM jsonb_populate_recordset(
                NULL::public.step_screenshots, $1 -> 'step_screenshots'
            ) AS arriving
            WHERE EXISTS (SELECT FROM public.task_steps WHERE task_steps.id = arriving.step_id)
            ON CONFLICT (id) DO UPDATE SET remote_url = excluded.remote_url
            WHERE known.remote_url IS NULL AND excluded.remote_url IS NOT NULL
        $screenshots$, public.otel_steps_columns(input, 'step_screenshots')) USING input;
        -- Pictures of steps that have been removed meanwhile.
        PERFORM public.otel_steps_disown(ARRAY(
            SELECT arriving.screenshot_path
            FROM jsonb_populate_recordset(
                NULL::public.step_screenshots, input -> 'step_screenshots'
            ) AS arriving
            WHERE NOT EXISTS (
                SELECT FROM public.task_steps WHERE task_steps.id = arriving.step_id
            )
        ), '{}');
    END IF;

    RETURN jsonb_array_length(input -> 'task_steps');
END
$$;
