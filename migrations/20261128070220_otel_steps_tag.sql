-- Adds tags to tasks and removes others, all in one; returns how many of the tasks are known.
CREATE OR REPLACE FUNCTION public.otel_steps_tag(wanted TEXT[], added TEXT[], removed TEXT[])
RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    changed INTEGER;
BEGIN
    -- In one order, so that two who tag the same tasks never wait for each other.
    PERFORM FROM public.tasks WHERE task_id = ANY (wanted) ORDER BY task_id FOR UPDATE;
    GET DIAGNOSTICS changed = ROW_COUNT;
    UPDATE public.tasks AS known SET tags = after.tags
    FROM (
        SELECT task.task_id, (
            SELECT jsonb_agg(name ORDER BY place) FROM (
                SELECT name, min(place) AS place FROM (
                    SELECT * FROM jsonb_array_elements_text(
                        CASE jsonb_typeof(task.tags) WHEN 'array' THEN task.tags ELSE '[]' END
                        || to_jsonb(added)
                    ) WITH ORDINALITY AS word (name, place)
                ) AS words
                WHERE name <> ALL (removed)
                GROUP BY name
            ) AS own
        ) AS tags
        FROM public.tasks AS task WHERE task.task_id = ANY (wanted)
    ) AS after
    WHERE known.task_id = after.task_id AND known.tags IS DISTINCT FROM after.tags;
    RETURN changed;
END
$$;
