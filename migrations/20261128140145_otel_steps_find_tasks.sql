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
            FROM public.tasks AS task LEFT JOIN public.otel_steps_found_by AS known USING (task_id)
            WHERE %3$s
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
        sort, direction, public.otel_steps_conditions()
    ) INTO answer USING query, is_narrowed;
    RETURN answer;
END
$$;
