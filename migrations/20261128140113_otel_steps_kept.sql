-- What is kept of the steps of archived tasks, for what is asked of many tasks at once; made by
-- `otel_steps_keep`, and believed for as long as `tasks.archived` says where the steps are. So long these
-- count nowhere: those that are still in the database are among these, or have come late and count once
-- the task is restored. `days` is an array of {"day", "model", "is_whole", "steps", "input_tokens",
-- "output_tokens", "cached_tokens"}. Run it again at will.
CREATE TABLE IF NOT EXISTS public.otel_steps_kept (
    task_id TEXT PRIMARY KEY,
    apps TEXT[] COLLATE "C" NOT NULL,
    step_tags TEXT[] COLLATE "C" NOT NULL,
    error_kinds TEXT[] COLLATE "C" NOT NULL,
    is_judged BOOLEAN NOT NULL,
    pictures INTEGER NOT NULL,
    days JSONB NOT NULL
);
CREATE INDEX IF NOT EXISTS otel_steps_kept_words
    ON public.otel_steps_kept USING gin (apps, step_tags, error_kinds);

ALTER TABLE public.otel_steps_kept ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON public.otel_steps_kept FROM PUBLIC;
DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOR role_name IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        EXECUTE format('REVOKE ALL ON public.otel_steps_kept FROM %I', role_name);
    END LOOP;
END
$$;
