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

-- The indexes that are missing, (name, owner, definition). One that its owner has made under another
-- name is as good. No index over free text but the ids, or over its beginning: PostgreSQL refuses a
-- row whose indexed value is longer than 2,700 bytes. Definitions are as pg_get_indexdef tells them.
CREATE OR REPLACE FUNCTION public.otel_steps_missing_indexes()
RETURNS TABLE (name TEXT, owner TEXT, definition TEXT)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT * FROM (VALUES
        ('tasks_created_at', 'tasks', 'btree (created_at DESC NULLS LAST)'),
        ('tasks_status_created_at', 'tasks', 'btree (status, created_at DESC NULLS LAST)'),
        ('tasks_model', 'tasks', 'btree ("left"(model, 200))'),
        ('tasks_device_id', 'tasks', 'btree ("left"(device_id, 200))'),
        ('tasks_tags', 'tasks', 'btree (task_id) WHERE (tags IS NOT NULL)'),
        ('task_steps_order', 'task_steps', 'btree (task_id, step_number, started_at)'),
        -- Covers the totals: without it each write reads every step of its task, thinking and all.
        (
            'task_steps_totals', 'task_steps',
            'btree (task_id, success, duration_ms, started_at, ended_at)'
        ),
        ('task_steps_trace_id', 'task_steps', 'btree (trace_id)'),
        (
            'task_steps_app', 'task_steps',
            'btree ("left"(app, 200), task_id) WHERE (app IS NOT NULL)'
        ),
        ('step_screenshots_task_id', 'step_screenshots', 'btree (task_id)'),
        ('step_screenshots_step_id', 'step_screenshots', 'btree (step_id)'),
        ('task_spans_task_id', 'task_spans', 'btree (task_id)'),
        ('task_spans_parent', 'task_spans', 'btree (trace_id, parent_span_id)')
    ) AS wanted (name, owner, definition)
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_index
        WHERE indrelid = to_regclass('public.' || owner) AND indisvalid
            AND substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)$') = definition
    )
$$;

DO $$
DECLARE
    missing RECORD;
BEGIN
    FOR missing IN SELECT * FROM public.otel_steps_missing_indexes() LOOP
        EXECUTE format(
            'CREATE INDEX %s ON public.%I USING %s',
            -- Where something else has the name already, PostgreSQL chooses one.
            CASE WHEN to_regclass('public.' || missing.name) IS NULL THEN missing.name END,
            missing.owner, missing.definition
        );
    END LOOP;
END
$$;
