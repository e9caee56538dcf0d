-- Finds tasks. Of the query, `sort`, `descending`, `limit` and `offset` are always there; `pattern`,
-- `json_pattern`, `status` (a list), `app`, `model`, `device`, `project`, `session`, `tag`, `agent`,
-- `version`, `description`, `step_tag`, `flag`, `judged`, `min_score`, `since` and `until` narrow the list
-- down. Returns {"tasks": rows, "by_status": status -> {"tasks", "steps"} of what is found whatever its
-- status, "hits": task id -> number of the first step found}.
CREATE OR REPLACE FUNCTION public.otel_steps_find_tasks(query JSONB) RETURNS JSONB
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    sort CONSTANT TEXT := query ->> 'sort';
    direction CONSTANT TEXT :=
        CASE WHEN (query ->> 'descending')::BOOLEAN THEN 'DESC' ELSE 'ASC' END;
    -- To look for a text in all steps is faster than to look for those of all tasks.
    is_narrowed CONSTANT BOOLEAN := query ?| ARRAY[
        'step_tag', 'flag', 'judged', 'min_score',
        'app', 'model', 'device', 'project', 'session', 'tag', 'agent', 'version',
        'description', 'since', 'until'
    ];
    answer JSONB;
BEGIN
    IF coalesce(sort, '') NOT IN (
        'created_at', 'last_activity', 'total_steps', 'failed_steps', 'total_duration_ms', 'status'
    ) THEN
        RAISE 'tasks cannot be sorted by %', sort USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Each row of `tasks` is read once; only those of the page are read whole.
    EXECUTE format(
        $question$
        WITH passing AS MATERIALIZED (
            SELECT task_id, %1$I AS place, coalesce(status, 'unknown') AS status, total_steps,
                $1 ->> 'pattern' IS NULL
                    OR task_description ILIKE $1 ->> 'pattern' OR task_id ILIKE $1 ->> 'pattern'
                    OR result ILIKE $1 ->> 'pattern' OR error_message ILIKE $1 ->> 'pattern'
                    OR notes ILIKE $1 ->> 'pattern' AS has_text
            FROM public.tasks AS task
            -- OFFSET keeps PostgreSQL from reading all steps that were in the app, in place of one of
            -- each task.
            WHERE ($1 ->> 'app' IS NULL OR EXISTS (
                    SELECT FROM public.task_steps AS step
                    WHERE step.app IS NOT NULL AND left(step.app, 200) = left($1 ->> 'app', 200)
                        AND step.task_id = task.task_id
                    OFFSET 0
                ))
                AND ($1 ->> 'model' IS NULL OR left(model, 200) = left($1 ->> 'model', 200))
                AND ($1 ->> 'device' IS NULL OR left(device_id, 200) = left($1 ->> 'device', 200))
                AND ($1 ->> 'project' IS NULL OR left(project, 200) = left($1 ->> 'project', 200))
                AND ($1 ->> 'session' IS NULL OR left(session, 200) = left($1 ->> 'session', 200))
                AND ($1 ->> 'agent' IS NULL OR agent = $1 ->> 'agent')
                AND ($1 ->> 'version' IS NULL
                    OR resource ->> 'service.version' = $1 ->> 'version')
                AND ($1 ->> 'description' IS NULL OR task_description = $1 ->> 'description')
                AND ($1 ->> 'tag' IS NULL OR (tags IS NOT NULL AND tags ? ($1 ->> 'tag')))
                AND ($1 ->> 'step_tag' IS NULL OR task.task_id IN (
                    SELECT step.task_id FROM public.task_steps AS step
                    WHERE step.tags IS NOT NULL AND step.tags ? ($1 ->> 'step_tag')
                ))
                AND ($1 ->> 'flag' IS NULL
                    OR ($1 ->> 'flag' = 'failed' AND task.failed_steps > 0)
                    OR task.task_id IN (
                        SELECT step.task_id FROM public.task_steps AS step
                        WHERE step.error_kind IS NOT NULL
                            AND left(step.error_kind, 200) = $1 ->> 'flag'
                    ))
                AND ($1 ->> 'judged' IS NULL OR ($1 ->> 'judged')::BOOLEAN = (
                    task.scores IS NOT NULL OR task.task_id IN (
                        SELECT step.task_id FROM public.task_steps AS step
                        WHERE step.scores IS NOT NULL
                    )
                ))
                AND ($1 ->> 'min_score' IS NULL OR (
                    task.scores IS NOT NULL AND jsonb_path_exists(
                        task.scores, '$[*].value ? (@ >= $least)',
                        jsonb_build_object('least', $1 -> 'min_score'), true
                    )
                ))
                AND ($1 ->> 'since' IS NULL OR created_at >= ($1 ->> 'since')::TIMESTAMPTZ)
                AND ($1 ->> 'until' IS NULL OR created_at < ($1 ->> 'until')::TIMESTAMPTZ)
        ), found AS MATERIALIZED (
            SELECT task_id, place, status, total_steps
            FROM passing
            WHERE has_text
                OR task_id IN (
                    SELECT step.task_id
                    FROM public.otel_steps_tasks_with_text(
                        CASE WHEN $2 THEN ARRAY(SELECT task_id FROM passing) END,
                        $1 ->> 'pattern', $1 ->> 'json_pattern'
                    ) AS step
                )
        ), page AS MATERIALIZED (
            SELECT task_id, place
            FROM found
            WHERE $1 -> 'status' IS NULL OR $1 -> 'status' ? status
            ORDER BY place %2$s NULLS LAST, task_id COLLATE "C"
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
                SELECT coalesce(
                    jsonb_agg(
                        to_jsonb(task) ORDER BY page.place %2$s NULLS LAST, task_id COLLATE "C"
                    ),
                    '[]'
                )
                FROM page JOIN public.tasks AS task USING (task_id)
            ),
            'by_status', (
                SELECT coalesce(jsonb_object_agg(status, counts), '{}') FROM (
                    SELECT status, jsonb_build_object(
                        'tasks', count(*), 'steps', coalesce(sum(total_steps), 0)
                    ) AS counts
                    FROM found GROUP BY status
                ) AS counted
            ),
            'hits', (SELECT coalesce(jsonb_object_agg(task_id, step_number), '{}') FROM hit)
        )
        $question$,
        sort, direction
    ) INTO answer USING query, is_narrowed;
    RETURN answer;
END
$$;
