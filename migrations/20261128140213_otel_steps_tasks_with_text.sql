-- Finds the tasks, of some or of all (NULL), that have a step with a text; see
-- `otel_steps_with_text`, which reads them all. This looks into the index first.
CREATE OR REPLACE FUNCTION public.otel_steps_tasks_with_text(
    wanted TEXT[], pattern TEXT, json_pattern TEXT
) RETURNS TABLE (task_id TEXT)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    -- The text, without the signs of LIKE.
    word CONSTANT TEXT := regexp_replace(
        substr(lower(pattern), 2, length(lower(pattern)) - 2), '\\(.)', '\1', 'g'
    );
    -- With more beside the index, to read all steps as they lie is faster than task by task.
    most_unindexed CONSTANT DOUBLE PRECISION := 0.2;
    asked TEXT[];
    unindexed TEXT[];
BEGIN
    unindexed := ARRAY(
        SELECT task.task_id FROM public.tasks AS task
        WHERE NOT EXISTS (
            SELECT FROM public.otel_steps_search AS known WHERE known.task_id = task.task_id
        )
    );
    -- A text that JSON writes in another way is looked for in every step.
    IF pattern <> json_pattern OR word = ''
        OR cardinality(unindexed) > most_unindexed * (SELECT count(*) FROM public.tasks)
    THEN
        RETURN QUERY
        SELECT DISTINCT step.task_id
        FROM public.otel_steps_with_text(wanted, pattern, json_pattern) AS step;
        RETURN;
    END IF;
    -- Some of a long text will do: they are to leave few steps to read.
    asked := ARRAY(
        SELECT substr(word, place, 3) FROM generate_series(
            1, greatest(length(word) - 2, 1), greatest((length(word) - 2) / 5, 1)
        ) AS place
    );
    IF length(word) <= 3 THEN
        -- It is a gram: where that is, the text is.
        RETURN QUERY
        SELECT DISTINCT known.task_id FROM public.otel_steps_search AS known
        WHERE known.grams @> asked;
    ELSE
        RETURN QUERY
        SELECT candidate.task_id FROM (
            SELECT known.task_id, array_agg(known.first_step ORDER BY part) AS firsts,
                array_agg(known.last_step ORDER BY part) AS lasts
            FROM public.otel_steps_search AS known
            WHERE known.grams @> asked
                AND (wanted IS NULL OR known.task_id = ANY (wanted))
            GROUP BY known.task_id
        ) AS candidate
        -- An archived one is believed: its steps are not here.
        WHERE EXISTS (
            SELECT FROM public.tasks AS task
            WHERE task.task_id = candidate.task_id AND task.archived IS NOT NULL
        ) OR EXISTS (
            SELECT FROM unnest(firsts, lasts) AS place (first, last)
            CROSS JOIN LATERAL (
                SELECT FROM public.task_steps AS step
                WHERE step.task_id = candidate.task_id
                    AND step.step_number BETWEEN place.first AND place.last AND (
                        step.thinking ILIKE pattern OR step.app ILIKE pattern
                        OR step.error_message ILIKE pattern
                        OR step.action::TEXT ILIKE json_pattern
                        OR step.action_result::TEXT ILIKE json_pattern
                        OR step.step_data::TEXT ILIKE json_pattern
                    )
                LIMIT 1
            ) AS hit
        );
    END IF;
    RETURN QUERY
    SELECT DISTINCT step.task_id
    FROM public.otel_steps_with_text(
        CASE WHEN wanted IS NULL THEN unindexed
            ELSE ARRAY(SELECT unnest(wanted) INTERSECT SELECT unnest(unindexed)) END,
        pattern, json_pattern
    ) AS step;
END
$$;
