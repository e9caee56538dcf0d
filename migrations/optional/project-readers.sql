-- Lets people who have signed in read the tasks of their projects, with what belongs to them; they
-- write nothing. Which projects those are stands in their token, `app_metadata` -> "otel_steps_projects", a
-- list of names, which nobody but the service of a Supabase project can write. May be run again.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'authenticated') THEN
        RAISE 'there is no role "authenticated": project-readers is for a Supabase project'
            USING ERRCODE = 'undefined_object';
    END IF;
END
$$;

-- The names in the token of who asks, as an API in front of the database passes it on.
CREATE OR REPLACE FUNCTION public.otel_steps_own_projects() RETURNS TEXT[]
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(array_agg(name), '{}')
    FROM jsonb_path_query(
        nullif(current_setting('request.jwt.claims', true), '')::JSONB,
        'lax $.app_metadata.otel_steps_projects[*] ? (@.type() == "string")'
    ) AS own (value) CROSS JOIN LATERAL (SELECT value #>> '{}' AS name) AS word
$$;
REVOKE ALL ON FUNCTION public.otel_steps_own_projects() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.otel_steps_own_projects() TO authenticated;

DO $$
DECLARE
    owner TEXT;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO authenticated', 'public');
    -- The subquery is asked once for a statement, and not for each row.
    DROP POLICY IF EXISTS otel_steps_project_readers ON public.tasks;
    CREATE POLICY otel_steps_project_readers ON public.tasks FOR SELECT TO authenticated
        USING (project = ANY ((SELECT public.otel_steps_own_projects())::TEXT[]));
    GRANT SELECT ON public.tasks TO authenticated;
    -- What belongs to a task is read by whoever reads the task: the policy above holds in here, too.
    FOREACH owner IN ARRAY ARRAY['task_steps', 'step_screenshots', 'task_spans'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS otel_steps_project_readers ON public.%I', owner);
        EXECUTE format(
            'CREATE POLICY otel_steps_project_readers ON public.%1$I FOR SELECT TO authenticated
            USING (EXISTS (SELECT FROM public.tasks WHERE tasks.task_id = %1$I.task_id))',
            owner
        );
        EXECUTE format('GRANT SELECT ON public.%I TO authenticated', owner);
    END LOOP;
    -- Nothing but reading, whatever rights new tables come with.
    FOREACH owner IN ARRAY ARRAY['tasks', 'task_steps', 'step_screenshots', 'task_spans'] LOOP
        EXECUTE format(
            'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.%I FROM authenticated', owner
        );
    END LOOP;
END
$$;

-- PostgREST remembers which tables there are, and for whom.
NOTIFY pgrst, 'reload schema';
