-- Makes the indexes that are missing, removes those of ours that are no longer wanted, and leaves
-- room in the pages for what changes. Run it again at will.
DO $$
DECLARE
    missing RECORD;
    former RECORD;
    owner REGCLASS;
BEGIN
    FOR missing IN SELECT * FROM public.otel_steps_missing_indexes() LOOP
        EXECUTE format(
            'CREATE INDEX %s ON public.%I USING %s',
            -- Where something else has the name already, PostgreSQL chooses one.
            CASE WHEN to_regclass('public.' || missing.name) IS NULL THEN missing.name END,
            missing.owner, missing.definition
        );
    END LOOP;

    -- Over what changes, or that no question uses. One that is not as we made it is its owner's.
    FOR former IN
        SELECT indexrelid::REGCLASS AS name
        FROM (VALUES
            ('tasks_status_created_at', 'tasks', 'btree (status, created_at DESC NULLS LAST)'),
            (
                'task_steps_totals', 'task_steps',
                'btree (task_id, success, duration_ms, started_at, ended_at)'
            ),
            ('task_steps_trace_id', 'task_steps', 'btree (trace_id)')
        ) AS ours (name, owner, definition)
        JOIN pg_catalog.pg_index ON indexrelid = to_regclass('public.' || ours.name)
            AND indrelid = to_regclass('public.' || ours.owner)
        WHERE substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)$') = definition
            AND NOT indisunique
    LOOP
        EXECUTE format('DROP INDEX %s', former.name);
    END LOOP;

    -- A row that has its next version beside it in its page needs no new entry in any index. What
    -- its owner has chosen stays.
    FOREACH owner IN ARRAY ARRAY['public.tasks', 'public.task_steps']::REGCLASS[] LOOP
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_class CROSS JOIN unnest(reloptions) AS option
            WHERE oid = owner AND option LIKE 'fillfactor=%'
        ) AND (SELECT relkind FROM pg_catalog.pg_class WHERE oid = owner) = 'r' THEN
            EXECUTE format('ALTER TABLE %s SET (fillfactor = 70)', owner);
        END IF;
    END LOOP;
END
$$;
