-- Stores a batch, {"tasks": [...], "task_steps": [...], "step_screenshots": [...],
-- "task_spans": [...]} with an object of column names and values for each row, and each row once:
-- all, or nothing. Returns {"stored", "known"}: how many tasks (those with a status), steps and
-- spans were new or moved on, and how many were known already. Which columns steps, spans and
-- pictures have, "columns" says, as `otel_steps_columns` reads it. A batch may be a JSON string that
-- holds one, as some clients send it.
--
-- What it costs is a matter of the batch, however many steps its tasks have: to the totals goes what
-- the batch has changed. Plans are kept for a session and may have been made while the tables were
-- small, so each row that is here already is looked up by its key; a join would read them all.
CREATE OR REPLACE FUNCTION public.otel_steps_ingest(batch JSONB) RETURNS JSONB
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    input CONSTANT JSONB :=
        CASE jsonb_typeof(batch) WHEN 'string' THEN (batch #>> '{}')::JSONB ELSE batch END;
    arrived INTEGER := coalesce(jsonb_array_length(input -> 'task_steps'), 0)
        + coalesce(jsonb_array_length(input -> 'task_spans'), 0);
    stored INTEGER := 0;
    changed INTEGER;
    touched TEXT[];
    columns TEXT;
    steps JSONB := input -> 'task_steps';
    month TEXT := '';
    same_month TEXT := '';
    change RECORD;
    task public.tasks;
    recounted TEXT[] := '{}';
    asleep TEXT[];
BEGIN
    IF input IS NULL OR jsonb_typeof(input) <> 'object' THEN
        RAISE 'a batch is an object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    touched := ARRAY(
        SELECT DISTINCT id
        FROM jsonb_array_elements_text(
            jsonb_path_query_array(input, 'lax $.tasks.task_id')
            || jsonb_path_query_array(input, 'lax $.task_steps.task_id')
        ) AS id
        WHERE id IS NOT NULL
    );
    -- One writer of a task at a time: each has to add to what the other has stored. In one order, so
    -- that two writers never wait for each other.
    PERFORM pg_advisory_xact_lock(20261124, key)
    FROM (SELECT DISTINCT hashtext(id) AS key FROM unnest(touched) AS id ORDER BY key) AS keys;

    -- What is indexed of them is not what they say any more, nor what they add up to. Of an archived
    -- task it stays, and so do its totals: its other steps are not here to be counted with these, which
    -- may be among them. Whoever puts it back counts.
    asleep := ARRAY(
        SELECT task_id FROM public.tasks WHERE task_id = ANY (touched) AND archived IS NOT NULL
    );
    DELETE FROM public.otel_steps_search WHERE task_id = ANY (touched) AND task_id <> ALL (asleep);
    DELETE FROM public.otel_steps_sums WHERE task_id = ANY (touched) AND task_id <> ALL (asleep);

    FOR task IN SELECT * FROM jsonb_populate_recordset(NULL::public.tasks, input -> 'tasks') LOOP
        arrived := arrived + (task.status IS NOT NULL)::INTEGER;
        INSERT INTO public.tasks (
            task_id, task_description, status, created_at, last_activity, end_time, result,
            error_message, config, agent, model, device_id, trace_id, resource, session,
            project, started_at
        ) VALUES (
            task.task_id, task.task_description, task.status, task.created_at, task.last_activity,
            task.end_time, task.result, task.error_message, task.config, task.agent, task.model,
            task.device_id, task.trace_id, task.resource, task.session, task.project,
            CASE WHEN task.status IS NOT NULL THEN task.created_at END
        )
        ON CONFLICT (task_id) DO NOTHING;
        IF FOUND THEN
            stored := stored + (task.status IS NOT NULL)::INTEGER;
            -- Steps of it may have been here before.
            recounted := recounted || task.task_id;
            CONTINUE;
        END IF;

        -- One without a status is known from its steps, and nobody has spoken for it.
        UPDATE public.tasks AS known SET (
            task_description, status, end_time, result, error_message, config, agent, model,
            device_id, trace_id, resource, session, project, started_at
        ) = ROW (
            task.task_description, task.status, task.end_time, task.result, task.error_message,
            task.config, task.agent, task.model, task.device_id, task.trace_id, task.resource,
            task.session, task.project, task.created_at
        )
        WHERE known.task_id = task.task_id AND task.status IS NOT NULL AND (
            known.status IS NULL
            OR (known.trace_id IS NOT DISTINCT FROM task.trace_id
                AND public.otel_steps_moves_forward(known.status, task.status))
            -- In one trace, the span that began first has called the other.
            OR (known.trace_id IS NOT DISTINCT FROM task.trace_id
                AND task.status <> 'running'
                AND NOT public.otel_steps_moves_forward(task.status, known.status)
                AND task.created_at < known.started_at)
            -- In another trace, a later span with this task's id starts the task anew, whatever
            -- the earlier one said.
            OR (known.trace_id IS DISTINCT FROM task.trace_id
                AND task.created_at > coalesce(known.started_at, known.created_at))
        );
        GET DIAGNOSTICS changed = ROW_COUNT;
        stored := stored + changed;

        -- What a span that is here already says when it is told again, with what was heard since;
        -- of a task that nobody speaks for, only how it may be called.
        UPDATE public.tasks AS known
        SET task_description = coalesce(
                CASE WHEN task.status IS NULL THEN known.task_description END,
                task.task_description, known.task_description),
            result = coalesce(task.result, known.result),
            agent = coalesce(task.agent, known.agent),
            model = coalesce(task.model, known.model)
        WHERE known.task_id = task.task_id
            AND known.trace_id IS NOT DISTINCT FROM task.trace_id
            AND known.status IS NOT DISTINCT FROM task.status
            AND known.end_time IS NOT DISTINCT FROM task.end_time
            AND (task.status IS NULL OR known.started_at = task.created_at)
            AND (known.task_description, known.result, known.agent, known.model)
                IS DISTINCT FROM (
                    coalesce(CASE WHEN task.status IS NULL THEN known.task_description END,
                        task.task_description, known.task_description),
                    coalesce(task.result, known.result),
                    coalesce(task.agent, known.agent),
                    coalesce(task.model, known.model));

        UPDATE public.tasks AS known
        SET created_at = least(known.created_at, task.created_at),
            last_activity = greatest(known.last_activity, task.last_activity)
        WHERE known.task_id = task.task_id
            AND (known.created_at, known.last_activity) IS DISTINCT FROM
                (least(known.created_at, task.created_at),
                 greatest(known.last_activity, task.last_activity));
    END LOOP;

    IF input #> '{task_steps,0}' IS NOT NULL THEN
        columns := public.otel_steps_columns(input, 'task_steps');
        -- Of a table by months the month is a part of the key; see `monthly-partitions`.
        IF public.otel_steps_is_by_month() THEN
            steps := public.otel_steps_in_months(steps);
            month := ', month';
            same_month := 'AND task_steps.month = arriving.month';
        END IF;
        FOR change IN EXECUTE format($steps$
            WITH arriving AS MATERIALIZED (
                SELECT * FROM jsonb_populate_recordset(NULL::public.task_steps, $1)
            ), known AS MATERIALIZED (
                SELECT before.*
                FROM arriving CROSS JOIN LATERAL (
                    SELECT id, task_id, success, duration_ms, coalesce(ended_at, started_at) AS last_at
                    FROM public.task_steps WHERE task_steps.id = arriving.id %4$s
                    LIMIT 1
                ) AS before
            ), changed AS (
                INSERT INTO public.task_steps AS known (%1$s%3$s)
                SELECT %1$s%3$s FROM arriving
                ON CONFLICT (id%3$s) DO UPDATE SET (%1$s) = ROW (excluded.%2$s)
                WHERE public.otel_steps_moves_forward(known.status, excluded.status)
                RETURNING id, task_id, success, duration_ms, coalesce(ended_at, started_at) AS last_at
            ), difference AS (
                SELECT task_id, 1 AS sign, success, duration_ms, last_at FROM changed
                UNION ALL
                SELECT known.task_id, -1, known.success, known.duration_ms, known.last_at
                FROM known JOIN changed USING (id)
            )
            SELECT task_id,
                sum(sign) AS steps,
                coalesce(sum(sign) FILTER (WHERE success), 0) AS successful,
                coalesce(sum(sign) FILTER (WHERE NOT success), 0) AS failed,
                coalesce(sum(sign * duration_ms::BIGINT), 0) AS duration_ms,
                max(last_at) FILTER (WHERE sign > 0) AS last_at,
                max(last_at) FILTER (WHERE sign < 0) AS former_last_at,
                count(*) FILTER (WHERE sign > 0) AS moved
            FROM difference
            GROUP BY task_id
            ORDER BY task_id
        $steps$, columns, replace(columns, ', ', ', excluded.'), month, same_month) USING steps
        LOOP
            stored := stored + change.moved;
            -- The latest of those that are left, and what did not fit into a total, is nowhere but in
            -- the steps.
            IF change.former_last_at > coalesce(change.last_at, '-infinity') OR change.duration_ms < 0
            THEN
                recounted := recounted || change.task_id;
            END IF;
            UPDATE public.tasks
            SET total_steps = coalesce(total_steps, 0) + change.steps,
                successful_steps = coalesce(successful_steps, 0) + change.successful,
                failed_steps = coalesce(failed_steps, 0) + change.failed,
                -- A total that is too long for its column must not refuse a step.
                total_duration_ms =
                    least(coalesce(total_duration_ms, 0) + change.duration_ms, 2147483647),
                last_step_at = greatest(last_step_at, change.last_at),
                has_detailed_steps = coalesce(total_steps, 0) + change.steps > 0,
                last_activity = greatest(last_activity, change.last_at)
            WHERE task_id = change.task_id AND change.task_id <> ALL (recounted)
                AND change.task_id <> ALL (asleep);
        END LOOP;
    END IF;
    PERFORM public.otel_steps_count(recounted);

    IF input #> '{task_spans,0}' IS NOT NULL THEN
        columns := public.otel_steps_columns(input, 'task_spans');
        EXECUTE format($spans$
            INSERT INTO public.task_spans AS known (%1$s)
            SELECT %1$s FROM jsonb_populate_recordset(NULL::public.task_spans, $1 -> 'task_spans')
            ON CONFLICT (trace_id, span_id) DO UPDATE SET (%1$s) = ROW (excluded.%2$s)
            WHERE known.ended_at IS NULL
        $spans$, columns, replace(columns, ', ', ', excluded.')) USING input;
        GET DIAGNOSTICS changed = ROW_COUNT;
        stored := stored + changed;
    END IF;

    IF input #> '{step_screenshots,0}' IS NOT NULL THEN
        -- The same picture of the same step; it may have been uploaded since.
        EXECUTE format($screenshots$
            INSERT INTO public.step_screenshots AS known (%1$s)
            SELECT %1$s
            FROM jsonb_populate_recordset(NULL::public.step_screenshots, $1 -> 'step_screenshots')
            ON CONFLICT (id) DO UPDATE SET remote_url = excluded.remote_url
            WHERE known.remote_url IS NULL AND excluded.remote_url IS NOT NULL
        $screenshots$, public.otel_steps_columns(input, 'step_screenshots')) USING input;
    END IF;

    RETURN jsonb_build_object('stored', stored, 'known', arrived - stored);
END
$$;
