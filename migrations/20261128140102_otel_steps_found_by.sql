-- What tasks are found by, of what is added up and told of them: a narrow copy, since a list asks it of every
-- task, and `otel_steps_sums` is wide. A task that is not in it is not added up; `flags` is null where
-- nobody has told them. Run it again at will.
CREATE TABLE IF NOT EXISTS public.otel_steps_found_by (
    task_id TEXT PRIMARY KEY,
    apps TEXT[],
    flags TEXT[] COLLATE "C"
);

ALTER TABLE public.otel_steps_found_by ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON public.otel_steps_found_by FROM PUBLIC;
DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOR role_name IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        EXECUTE format('REVOKE ALL ON public.otel_steps_found_by FROM %I', role_name);
    END LOOP;
END
$$;

INSERT INTO public.otel_steps_found_by (task_id, apps, flags)
SELECT task_id, apps, flags FROM public.otel_steps_sums WHERE action = ''
ON CONFLICT DO NOTHING;
