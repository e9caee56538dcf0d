-- Returns rows that no write of ours has left like that, of one kind and behind a key: a list of {"key",
-- "row"}, in the order of their keys. The kinds are those of `otel_steps.stores.flaws`; one that
-- cannot be here has no row.
CREATE OR REPLACE FUNCTION public.otel_steps_flaws(kind TEXT, after TEXT, most INTEGER) RETURNS JSONB
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    question CONSTANT TEXT := CASE kind
        WHEN 'lost_tasks' THEN $q$
            SELECT task_id COLLATE "C" AS key, NULL::JSONB AS content FROM (
                SELECT DISTINCT task_id FROM public.task_steps
                UNION SELECT task_id FROM public.task_spans WHERE task_id IS NOT NULL
            ) AS named
            WHERE NOT EXISTS (SELECT FROM public.tasks AS task WHERE task.task_id = named.task_id)
        $q$
        WHEN 'running_steps' THEN $q$
            SELECT step.id::TEXT COLLATE "C" AS key, to_jsonb(step) AS content
            FROM public.task_steps AS step JOIN public.tasks AS task USING (task_id)
            WHERE step.status = 'running' AND task.status <> 'running' AND task.archived IS NULL
                AND task.last_activity < now() - INTERVAL '1 hour'
        $q$
        WHEN 'doubled_steps' THEN $q$
            SELECT id::TEXT COLLATE "C" AS key, to_jsonb(step) AS content
            FROM public.task_steps AS step
            JOIN (
                SELECT id, row_number() OVER (
                    PARTITION BY trace_id, span_id
                    ORDER BY CASE status WHEN 'running' THEN 1 WHEN 'interrupted' THEN 2 ELSE 3 END
                        DESC, id DESC
                ) AS place
                FROM public.task_steps WHERE trace_id IS NOT NULL AND span_id IS NOT NULL
            ) AS placed USING (id)
            WHERE place > 1
        $q$
        WHEN 'doubled_numbers' THEN $q$
            SELECT id::TEXT COLLATE "C" AS key, to_jsonb(step) AS content
            FROM public.task_steps AS step JOIN public.tasks AS task USING (task_id)
            WHERE step_number > 0 AND task.status IS DISTINCT FROM 'running' AND task.archived IS NULL
                AND task.last_activity < now() - INTERVAL '1 hour' AND EXISTS (
                    SELECT FROM public.task_steps AS other
                    WHERE other.task_id = step.task_id AND other.step_number = step.step_number
                        AND other.trace_id = step.trace_id AND other.span_id <> step.span_id
                        AND (other.started_at, other.id) < (step.started_at, step.id)
                )
        $q$
        WHEN 'missing_numbers' THEN $q$
            SELECT id::TEXT COLLATE "C" AS key, to_jsonb(step) AS content
            FROM (
                SELECT id, step_number - 1 - coalesce(
                    max(step_number) OVER (
                        PARTITION BY task_id ORDER BY step_number
                        RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ), 0
                ) AS missing
                FROM public.task_steps
            ) AS placed
            JOIN public.task_steps AS step USING (id) JOIN public.tasks AS task USING (task_id)
            WHERE greatest(missing, 0)
                    <> coalesce((step.attributes ->> 'otel_steps.step.missing')::INTEGER, 0)
                AND task.status IS DISTINCT FROM 'running' AND task.archived IS NULL
                AND task.last_activity < now() - INTERVAL '1 hour'
        $q$
        WHEN 'step_times' THEN $q$
            SELECT id::TEXT COLLATE "C" AS key, to_jsonb(step) AS content
            FROM public.task_steps AS step WHERE ended_at < started_at OR duration_ms < 0
        $q$
        WHEN 'task_times' THEN $q$
            SELECT task_id COLLATE "C" AS key, to_jsonb(task) AS content
            FROM public.tasks AS task WHERE end_time < created_at
        $q$
        WHEN 'task_cells' THEN $q$
            SELECT task_id COLLATE "C" AS key, to_jsonb(task) AS content
            FROM public.tasks AS task
            WHERE public.otel_steps_is_no_word(tags, scores)
        $q$
        WHEN 'step_cells' THEN $q$
            SELECT id::TEXT COLLATE "C" AS key, to_jsonb(step) AS content
            FROM public.task_steps AS step
            WHERE public.otel_steps_is_no_word(tags, scores)
        $q$
        WHEN 'orphan_pictures' THEN $q$
            SELECT id::TEXT COLLATE "C" AS key, to_jsonb(shot) AS content
            FROM public.step_screenshots AS shot
            WHERE NOT EXISTS (SELECT FROM public.task_steps AS step WHERE step.id = shot.step_id)
        $q$
        WHEN 'pathless_pictures' THEN $q$
            SELECT id::TEXT COLLATE "C" AS key, to_jsonb(step) AS content
            FROM public.task_steps AS step
            WHERE screenshot_path IS NOT NULL AND NOT EXISTS (
                SELECT FROM public.step_screenshots AS shot WHERE shot.step_id = step.id
            )
        $q$
        WHEN 'orphan_names' THEN $q$
            SELECT DISTINCT owner COLLATE "C" AS key, NULL::JSONB AS content
            FROM public.otel_steps_span_pictures
            WHERE owner NOT IN (SELECT id::TEXT FROM public.task_steps) AND owner NOT IN (
                SELECT concat(trace_id, '/', span_id) FROM public.task_spans
            )
        $q$
        WHEN 'unnoted_names' THEN $q$
            SELECT DISTINCT owner COLLATE "C" AS key, NULL::JSONB AS content
            FROM (
                SELECT id::TEXT AS owner, attributes FROM public.task_steps
                WHERE attributes ? 'otel_steps.span.pictures'
                UNION ALL
                SELECT concat(trace_id, '/', span_id), attributes FROM public.task_spans
                WHERE attributes ? 'otel_steps.span.pictures'
            ) AS naming
            CROSS JOIN unnest(public.otel_steps_named_pictures(attributes)) AS one (name)
            WHERE NOT EXISTS (
                SELECT FROM public.otel_steps_span_pictures AS noted
                WHERE noted.owner = naming.owner AND noted.name = one.name
            )
        $q$
        WHEN 'let_go' THEN $q$
            SELECT name COLLATE "C" AS key, NULL::JSONB AS content FROM public.otel_steps_unneeded
        $q$
    END;
    found JSONB;
BEGIN
    IF question IS NULL THEN
        RETURN '[]';
    END IF;
    EXECUTE format($page$
        SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'row', content) ORDER BY key), '[]')
        FROM (
            SELECT * FROM (%s) AS flawed WHERE key > $1 ORDER BY key LIMIT $2
        ) AS page
    $page$, question) INTO found USING after, most;
    RETURN found;
END
$$;
