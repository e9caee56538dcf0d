-- Who may use what is ours: the owner and the service of a Supabase project. What others have been
-- granted since stays. Run it again at will.
DO $$
DECLARE
    is_supabase CONSTANT BOOLEAN :=
        EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'service_role');
    name TEXT;
    function REGPROCEDURE;
    role_name TEXT;
BEGIN
    -- Ours all have the setting; a function of a similar name that has not is somebody else's.
    -- PostgreSQL lets everyone call a new function, and Supabase says so once more for its own
    -- roles. One that not everyone may call has been seen to before.
    FOR function IN
        SELECT oid FROM pg_catalog.pg_proc
        WHERE pronamespace = to_regnamespace('public') AND proname LIKE 'otel\_steps\_%'
            AND proconfig = '{"search_path=\"\""}' AND EXISTS (
                SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
                WHERE grantee = 0
            )
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
        FOR role_name IN
            SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', function, role_name);
        END LOOP;
    END LOOP;
    IF NOT is_supabase THEN
        RETURN;
    END IF;
    IF NOT has_schema_privilege('service_role', 'public', 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO service_role', 'public');
    END IF;
    FOREACH name IN ARRAY ARRAY[
        'tasks', 'task_steps', 'step_screenshots', 'task_spans', 'otel_steps_search',
        'otel_steps_span_pictures', 'otel_steps_unneeded', 'otel_steps_chores', 'otel_steps_sums',
        'otel_steps_found_by', 'otel_steps_kept'
    ] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO service_role', name);
    END LOOP;
    FOR function IN
        SELECT oid FROM pg_catalog.pg_proc
        WHERE pronamespace = to_regnamespace('public') AND proname LIKE 'otel\_steps\_%'
            AND proconfig = '{"search_path=\"\""}'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', function);
    END LOOP;
END
$$;

-- PostgREST remembers which functions there are.
NOTIFY pgrst, 'reload schema';
