-- The tables of otel-steps. Runs on an empty database and on one that already has tables of these
-- names, with data: what is missing is added, no row is changed or removed. Run it again at will.
--
-- No foreign key and no CHECK: a step may arrive before its task, a clock may be wrong, and a row
-- that is refused is a step that nobody can look at.

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

-- Tables that were there before may refuse rows: a step whose task has not arrived, the same
-- picture of two steps, a status of another vocabulary, a task without the columns of its former
-- writer. Letting go of such a rule loses no row.
DO $$
DECLARE
    former CONSTANT REGCLASS[] := ARRAY['public.task_steps', 'public.step_screenshots'];
    rule RECORD;
BEGIN
    FOR rule IN
        SELECT conrelid::regclass AS owner, conname
        FROM pg_catalog.pg_constraint
        WHERE (contype IN ('f', 'u') AND conrelid = ANY (former))
            OR (contype = 'c' AND conrelid = ANY (former || 'public.tasks'::regclass))
        -- A foreign key before the unique column that it names.
        ORDER BY contype = 'u'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', rule.owner, rule.conname);
    END LOOP;
    FOR rule IN
        SELECT indexrelid::regclass AS name
        FROM pg_catalog.pg_index
        WHERE indrelid = ANY (former) AND indisunique AND NOT indisprimary
    LOOP
        EXECUTE format('DROP INDEX %s', rule.name);
    END LOOP;
    FOR rule IN
        SELECT attrelid::regclass AS owner, attname
        FROM pg_catalog.pg_attribute
        WHERE attrelid = ANY (former || 'public.tasks'::regclass)
            AND attnum > 0 AND attnotnull AND attidentity = '' AND NOT attisdropped
            AND attname NOT IN (
                'id', 'task_id', 'step_id', 'step_number', 'step_type', 'step_data',
                'screenshot_path'
            )
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', rule.owner, rule.attname);
    END LOOP;
END
$$;

-- No index over free text but the ids: PostgreSQL refuses a row whose indexed value is longer than
-- 2,700 bytes.
CREATE INDEX IF NOT EXISTS tasks_created_at ON public.tasks (created_at DESC NULLS LAST);
CREATE INDEX IF NOT EXISTS tasks_status_created_at
    ON public.tasks (status, created_at DESC NULLS LAST);
CREATE INDEX IF NOT EXISTS task_steps_order
    ON public.task_steps (task_id, step_number, started_at);
-- Covers the totals: without it each write reads every step of its task, thinking and all.
CREATE INDEX IF NOT EXISTS task_steps_totals
    ON public.task_steps (task_id, success, duration_ms, started_at, ended_at);
CREATE INDEX IF NOT EXISTS task_steps_trace_id ON public.task_steps (trace_id);
CREATE INDEX IF NOT EXISTS step_screenshots_task_id ON public.step_screenshots (task_id);
CREATE INDEX IF NOT EXISTS step_screenshots_step_id ON public.step_screenshots (step_id);
CREATE INDEX IF NOT EXISTS task_spans_task_id ON public.task_spans (task_id);

-- Rows hold what was on somebody's screen. Nobody reads them through the API but the service; on a
-- PostgreSQL server that is not Supabase, these roles do not exist.
DO $$
DECLARE
    table_name TEXT;
    role_name TEXT;
BEGIN
    FOREACH table_name IN ARRAY
        ARRAY['tasks', 'task_steps', 'step_screenshots', 'task_spans']
    LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', table_name);
        FOR role_name IN
            SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
        LOOP
            EXECUTE format('REVOKE ALL ON public.%I FROM %I', table_name, role_name);
        END LOOP;
        IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'service_role') THEN
            EXECUTE format(
                'GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO service_role', table_name
            );
        END IF;
    END LOOP;
END
$$;
