-- Refuses a database in which one of our names means something else: `tasks` is a common name. Ours
-- are known by their columns and their primary key, those of a hand-written tracker likewise.
-- Changes nothing. Run it again at will; `otel-steps migrate` does so before it touches anything.
DO $$
DECLARE
    remarks TEXT[];
BEGIN
    WITH wanted (owner, name, types) AS (
        SELECT owner, name, CASE kind
            WHEN 'text' THEN ARRAY['text', 'varchar']
            WHEN 'time' THEN ARRAY['timestamptz', 'timestamp']
            WHEN 'json' THEN ARRAY['jsonb', 'json']
            WHEN 'number' THEN ARRAY['int4', 'int8', 'int2']
            ELSE ARRAY[kind]
        END
        FROM (VALUES
            ('tasks', 'task_id', 'text'), ('tasks', 'task_description', 'text'),
            ('tasks', 'status', 'text'), ('tasks', 'created_at', 'time'),
            ('tasks', 'last_activity', 'time'), ('tasks', 'end_time', 'time'),
            ('tasks', 'result', 'text'), ('tasks', 'error_message', 'text'),
            ('tasks', 'config', 'json'),
            ('task_steps', 'id', 'uuid'), ('task_steps', 'task_id', 'text'),
            ('task_steps', 'step_number', 'number'), ('task_steps', 'step_type', 'text'),
            ('task_steps', 'step_data', 'json'), ('task_steps', 'duration_ms', 'number'),
            ('task_steps', 'success', 'bool'), ('task_steps', 'created_at', 'time'),
            ('step_screenshots', 'id', 'uuid'), ('step_screenshots', 'task_id', 'text'),
            ('step_screenshots', 'step_id', 'uuid'), ('step_screenshots', 'screenshot_path', 'text'),
            ('step_screenshots', 'file_hash', 'text'), ('step_screenshots', 'created_at', 'time'),
            ('task_spans', 'trace_id', 'text'), ('task_spans', 'span_id', 'text'),
            ('task_spans', 'name', 'text'), ('task_spans', 'kind', 'number'),
            ('task_spans', 'started_at', 'time'), ('task_spans', 'status_code', 'number')
        ) AS columns (owner, name, kind)
    ), keys (owner, key) AS (VALUES
        ('tasks', ARRAY['task_id']), ('task_steps', ARRAY['id']),
        ('step_screenshots', ARRAY['id']), ('task_spans', ARRAY['trace_id', 'span_id'])
    ), things AS (
        SELECT oid, relname::TEXT AS name, CASE
            WHEN relkind = 'r' AND relispartition THEN 'a partition of another table'
            WHEN relkind = 'r' THEN NULL
            -- Ours, if somebody has asked for `monthly-partitions`.
            WHEN relkind = 'p' AND relname = 'task_steps'
                AND to_regclass('public.otel_steps_step_months') IS NOT NULL THEN NULL
            WHEN relkind = 'p' THEN 'a partitioned table'
            WHEN relkind = 'v' THEN 'a view'
            WHEN relkind = 'm' THEN 'a materialized view'
            WHEN relkind = 'f' THEN 'a foreign table'
            WHEN relkind = 'S' THEN 'a sequence'
            WHEN relkind = 'c' THEN 'a type'
            ELSE 'an index'
        END AS other
        FROM pg_catalog.pg_class
        WHERE relnamespace = to_regnamespace('public') AND relname IN (SELECT owner FROM keys)
    ), found (name, what) AS (
        SELECT name, other FROM things WHERE other IS NOT NULL
        UNION ALL
        SELECT things.name, 'a table of somebody else, without ' || string_agg(
            format('%s of type %s', wanted.name, types[1]), ', ' ORDER BY wanted.name
        )
        FROM things JOIN wanted ON wanted.owner = things.name
        WHERE other IS NULL AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = atttypid
            WHERE attrelid = things.oid AND attname = wanted.name AND typname = ANY (types)
                AND typnamespace = 'pg_catalog'::REGNAMESPACE AND attgenerated = ''
                AND NOT attisdropped
        )
        GROUP BY things.name
        UNION ALL
        SELECT name, 'a table of somebody else, whose primary key is not ' ||
            array_to_string(key, ', ')
        FROM things JOIN keys ON keys.owner = things.name
        WHERE other IS NULL AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_constraint
            WHERE conrelid = things.oid AND contype = 'p' AND NOT condeferrable AND ARRAY(
                SELECT attname::TEXT FROM pg_catalog.pg_attribute
                WHERE attrelid = conrelid AND attnum = ANY (conkey)
                    -- Of a table by months.
                    AND NOT (things.name = 'task_steps' AND attname = 'month')
                ORDER BY attname
            ) = ARRAY(SELECT unnest(key) ORDER BY 1)
        )
        UNION ALL
        SELECT typname, 'a type'
        FROM pg_catalog.pg_type
        WHERE typnamespace = to_regnamespace('public') AND typrelid = 0
            AND typname IN (SELECT owner FROM keys)
        UNION ALL
        SELECT format('%s(%s)', proname, pg_get_function_identity_arguments(oid)),
            'a function of somebody else'
        FROM pg_catalog.pg_proc
        WHERE pronamespace = to_regnamespace('public') AND proname IN (
            'otel_steps_acted', 'otel_steps_action_figures', 'otel_steps_annotate',
            'otel_steps_archived_tasks', 'otel_steps_attach', 'otel_steps_chosen',
            'otel_steps_claim', 'otel_steps_close_stale', 'otel_steps_columns',
            'otel_steps_conditions', 'otel_steps_count', 'otel_steps_count_steps',
            'otel_steps_digests', 'otel_steps_disown', 'otel_steps_extend_search',
            'otel_steps_extend_sums', 'otel_steps_facets', 'otel_steps_find_by',
            'otel_steps_find_steps', 'otel_steps_find_tasks', 'otel_steps_flaws',
            'otel_steps_forget_pictures', 'otel_steps_grams', 'otel_steps_grouping',
            'otel_steps_holdings', 'otel_steps_indexes', 'otel_steps_ingest',
            'otel_steps_is_by_month', 'otel_steps_is_no_word', 'otel_steps_keep',
            'otel_steps_keep_digests', 'otel_steps_let_go', 'otel_steps_lose_pictures',
            'otel_steps_mend', 'otel_steps_missing_indexes', 'otel_steps_moves_forward',
            'otel_steps_named_pictures', 'otel_steps_needed', 'otel_steps_note_pictures',
            'otel_steps_picture_rows', 'otel_steps_places', 'otel_steps_put_back',
            'otel_steps_recount', 'otel_steps_remove', 'otel_steps_remove_months',
            'otel_steps_remove_pictures', 'otel_steps_remove_rows', 'otel_steps_remove_trace',
            'otel_steps_report', 'otel_steps_schema_version', 'otel_steps_screenshots',
            'otel_steps_similar', 'otel_steps_spans_below', 'otel_steps_spans_near',
            'otel_steps_state', 'otel_steps_statistics', 'otel_steps_step',
            'otel_steps_step_places', 'otel_steps_steps', 'otel_steps_tag', 'otel_steps_task',
            'otel_steps_task_figures', 'otel_steps_tasks', 'otel_steps_tasks_with_text',
            'otel_steps_undigested', 'otel_steps_unneeded_pictures', 'otel_steps_usage',
            'otel_steps_usage_by_day', 'otel_steps_usage_figures', 'otel_steps_used',
            'otel_steps_used_by_archived', 'otel_steps_used_of', 'otel_steps_version',
            'otel_steps_wake', 'otel_steps_with_text'
        )
            -- Ours all have this one setting.
            AND (prokind <> 'f' OR prosecdef OR proconfig IS DISTINCT FROM '{"search_path=\"\""}')
    ), paths (schemas) AS (
        SELECT current_schemas(false)::TEXT[]
        UNION
        SELECT ARRAY(
            SELECT coalesce(rolname, btrim(part, ' "'))
            FROM unnest(string_to_array(substr(setting, 13), ',')) WITH ORDINALITY AS p (part, turn)
            LEFT JOIN pg_catalog.pg_roles ON oid = setrole AND btrim(part, ' "') = '$user'
            ORDER BY turn
        )
        FROM pg_catalog.pg_db_role_setting CROSS JOIN unnest(setconfig) AS setting
        WHERE setting LIKE 'search\_path=%' AND setdatabase IN (
            0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        )
    ), hidden (name) AS (
        -- What is found by its bare name behind us would not be found any more.
        SELECT DISTINCT format('%I.%I', nspname, relname)
        FROM paths
        JOIN pg_catalog.pg_namespace AS n
            ON array_position(schemas, nspname::TEXT) > array_position(schemas, 'public')
        JOIN pg_catalog.pg_class ON relnamespace = n.oid
        WHERE relname IN (SELECT owner FROM keys)
            AND relname NOT IN (SELECT things.name FROM things)
    )
    SELECT array_agg(remark ORDER BY remark) INTO remarks FROM (
        SELECT format('%I.%s is %s', 'public', name, what) AS remark FROM found
        UNION ALL
        SELECT format('%s would be hidden by a table of its name in %I', name, 'public') FROM hidden
    ) AS all_remarks;
    IF remarks IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'OS001',
            MESSAGE = array_to_string(remarks, '; '),
            HINT = 'keep all that is ours apart: `otel-steps migrate --schema otel_steps`, then '
                'set OTEL_STEPS_SCHEMA to otel_steps (another name, if that one is taken, too)';
    END IF;
END
$$;
