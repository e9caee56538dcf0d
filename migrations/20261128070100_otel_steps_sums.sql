-- What the steps of a task add up to beside its totals, filled by `otel_steps_extend_sums`: a row for
-- each action, and one with an empty name for the task, which has its tokens and apps. A table of its own, and no columns of the tasks:
-- a writer only takes away what it makes old, and a task that is not in it is added up by who asks.
-- `durations_ms` has the milliseconds of the steps whose time is known, with commas between them, as
-- figures over many tasks are told from them. Run it again at will.
CREATE TABLE IF NOT EXISTS public.otel_steps_sums (
    task_id TEXT NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    steps INTEGER,
    successful_steps INTEGER,
    failed_steps INTEGER,
    durations_ms TEXT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    apps TEXT[],
    PRIMARY KEY (task_id, action)
);

ALTER TABLE public.otel_steps_sums ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON public.otel_steps_sums FROM PUBLIC;
DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOR role_name IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        EXECUTE format('REVOKE ALL ON public.otel_steps_sums FROM %I', role_name);
    END LOOP;
END
$$;
