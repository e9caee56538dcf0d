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
