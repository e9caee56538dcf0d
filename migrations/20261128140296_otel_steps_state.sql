-- Returns {"columns": table -> column -> type, "required": columns, as table.column, that a row of
-- ours leaves empty and that refuse it then, "functions": their signatures, "indexes": those that
-- are missing, "lacking": [{"role", "right", "thing"}] of the caller and of the service, "hidden":
-- tables whose rows the caller does not see, "open": [{"role", "thing"}], who else reads a table
-- whole, "bucket": that of the pictures, false where it is missing, null where there is no Storage
-- or none that the caller may look at}.
CREATE OR REPLACE FUNCTION public.otel_steps_state() RETURNS JSONB
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    names CONSTANT TEXT[] := ARRAY[
        'tasks', 'task_steps', 'step_screenshots', 'task_spans', 'otel_steps_search',
        'otel_steps_span_pictures', 'otel_steps_unneeded', 'otel_steps_chores', 'otel_steps_sums',
        'otel_steps_found_by', 'otel_steps_kept'
    ];
    bucket JSONB;
    state JSONB;
BEGIN
    IF to_regclass('storage.buckets') IS NOT NULL
        AND has_schema_privilege('storage', 'USAGE')
        AND has_table_privilege('storage.buckets', 'SELECT')
        AND NOT row_security_active('storage.buckets')
    THEN
        -- As text: elsewhere there is no such table.
        EXECUTE format(
            $question$
            SELECT coalesce((
                SELECT to_jsonb(b) - 'created_at' - 'updated_at'
                FROM %I.buckets AS b WHERE id = 'otel-steps'
            ), 'false')
            $question$, 'storage'
        ) INTO bucket;
    END IF;
    WITH tables AS (
        SELECT oid, relname AS name, relrowsecurity, relacl, relowner
        FROM pg_catalog.pg_class
        WHERE relnamespace = to_regnamespace('public') AND relname = ANY (names)
    ), functions AS (
        SELECT oid, format('%s(%s)', proname, pg_get_function_identity_arguments(oid)) AS name
        FROM pg_catalog.pg_proc
        WHERE pronamespace = to_regnamespace('public') AND proname LIKE 'otel\_steps\_%'
            AND proconfig = '{"search_path=\"\""}'
    ), columns AS (
        SELECT tables.name AS owner, attname AS name, format_type(atttypid, atttypmod) AS type,
            attnotnull AND NOT atthasdef AND attidentity = '' AS is_required
        FROM tables JOIN pg_catalog.pg_attribute ON attrelid = tables.oid
        WHERE attnum > 0 AND NOT attisdropped
    ), callers (role) AS (
        SELECT current_user::TEXT
        UNION SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = 'service_role'
    ), lacking (role, "right", thing) AS (
        SELECT role, 'USAGE', 'SCHEMA ' || quote_ident('public') FROM callers
        WHERE NOT has_schema_privilege(role, to_regnamespace('public')::OID, 'USAGE')
        UNION ALL
        SELECT role, one, 'TABLE ' || format('%I.%I', 'public', name)
        FROM callers CROSS JOIN tables CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS one
        WHERE NOT has_table_privilege(role, oid, one)
        UNION ALL
        SELECT role, 'EXECUTE', 'FUNCTION ' || oid::REGPROCEDURE
        FROM callers CROSS JOIN functions WHERE NOT has_function_privilege(role, oid, 'EXECUTE')
    ), open (role, thing) AS (
        SELECT DISTINCT coalesce(rolname, 'PUBLIC'), format('%I.%I', 'public', name)
        FROM tables CROSS JOIN aclexplode(relacl) AS given
        LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = grantee
        WHERE NOT relrowsecurity AND privilege_type = 'SELECT'
            AND (grantee = 0 OR rolname IN ('anon', 'authenticated'))
    )
    SELECT jsonb_build_object(
        'columns', (
            SELECT coalesce(jsonb_object_agg(owner, types), '{}') FROM (
                SELECT owner, jsonb_object_agg(name, type) AS types FROM columns GROUP BY owner
            ) AS by_table
        ),
        'required', (
            SELECT coalesce(jsonb_agg(owner || '.' || quote_ident(name)), '[]')
            FROM columns WHERE is_required
        ),
        'functions', (SELECT coalesce(jsonb_agg(name), '[]') FROM functions),
        'indexes', (SELECT coalesce(jsonb_agg(name), '[]') FROM public.otel_steps_missing_indexes()),
        'lacking', (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM lacking AS l),
        'hidden', (
            SELECT coalesce(jsonb_agg(name), '[]') FROM tables WHERE row_security_active(oid)
        ),
        'open', (SELECT coalesce(jsonb_agg(to_jsonb(o)), '[]') FROM open AS o),
        'bucket', bucket
    ) INTO state;
    RETURN state;
END
$$;
