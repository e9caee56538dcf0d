-- The tables of otel-steps. Runs on an empty database and on one that already has tables of these
-- names, with data: what is missing is added, no row is changed or removed. Run it again at will.
--
-- No foreign key and no CHECK: a step may arrive before its task, a clock may be wrong, and a row
-- that is refused is a step that nobody can look at.

-- Which tables are here already, for the rights below.
SELECT set_config('otel_steps.tables_before', concat_ws(' ',
    to_regclass('public.tasks')::OID, to_regclass('public.task_steps')::OID,
    to_regclass('public.step_screenshots')::OID, to_regclass('public.task_spans')::OID
), true);

CREATE TABLE IF NOT EXISTS public.tasks (
    task_id TEXT PRIMARY KEY
);
ALTER TABLE public.tasks
    ADD COLUMN IF NOT EXISTS task_description TEXT,
    ADD COLUMN IF NOT EXISTS status TEXT,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ DEFAULT NOW(),
    ADD COLUMN IF NOT EXISTS last_activity TIMESTAMPTZ DEFAULT NOW(),
    ADD COLUMN IF NOT EXISTS end_time TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS result TEXT,
    ADD COLUMN IF NOT EXISTS error_message TEXT,
    ADD COLUMN IF NOT EXISTS config JSONB,
    ADD COLUMN IF NOT EXISTS agent TEXT,
    ADD COLUMN IF NOT EXISTS model TEXT,
    ADD COLUMN IF NOT EXISTS device_id TEXT,
    ADD COLUMN IF NOT EXISTS trace_id TEXT,
    ADD COLUMN IF NOT EXISTS resource JSONB,
    -- Start of the task span whose word counts: a task id may be used again.
    ADD COLUMN IF NOT EXISTS started_at TIMESTAMPTZ,
    -- Totals, counted from task_steps with every write.
    ADD COLUMN IF NOT EXISTS total_steps INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS successful_steps INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS failed_steps INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS total_duration_ms INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS last_step_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS has_detailed_steps BOOLEAN DEFAULT false,
    -- A person's; no write of a step touches them.
    ADD COLUMN IF NOT EXISTS tags JSONB,
    ADD COLUMN IF NOT EXISTS notes TEXT;

-- `id` is derived from trace and span id: the same step may arrive any number of times.
CREATE TABLE IF NOT EXISTS public.task_steps (
    id UUID PRIMARY KEY
);
ALTER TABLE public.task_steps
    ADD COLUMN IF NOT EXISTS task_id TEXT NOT NULL,
    ADD COLUMN IF NOT EXISTS step_number INTEGER NOT NULL,
    ADD COLUMN IF NOT EXISTS step_type TEXT NOT NULL,
    ADD COLUMN IF NOT EXISTS step_data JSONB NOT NULL,
    ADD COLUMN IF NOT EXISTS thinking TEXT,
    ADD COLUMN IF NOT EXISTS action_result JSONB,
    ADD COLUMN IF NOT EXISTS screenshot_path TEXT,
    ADD COLUMN IF NOT EXISTS duration_ms INTEGER,
    ADD COLUMN IF NOT EXISTS success BOOLEAN DEFAULT true,
    ADD COLUMN IF NOT EXISTS error_message TEXT,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ DEFAULT NOW(),
    ADD COLUMN IF NOT EXISTS screenshot_url TEXT,
    ADD COLUMN IF NOT EXISTS status TEXT,
    ADD COLUMN IF NOT EXISTS error_kind TEXT,
    ADD COLUMN IF NOT EXISTS app TEXT,
    ADD COLUMN IF NOT EXISTS action JSONB,
    ADD COLUMN IF NOT EXISTS started_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS ended_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS trace_id TEXT,
    ADD COLUMN IF NOT EXISTS span_id TEXT,
    ADD COLUMN IF NOT EXISTS parent_span_id TEXT,
    ADD COLUMN IF NOT EXISTS timings JSONB,
    ADD COLUMN IF NOT EXISTS attributes JSONB,
    ADD COLUMN IF NOT EXISTS resource JSONB;

CREATE TABLE IF NOT EXISTS public.step_screenshots (
    id UUID PRIMARY KEY
);
ALTER TABLE public.step_screenshots
    ADD COLUMN IF NOT EXISTS task_id TEXT NOT NULL,
    ADD COLUMN IF NOT EXISTS step_id UUID NOT NULL,
    ADD COLUMN IF NOT EXISTS screenshot_path TEXT NOT NULL,
    ADD COLUMN IF NOT EXISTS file_size INTEGER,
    ADD COLUMN IF NOT EXISTS file_hash TEXT,
    ADD COLUMN IF NOT EXISTS compressed BOOLEAN DEFAULT false,
    ADD COLUMN IF NOT EXISTS metadata JSONB,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ DEFAULT NOW(),
    ADD COLUMN IF NOT EXISTS remote_url TEXT,
    ADD COLUMN IF NOT EXISTS width INTEGER,
    ADD COLUMN IF NOT EXISTS height INTEGER,
    ADD COLUMN IF NOT EXISTS mime_type TEXT,
    ADD COLUMN IF NOT EXISTS phash BIGINT,
    ADD COLUMN IF NOT EXISTS sensitive BOOLEAN;

-- The other spans of a trace, as they were.
CREATE TABLE IF NOT EXISTS public.task_spans (
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    PRIMARY KEY (trace_id, span_id)
);
ALTER TABLE public.task_spans
    ADD COLUMN IF NOT EXISTS parent_span_id TEXT,
    ADD COLUMN IF NOT EXISTS task_id TEXT,
    ADD COLUMN IF NOT EXISTS name TEXT NOT NULL,
    ADD COLUMN IF NOT EXISTS kind INTEGER NOT NULL,
    ADD COLUMN IF NOT EXISTS started_at TIMESTAMPTZ NOT NULL,
    ADD COLUMN IF NOT EXISTS ended_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS duration_ms DOUBLE PRECISION,
    ADD COLUMN IF NOT EXISTS status_code INTEGER NOT NULL,
    ADD COLUMN IF NOT EXISTS status_message TEXT,
    ADD COLUMN IF NOT EXISTS attributes JSONB,
    ADD COLUMN IF NOT EXISTS events JSONB,
    ADD COLUMN IF NOT EXISTS links JSONB,
    ADD COLUMN IF NOT EXISTS scope TEXT;

-- Rows hold what was on somebody's screen: nobody reads them through the API but the service. A table
-- that was here before keeps what its owner has granted.
DO $$
DECLARE
    made REGCLASS;
    role_name TEXT;
BEGIN
    FOREACH made IN ARRAY ARRAY[
        'public.tasks', 'public.task_steps', 'public.step_screenshots', 'public.task_spans'
    ]::REGCLASS[]
    LOOP
        CONTINUE WHEN made::OID::TEXT = ANY (
            string_to_array(current_setting('otel_steps.tables_before'), ' ')
        );
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made);
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', made);
        -- On a PostgreSQL server that is not Supabase, these roles do not exist.
        FOR role_name IN
            SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
        LOOP
            EXECUTE format('REVOKE ALL ON %s FROM %I', made, role_name);
        END LOOP;
    END LOOP;
END
$$;
