-- Returns the tasks that a query chooses: the same as `otel_steps_find_tasks` finds by it.
CREATE OR REPLACE FUNCTION public.otel_steps_chosen(query JSONB) RETURNS SETOF TEXT
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' ROWS 10000 AS $$
DECLARE
    -- To look for a text in all steps is faster than to look for those of all tasks.
    is_narrowed CONSTANT BOOLEAN := query ?| ARRAY[
        'step_tag', 'flag', 'judged', 'min_score',
        'status', 'app', 'model', 'device', 'project', 'session', 'tag', 'agent', 'version',
        'description', 'since', 'until'
    ];
BEGIN
    RETURN QUERY EXECUTE format(
        $question$
        WITH passing AS MATERIALIZED (
            SELECT task_id
            FROM public.tasks AS task LEFT JOIN public.otel_steps_found_by AS known USING (task_id)
            WHERE ($1 -> 'status' IS NULL OR $1 -> 'status' ? coalesce(status, 'unknown'))
                AND %s
        )
        SELECT task_id
        FROM passing JOIN public.tasks AS task USING (task_id)
        WHERE $1 ->> 'pattern' IS NULL
            OR task_description ILIKE $1 ->> 'pattern' OR task_id ILIKE $1 ->> 'pattern'
            OR result ILIKE $1 ->> 'pattern' OR error_message ILIKE $1 ->> 'pattern'
            OR notes ILIKE $1 ->> 'pattern'
            OR task_id IN (
                SELECT step.task_id
                FROM public.otel_steps_tasks_with_text(
                    CASE WHEN $2 THEN ARRAY(SELECT task_id FROM passing) END,
                    $1 ->> 'pattern', $1 ->> 'json_pattern'
                ) AS step
            )
        $question$,
        public.otel_steps_conditions()
    ) USING query, is_narrowed;
END
$$;
