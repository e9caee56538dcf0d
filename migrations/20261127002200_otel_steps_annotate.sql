-- Replaces a person's tags and notes on a task; returns the row as it is now, or NULL.
CREATE OR REPLACE FUNCTION public.otel_steps_annotate(task TEXT, tags TEXT[], notes TEXT)
RETURNS JSONB
LANGUAGE sql SECURITY INVOKER SET search_path = '' AS $$
    UPDATE public.tasks AS known
    SET tags = to_jsonb(otel_steps_annotate.tags), notes = otel_steps_annotate.notes
    WHERE known.task_id = task
    RETURNING to_jsonb(known)
$$;
