-- Returns what the figures of tasks are grouped by: an expression over the row `task`, and what to join
-- for it where a task may be in several groups. `apps` joins the apps of each task, as `apps`.
CREATE OR REPLACE FUNCTION public.otel_steps_grouping(by TEXT, apps TEXT) RETURNS TEXT[]
LANGUAGE plpgsql IMMUTABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    grouped CONSTANT TEXT[] := CASE by
        WHEN 'all' THEN ARRAY['NULL::TEXT', '']
        WHEN 'day' THEN
            ARRAY[$key$to_char(task.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')$key$, '']
        WHEN 'app' THEN ARRAY['app', apps]
        WHEN 'model' THEN ARRAY['task.model', '']
        WHEN 'device' THEN ARRAY['task.device_id', '']
        WHEN 'agent' THEN ARRAY['task.agent', '']
        WHEN 'version' THEN ARRAY[$key$task.resource ->> 'service.version'$key$, '']
        WHEN 'task' THEN ARRAY['task.task_description', '']
        WHEN 'tag' THEN ARRAY['tag', $members$
            LEFT JOIN LATERAL (
                SELECT DISTINCT jsonb_array_elements_text(
                    CASE WHEN jsonb_typeof(task.tags) = 'array' THEN task.tags END
                )
            ) AS tags (tag) ON true
        $members$]
    END;
BEGIN
    IF grouped IS NULL THEN
        RAISE 'tasks cannot be grouped by %', by USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN grouped;
END
$$;
