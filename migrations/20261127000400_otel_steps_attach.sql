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

    UPDATE public.task_steps AS known
    SET screenshot_path = arriving.screenshot_path,
        screenshot_url = arriving.screenshot_url,
        attributes = arriving.attributes
    FROM jsonb_populate_recordset(NULL::public.task_steps, input -> 'task_steps') AS arriving
    WHERE known.id = arriving.id
        AND known.status IS NOT DISTINCT FROM arriving.status
        AND known.screenshot_path IS NULL;

    INSERT INTO public.step_screenshots AS known (
        id, task_id, step_id, screenshot_path, file_size, file_hash, compressed, metadata,
        created_at, remote_url, width, height, mime_type, phash, sensitive
    )
    SELECT
        id, task_id, step_id, screenshot_path, file_size, file_hash, compressed, metadata,
        created_at, remote_url, width, height, mime_type, phash, sensitive
    FROM jsonb_populate_recordset(
        NULL::public.step_screenshots, input -> 'step_screenshots'
    ) AS arriving
    WHERE EXISTS (SELECT FROM public.task_steps WHERE task_steps.id = arriving.step_id)
    ON CONFLICT (id) DO UPDATE SET remote_url = excluded.remote_url
    WHERE known.remote_url IS NULL AND excluded.remote_url IS NOT NULL;

    RETURN jsonb_array_length(input -> 'task_steps');
END
$$;
