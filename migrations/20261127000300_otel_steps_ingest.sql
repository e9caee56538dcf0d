-- Stores a batch, {"tasks": [...], "task_steps": [...], "step_screenshots": [...],
-- "task_spans": [...]} with an object of column names and values for each row: all, or nothing.
-- Returns {"stored", "known"}: how many tasks (those with a status), steps and spans were new or
-- moved on, and how many were known already. A batch may be a JSON string that holds one, as some
-- clients send it.
CREATE OR REPLACE FUNCTION public.otel_steps_ingest(batch JSONB) RETURNS JSONB
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    input CONSTANT JSONB :=
        CASE jsonb_typeof(batch) WHEN 'string' THEN (batch #>> '{}')::JSONB ELSE batch END;
    touched TEXT[];
    task public.tasks;
    step public.task_steps;
    screenshot public.step_screenshots;
    span public.task_spans;
    spans INTEGER := 0;
    stored INTEGER := 0;
    changed INTEGER;
BEGIN
    IF input IS NULL OR jsonb_typeof(input) <> 'object' THEN
        RAISE 'a batch is an object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    touched := ARRAY(
        SELECT DISTINCT task_id FROM (
            SELECT task_id FROM jsonb_populate_recordset(NULL::public.tasks, input -> 'tasks')
            UNION ALL
            SELECT task_id
            FROM jsonb_populate_recordset(NULL::public.task_steps, input -> 'task_steps')
        ) AS rows
        WHERE task_id IS NOT NULL
    );
    -- One writer of a task at a time: each has to count what the other has stored. In one order,
    -- so that two writers never wait for each other.
    PERFORM pg_advisory_xact_lock(20261124, key)
    FROM (SELECT DISTINCT hashtext(id) AS key FROM unnest(touched) AS id ORDER BY key) AS keys;

    FOR task IN
        SELECT * FROM jsonb_populate_recordset(NULL::public.tasks, input -> 'tasks')
        WHERE status IS NOT NULL
    LOOP
        INSERT INTO public.tasks AS known (
            task_id, task_description, status, created_at, last_activity, end_time, result,
            error_message, config, agent, model, device_id, trace_id, resource, started_at
        ) VALUES (
            task.task_id, task.task_description, task.status, task.created_at, task.last_activity,
            task.end_time, task.result, task.error_message, task.config, task.agent, task.model,
            task.device_id, task.trace_id, task.resource, task.created_at
        )
        ON CONFLICT (task_id) DO UPDATE SET (
            task_description, status, end_time, result, error_message, config, agent, model,
            device_id, trace_id, resource, started_at
        ) = ROW (
            excluded.task_description, excluded.status, excluded.end_time, excluded.result,
            excluded.error_message, excluded.config, excluded.agent, excluded.model,
            excluded.device_id, excluded.trace_id, excluded.resource, excluded.started_at
        )
        -- In another trace, a later span with this task's id starts the task anew, whatever the
        -- earlier one said.
        WHERE known.status IS NULL
            OR (excluded.trace_id IS NOT DISTINCT FROM known.trace_id
                AND public.otel_steps_moves_forward(known.status, excluded.status))
            OR (excluded.trace_id IS DISTINCT FROM known.trace_id
                AND excluded.started_at > coalesce(known.started_at, known.created_at));
        GET DIAGNOSTICS changed = ROW_COUNT;
        stored := stored + changed;
        spans := spans + 1;
    END LOOP;

    -- Nobody has spoken for these tasks; they are known from their steps.
    INSERT INTO public.tasks (
        task_id, task_description, status, created_at, last_activity, end_time, result,
        error_message, config, agent, model, device_id, trace_id, resource
    )
    SELECT
        task_id, task_description, status, created_at, last_activity, end_time, result,
        error_message, config, agent, model, device_id, trace_id, resource
    FROM jsonb_populate_recordset(NULL::public.tasks, input -> 'tasks')
    WHERE status IS NULL
    ON CONFLICT (task_id) DO NOTHING;

    UPDATE public.tasks AS known
    SET created_at = least(known.created_at, life.created_at),
        last_activity = greatest(known.last_activity, life.last_activity)
    FROM (
        SELECT task_id, min(created_at) AS created_at, max(last_activity) AS last_activity
        FROM jsonb_populate_recordset(NULL::public.tasks, input -> 'tasks')
        GROUP BY task_id
    ) AS life
    WHERE known.task_id = life.task_id
        AND (known.created_at, known.last_activity) IS DISTINCT FROM
            (least(known.created_at, life.created_at),
             greatest(known.last_activity, life.last_activity));

    FOR step IN
        SELECT * FROM jsonb_populate_recordset(NULL::public.task_steps, input -> 'task_steps')
    LOOP
        INSERT INTO public.task_steps AS known (
            id, task_id, step_number, step_type, step_data, thinking, action_result,
            screenshot_path, duration_ms, success, error_message, created_at, screenshot_url,
            status, error_kind, app, action, started_at, ended_at, trace_id, span_id,
            parent_span_id, timings, attributes, resource
        ) VALUES (
            step.id, step.task_id, step.step_number, step.step_type, step.step_data, step.thinking,
            step.action_result, step.screenshot_path, step.duration_ms, step.success,
            step.error_message, step.created_at, step.screenshot_url, step.status, step.error_kind,
            step.app, step.action, step.started_at, step.ended_at, step.trace_id, step.span_id,
            step.parent_span_id, step.timings, step.attributes, step.resource
        )
        ON CONFLICT (id) DO UPDATE SET (
            task_id, step_number, step_type, step_data, thinking, action_result, screenshot_path,
            duration_ms, success, error_message, created_at, screenshot_url, status, error_kind,
            app, action, started_at, ended_at, trace_id, span_id, parent_span_id, timings,
            attributes, resource
        ) = ROW (
            excluded.task_id, excluded.step_number, excluded.step_type, excluded.step_data,
            excluded.thinking, excluded.action_result, excluded.screenshot_path,
            excluded.duration_ms, excluded.success, excluded.error_message, excluded.created_at,
            excluded.screenshot_url, excluded.status, excluded.error_kind, excluded.app,
            excluded.action, excluded.started_at, excluded.ended_at, excluded.trace_id,
            excluded.span_id, excluded.parent_span_id, excluded.timings, excluded.attributes,
            excluded.resource
        )
        WHERE public.otel_steps_moves_forward(known.status, excluded.status);
        GET DIAGNOSTICS changed = ROW_COUNT;
        stored := stored + changed;
        spans := spans + 1;
    END LOOP;

    FOR span IN
        SELECT * FROM jsonb_populate_recordset(NULL::public.task_spans, input -> 'task_spans')
    LOOP
        INSERT INTO public.task_spans AS known (
            trace_id, span_id, parent_span_id, task_id, name, kind, started_at, ended_at,
            duration_ms, status_code, status_message, attributes, events, links, scope
        ) VALUES (
            span.trace_id, span.span_id, span.parent_span_id, span.task_id, span.name, span.kind,
            span.started_at, span.ended_at, span.duration_ms, span.status_code, span.status_message,
            span.attributes, span.events, span.links, span.scope
        )
        ON CONFLICT (trace_id, span_id) DO UPDATE SET (
            parent_span_id, task_id, name, kind, started_at, ended_at, duration_ms, status_code,
            status_message, attributes, events, links, scope
        ) = ROW (
            excluded.parent_span_id, excluded.task_id, excluded.name, excluded.kind,
            excluded.started_at, excluded.ended_at, excluded.duration_ms, excluded.status_code,
            excluded.status_message, excluded.attributes, excluded.events, excluded.links,
            excluded.scope
        )
        WHERE known.ended_at IS NULL;
        GET DIAGNOSTICS changed = ROW_COUNT;
        stored := stored + changed;
        spans := spans + 1;
    END LOOP;

    FOR screenshot IN
        SELECT *
        FROM jsonb_populate_recordset(NULL::public.step_screenshots, input -> 'step_screenshots')
    LOOP
        INSERT INTO public.step_screenshots AS known (
            id, task_id, step_id, screenshot_path, file_size, file_hash, compressed, metadata,
            created_at, remote_url, width, height, mime_type, phash, sensitive
        ) VALUES (
            screenshot.id, screenshot.task_id, screenshot.step_id, screenshot.screenshot_path,
            screenshot.file_size, screenshot.file_hash, screenshot.compressed, screenshot.metadata,
            screenshot.created_at, screenshot.remote_url, screenshot.width, screenshot.height,
            screenshot.mime_type, screenshot.phash, screenshot.sensitive
        )
        -- The same picture of the same step; it may have been uploaded since.
        ON CONFLICT (id) DO UPDATE SET remote_url = excluded.remote_url
        WHERE known.remote_url IS NULL AND excluded.remote_url IS NOT NULL;
    END LOOP;

    PERFORM public.otel_steps_count(touched);
    RETURN jsonb_build_object('stored', stored, 'known', spans - stored);
END
$$;
