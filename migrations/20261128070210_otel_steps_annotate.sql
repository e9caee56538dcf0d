-- Writes what a person says of a task, or of one of its steps: of `tags`, `notes` and `scores` those
-- that *said* has, null for none. Nothing is written where one that *seen* has is another by now.
-- Returns {"row", "is_written"}, the row as it is then, or NULL where there is none.
DROP FUNCTION IF EXISTS public.otel_steps_annotate(TEXT, TEXT[], TEXT);
CREATE OR REPLACE FUNCTION public.otel_steps_annotate(task TEXT, step UUID, said JSONB, seen JSONB)
RETURNS JSONB
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    owner CONSTANT TEXT := CASE WHEN step IS NULL THEN 'tasks' ELSE 'task_steps' END;
    place CONSTANT TEXT := CASE WHEN step IS NULL THEN 'known.task_id = $1'
        ELSE 'known.id = $2 AND known.task_id = $1' END;
    found JSONB;
BEGIN
    -- Who writes the row at the same time is waited for, and what that has written is compared.
    EXECUTE format(
        $statement$
        UPDATE public.%I AS known SET
            tags = CASE WHEN $3 ? 'tags' THEN nullif($3 -> 'tags', 'null') ELSE known.tags END,
            notes = CASE WHEN $3 ? 'notes' THEN $3 ->> 'notes' ELSE known.notes END,
            scores = CASE WHEN $3 ? 'scores' THEN nullif($3 -> 'scores', 'null')
                ELSE known.scores END
        WHERE %s
            AND (NOT $4 ? 'tags' OR coalesce(known.tags, 'null') = $4 -> 'tags')
            AND (NOT $4 ? 'notes' OR known.notes IS NOT DISTINCT FROM $4 ->> 'notes')
            AND (NOT $4 ? 'scores' OR coalesce(known.scores, 'null') = $4 -> 'scores')
        RETURNING to_jsonb(known)
        $statement$, owner, place
    ) INTO found USING task, step, said, seen;
    IF found IS NOT NULL THEN
        RETURN jsonb_build_object('row', found, 'is_written', true);
    END IF;
    EXECUTE format('SELECT to_jsonb(known) FROM public.%I AS known WHERE %s', owner, place)
    INTO found USING task, step;
    RETURN CASE WHEN found IS NOT NULL
        THEN jsonb_build_object('row', found, 'is_written', false) END;
END
$$;
