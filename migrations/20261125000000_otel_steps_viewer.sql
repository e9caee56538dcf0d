-- What a viewer asks of the database, each question one call: it may be far away. The rules of what
-- is found are here, and every client that speaks to this database goes by them. Only the owner and
-- the service may call these functions. Run it again at will.

-- Finds the steps, of some tasks or of all (NULL), that have a text: by a pattern for what is text,
-- and by one for what is JSON.
CREATE OR REPLACE FUNCTION public.otel_steps_with_text(
    wanted TEXT[], pattern TEXT, json_pattern TEXT
) RETURNS TABLE (task_id TEXT, id UUID, step_number INTEGER, started_at TIMESTAMPTZ)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    RETURN QUERY
    SELECT step.task_id, step.id, step.step_number, step.started_at
    FROM public.task_steps AS step
    WHERE (wanted IS NULL OR step.task_id = ANY (wanted)) AND (
        step.thinking ILIKE pattern OR step.app ILIKE pattern OR step.error_message ILIKE pattern
        OR step.action::TEXT ILIKE json_pattern OR step.action_result::TEXT ILIKE json_pattern
        OR step.step_data::TEXT ILIKE json_pattern
    );
END
$$;

-- Finds tasks. Of the query, `sort`, `descending`, `limit` and `offset` are always there; `pattern`,
-- `json_pattern`, `status` (a list), `app`, `model`, `device`, `tag`, `since` and `until` narrow the
-- list down. Returns {"tasks": rows, "total", "hits": task id -> number of the first step found}.
CREATE OR REPLACE FUNCTION public.otel_steps_find_tasks(query JSONB) RETURNS JSONB
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    sort CONSTANT TEXT := query ->> 'sort';
    direction CONSTANT TEXT :=
        CASE WHEN (query ->> 'descending')::BOOLEAN THEN 'DESC' ELSE 'ASC' END;
    -- To look for a text in all steps is faster than to look for those of all tasks.
    is_narrowed CONSTANT BOOLEAN := query ?| ARRAY[
        'status', 'app', 'model', 'device', 'tag', 'since', 'until'
    ];
    answer JSONB;
BEGIN
    IF coalesce(sort, '') NOT IN (
        'created_at', 'last_activity', 'total_steps', 'failed_steps', 'total_duration_ms', 'status'
    ) THEN
        RAISE 'tasks cannot be sorted by %', sort USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format(
        $question$
        WITH passing AS MATERIALIZED (
            SELECT task_id FROM public.tasks
            WHERE ($1 -> 'status' IS NULL OR $1 -> 'status' ? coalesce(status, 'unknown'))
                AND ($1 ->> 'app' IS NULL OR task_id IN (
                    SELECT step.task_id FROM public.task_steps AS step
                    WHERE step.app IS NOT NULL AND left(step.app, 200) = left($1 ->> 'app', 200)
                ))
                AND ($1 ->> 'model' IS NULL OR left(model, 200) = left($1 ->> 'model', 200))
                AND ($1 ->> 'device' IS NULL OR left(device_id, 200) = left($1 ->> 'device', 200))
                AND ($1 ->> 'tag' IS NULL OR (tags IS NOT NULL AND tags ? ($1 ->> 'tag')))
                AND ($1 ->> 'since' IS NULL OR created_at >= ($1 ->> 'since')::TIMESTAMPTZ)
                AND ($1 ->> 'until' IS NULL OR created_at < ($1 ->> 'until')::TIMESTAMPTZ)
        ), found AS MATERIALIZED (
            SELECT task_id, %1$I AS place
            FROM passing JOIN public.tasks AS task USING (task_id)
            WHERE $1 ->> 'pattern' IS NULL
                OR task_description ILIKE $1 ->> 'pattern' OR task_id ILIKE $1 ->> 'pattern'
                OR result ILIKE $1 ->> 'pattern' OR error_message ILIKE $1 ->> 'pattern'
                OR notes ILIKE $1 ->> 'pattern'
                OR task_id IN (
                    SELECT step.task_id
                    FROM public.otel_steps_with_text(
                        CASE WHEN $2 THEN ARRAY(SELECT task_id FROM passing) END,
                        $1 ->> 'pattern', $1 ->> 'json_pattern'
                    ) AS step
                )
        ), page AS MATERIALIZED (
            SELECT task_id, row_number() OVER (ORDER BY place %2$s NULLS LAST, task_id COLLATE "C")
                AS turn
            FROM found
            ORDER BY turn
            LIMIT ($1 ->> 'limit')::BIGINT OFFSET ($1 ->> 'offset')::BIGINT
        ), hit AS (
            SELECT step.task_id, min(step.step_number) AS step_number
            FROM public.otel_steps_with_text(
                ARRAY(SELECT task_id FROM page), $1 ->> 'pattern', $1 ->> 'json_pattern'
            ) AS step
            WHERE $1 ->> 'pattern' IS NOT NULL
            GROUP BY step.task_id
        )
        SELECT jsonb_build_object(
            'tasks', (
                SELECT coalesce(jsonb_agg(to_jsonb(task) ORDER BY turn), '[]')
                FROM page JOIN public.tasks AS task USING (task_id)
            ),
            'total', (SELECT count(*) FROM found),
            'hits', (SELECT coalesce(jsonb_object_agg(task_id, step_number), '{}') FROM hit)
        )
        $question$,
        sort, direction
    ) INTO answer USING query, is_narrowed;
    RETURN answer;
