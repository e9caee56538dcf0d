-- The index of what steps say, filled by `otel_steps_extend_search`: for a few steps of a task at a
-- time, which one, two and three characters stand next to each other in their texts. A table of its
-- own, and no index on the steps: their texts change as they run, and to change what is indexed would
-- cost a writer far more. A task that is not in it is read. Run it again at will.
CREATE TABLE IF NOT EXISTS public.otel_steps_search (
    task_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    first_step INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    grams TEXT[] COLLATE "C" NOT NULL,
    PRIMARY KEY (task_id, part)
);
-- With statistics of common grams PostgreSQL would read all rows for these, which takes ten times as
-- long: it does not know how large they are.
ALTER TABLE public.otel_steps_search ALTER COLUMN grams SET STATISTICS 0;
CREATE INDEX IF NOT EXISTS otel_steps_search_grams ON public.otel_steps_search USING gin (grams);

ALTER TABLE public.otel_steps_search ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON public.otel_steps_search FROM PUBLIC;
DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOR role_name IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        EXECUTE format('REVOKE ALL ON public.otel_steps_search FROM %I', role_name);
    END LOOP;
END
$$;
