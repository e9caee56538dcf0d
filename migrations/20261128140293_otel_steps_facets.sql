-- Returns what tasks can be narrowed down to, at most so many of each: {"apps", "models", "devices",
-- "projects", "sessions", "tags", "step_tags"}. Goes from one value of an index to the next: there are
-- few of them in many rows.
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
            ('devices', 'tasks', 'device_id'), ('projects', 'tasks', 'project'),
            ('sessions', 'tasks', 'session')
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
    FOR source IN
        SELECT * FROM (VALUES ('tags', 'tasks'), ('step_tags', 'task_steps')) AS sources (name, owner)
    LOOP
        EXECUTE format(
            $question$
            SELECT array_agg(value ORDER BY value COLLATE "C") FROM (
                SELECT DISTINCT value
                FROM public.%I CROSS JOIN LATERAL jsonb_array_elements_text(
                    CASE jsonb_typeof(tags) WHEN 'array' THEN tags ELSE '[]' END
                ) AS value
                WHERE tags IS NOT NULL
                ORDER BY value
                LIMIT $1
            ) AS few
            $question$,
            source.owner
        ) INTO words USING most;
        answer := answer || jsonb_build_object(source.name, coalesce(to_jsonb(words), '[]'));
    END LOOP;
    -- What the steps of archived tasks had beside.
    FOR source IN
        SELECT * FROM (VALUES ('apps'), ('step_tags')) AS sources (name)
    LOOP
        EXECUTE format(
            $question$
            SELECT array_agg(value ORDER BY value COLLATE "C") FROM (
                SELECT DISTINCT value COLLATE "C" AS value FROM (
                    SELECT jsonb_array_elements_text($2) UNION ALL
                    SELECT unnest(%I) FROM public.tasks JOIN public.otel_steps_kept USING (task_id)
                    WHERE archived IS NOT NULL
                ) AS words (value)
                ORDER BY value
                LIMIT $1
            ) AS few
            $question$,
            source.name
        ) INTO words USING most, answer -> source.name;
        answer := answer || jsonb_build_object(source.name, coalesce(to_jsonb(words), '[]'));
    END LOOP;
    RETURN answer;
END
$$;