END
$$;

-- Returns what tasks can be narrowed down to, at most so many of each: {"apps", "models", "devices",
-- "tags"}. Goes from one value of an index to the next: there are few of them in many rows.
CREATE OR REPLACE FUNCTION public.otel_steps_facets(most INTEGER) RETURNS JSONB
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    source RECORD;
    words TEXT[];
    answer JSONB := '{}'::JSONB;
BEGIN
    FOR source IN
        SELECT * FROM (VALUES
            ('apps', 'task_steps', 'app'), ('models', 'tasks', 'model'),
            ('devices', 'tasks', 'device_id')
        ) AS sources (name, owner, word)
    LOOP
        EXECUTE format(
            $question$
            WITH RECURSIVE found (value) AS (
                SELECT min(left(%1$I, 200)) FROM public.%2$I WHERE %1$I IS NOT NULL
                UNION ALL
                SELECT (
                    SELECT min(left(%1$I, 200)) FROM public.%2$I
                    WHERE %1$I IS NOT NULL AND left(%1$I, 200) > found.value
                )
                FROM found WHERE found.value IS NOT NULL
            )
            SELECT array_agg(value ORDER BY value COLLATE "C")
            FROM (SELECT value FROM found WHERE value IS NOT NULL LIMIT $1) AS few
            $question$,
            source.word, source.owner
        ) INTO words USING most;
        answer := answer || jsonb_build_object(source.name, coalesce(to_jsonb(words), '[]'));
    END LOOP;
    SELECT array_agg(value ORDER BY value COLLATE "C") INTO words FROM (
        SELECT DISTINCT value
        FROM public.tasks CROSS JOIN LATERAL jsonb_array_elements_text(
            CASE jsonb_typeof(tags) WHEN 'array' THEN tags ELSE '[]' END
        ) AS value
        WHERE tags IS NOT NULL
        ORDER BY value
        LIMIT most
    ) AS few;
    RETURN answer || jsonb_build_object('tags', coalesce(to_jsonb(words), '[]'));
END
$$;

-- Returns a word that changes whenever a task, its steps or its pictures do; without an id, whenever
-- a row of a task does. The transaction that has last written a row tells, so no write pays for it.
CREATE OR REPLACE FUNCTION public.otel_steps_version(task TEXT) RETURNS TEXT
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT concat_ws('.', count(*), sum(writer), max(writer))
    FROM (
        -- Two questions: of one with OR no plan would use the index.
        SELECT xmin::TEXT::BIGINT AS writer FROM public.tasks WHERE task IS NULL
        UNION ALL
        SELECT xmin::TEXT::BIGINT FROM public.tasks WHERE task_id = task
        UNION ALL
        SELECT xmin::TEXT::BIGINT FROM public.task_steps WHERE task_id = task
        UNION ALL
        SELECT xmin::TEXT::BIGINT FROM public.step_screenshots WHERE task_id = task
    ) AS writers
