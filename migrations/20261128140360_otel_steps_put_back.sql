-- Puts rows of a task back that are in the archive, at a place: a batch as that of otel_steps_ingest,
-- with all columns. A row that is here stays as it is. Returns false where the task is not archived
-- there any more, and nothing is stored.
CREATE OR REPLACE FUNCTION public.otel_steps_put_back(task TEXT, place TEXT, batch JSONB)
RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    owner TEXT;
    columns TEXT;
    put JSONB;
BEGIN
    -- As a writer of the task does; see `otel_steps_ingest`.
    PERFORM pg_advisory_xact_lock(20261124, hashtext(task));
    IF NOT EXISTS (SELECT FROM public.tasks WHERE task_id = task AND archived = place) THEN
        RETURN false;
    END IF;
    FOREACH owner IN ARRAY ARRAY['task_steps', 'step_screenshots', 'task_spans'] LOOP
        CONTINUE WHEN batch #> ARRAY[owner, '0'] IS NULL;
        columns := public.otel_steps_columns(batch, owner);
        put := batch -> owner;
        IF owner = 'task_steps' AND public.otel_steps_is_by_month() THEN
            put := public.otel_steps_in_months(put);
            columns := columns || ', month';
        END IF;
        EXECUTE format($rows$
            INSERT INTO public.%1$I (%2$s)
            SELECT %2$s FROM jsonb_populate_recordset(NULL::public.%1$I, $1)
            ON CONFLICT DO NOTHING
        $rows$, owner, columns) USING put;
    END LOOP;
    RETURN true;
END
$$;
