-- Removes the rows of old tasks every night, by pg_cron in the database itself. What goes is said by a
-- row of `otel_steps_nightly`; without one nothing does. Files of pictures lie elsewhere: they go with
-- the next `otel-steps prune`, or whoever applies OTEL_STEPS_RETENTION. May be run again.
DO $$
BEGIN
    IF to_regprocedure('cron.schedule(text, text, text)') IS NULL THEN
        RAISE 'there is no pg_cron in this database: nightly-prune needs it (on Supabase: Integrations, '
            'Cron; elsewhere CREATE EXTENSION pg_cron); or have OTEL_STEPS_RETENTION applied'
            USING ERRCODE = 'undefined_object';
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS public.otel_steps_nightly (
    older_than INTERVAL NOT NULL CHECK (older_than >= INTERVAL '0'),
    keep_failed BOOLEAN NOT NULL DEFAULT true,
    keep_tagged BOOLEAN NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX IF NOT EXISTS otel_steps_nightly_one ON public.otel_steps_nightly ((true));

-- Removes some tasks that are due by now; returns how many. It ends within seconds, so that whoever
-- writes to one of them need not wait for longer, and is called again.
CREATE OR REPLACE FUNCTION public.otel_steps_prune_nightly() RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    until CONSTANT TIMESTAMPTZ := clock_timestamp() + INTERVAL '2 seconds';
    -- Each is locked until the end of the transaction, and a server has not so many locks.
    most CONSTANT INTEGER := 500;
    removed INTEGER := 0;
    rule public.otel_steps_nightly;
    before TIMESTAMPTZ;
    due TEXT[];
    answer JSONB;
    done TEXT[];
BEGIN
    SELECT * INTO rule FROM public.otel_steps_nightly;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    before := now() - rule.older_than;
    -- As `otel-steps prune` has it.
    due := ARRAY(
        SELECT task_id FROM public.tasks AS task
        WHERE last_activity < before AND status IS DISTINCT FROM 'running'
            AND (NOT rule.keep_failed
                OR coalesce(status, '') NOT IN ('failed', 'max_steps', 'interrupted'))
            AND (NOT rule.keep_tagged OR (
                tags IS NULL AND notes IS NULL AND scores IS NULL AND NOT EXISTS (
                    SELECT FROM public.task_steps AS step
                    WHERE step.task_id = task.task_id AND (
                        step.tags IS NOT NULL OR step.notes IS NOT NULL OR step.scores IS NOT NULL
                    )
                )
            ))
        ORDER BY last_activity, task_id
    );
    PERFORM public.otel_steps_remove_months(due, before);
    due := due[:most];
    WHILE cardinality(due) > 0 AND clock_timestamp() < until LOOP
        answer := public.otel_steps_remove(due, before, NULL, false);
        done := ARRAY(
            SELECT jsonb_array_elements_text((answer -> 'removed') || (answer -> 'kept'))
        );
        removed := removed + jsonb_array_length(answer -> 'removed');
        due := ARRAY(SELECT task_id FROM unnest(due) AS task_id WHERE task_id <> ALL (done));
        -- Others are at all that is left.
        EXIT WHEN cardinality(done) = 0 AND (answer ->> 'steps')::INTEGER = 0;
    END LOOP;
    RETURN removed;
END
$$;

DO $$
DECLARE
    role_name TEXT;
BEGIN
    ALTER TABLE public.otel_steps_nightly ENABLE ROW LEVEL SECURITY;
    REVOKE ALL ON public.otel_steps_nightly FROM PUBLIC;
    REVOKE ALL ON FUNCTION public.otel_steps_prune_nightly() FROM PUBLIC;
    FOR role_name IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        EXECUTE format('REVOKE ALL ON public.otel_steps_nightly FROM %I', role_name);
        EXECUTE format('REVOKE ALL ON FUNCTION public.otel_steps_prune_nightly() FROM %I', role_name);
    END LOOP;
    -- Every minute of an hour, in which nothing is done once nothing is due.
    PERFORM cron.schedule(
        'otel-steps-prune ' || 'public', '* 3 * * *', 'SELECT public.otel_steps_prune_nightly()'
    );
END
$$;