$$;

-- Returns, for those of the tasks that are known, {"version", "rows"} by their ids. A row is a list
-- of values, one row for each picture of a step.
CREATE OR REPLACE FUNCTION public.otel_steps_indexes(wanted TEXT[]) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        jsonb_object_agg(
            known, jsonb_build_object('version', public.otel_steps_version(known), 'rows', entries)
        ),
        '{}'
    )
    FROM (SELECT DISTINCT unnest(wanted) AS known) AS names
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(
            jsonb_build_array(
                step.id, step.step_number, step.step_type, step.status, step.success,
                step.error_kind, coalesce(step.started_at, step.created_at), step.duration_ms,
                step.action,
                CASE WHEN step.action IS NULL
                    THEN step.attributes -> 'otel_steps.step.action.name' END,
                CASE WHEN step.action IS NULL THEN step.step_data END,
                step.app, step.timings, picture.screenshot_path, picture.width, picture.height,
                CASE WHEN picture.id IS NULL
                    THEN step.attributes -> 'otel_steps.screenshot.sensitive'
                    ELSE to_jsonb(picture.sensitive) END,
                picture.phash, picture.metadata -> 'black'
            )
            ORDER BY step.step_number, step.started_at, step.id, picture.created_at, picture.id
        ), '[]') AS entries
        FROM public.task_steps AS step
        LEFT JOIN public.step_screenshots AS picture ON picture.step_id = step.id
        WHERE step.task_id = known
    ) AS steps
    WHERE entries <> '[]' OR EXISTS (SELECT FROM public.tasks WHERE tasks.task_id = known)
$$;

-- Returns {"step", "screenshot"}, the rows of one step of a task, or NULL.
CREATE OR REPLACE FUNCTION public.otel_steps_step(task TEXT, step UUID) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT jsonb_build_object('step', to_jsonb(found), 'screenshot', (
        SELECT to_jsonb(picture) FROM public.step_screenshots AS picture
        WHERE picture.step_id = found.id
        ORDER BY picture.created_at, picture.id
        LIMIT 1
    ))
    FROM public.task_steps AS found
    WHERE found.id = step AND found.task_id = task
$$;

-- Returns the ids of the steps of a task that have a text, in order.
CREATE OR REPLACE FUNCTION public.otel_steps_find_steps(
    task TEXT, pattern TEXT, json_pattern TEXT
) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(
        jsonb_agg(step.id ORDER BY step.step_number, step.started_at, step.id), '[]'
    )
    FROM public.otel_steps_with_text(ARRAY[task], pattern, json_pattern) AS step
$$;

-- Returns the spans below a step, by their start; not those that name another task, nor what is
-- below them.
CREATE OR REPLACE FUNCTION public.otel_steps_spans_below(task TEXT, step UUID) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    WITH RECURSIVE below (trace_id, span_id) AS (
        SELECT trace_id, span_id FROM public.task_steps WHERE id = step AND task_id = task
        UNION
        SELECT span.trace_id, span.span_id
        FROM below JOIN public.task_spans AS span
            ON span.trace_id = below.trace_id AND span.parent_span_id = below.span_id
        WHERE span.task_id IS NULL OR span.task_id = task
    )
    SELECT coalesce(jsonb_agg(
        to_jsonb(span) ORDER BY span.started_at, span.span_id COLLATE "C", span.trace_id COLLATE "C"
    ), '[]')
    FROM below JOIN public.task_spans AS span USING (trace_id, span_id)
$$;

-- Replaces a person's tags and notes on a task; returns the row as it is now, or NULL.
CREATE OR REPLACE FUNCTION public.otel_steps_annotate(task TEXT, tags TEXT[], notes TEXT)
RETURNS JSONB
LANGUAGE sql SECURITY INVOKER SET search_path = '' AS $$
    UPDATE public.tasks AS known
    SET tags = to_jsonb(otel_steps_annotate.tags), notes = otel_steps_annotate.notes
    WHERE known.task_id = task
    RETURNING to_jsonb(known)
$$;
