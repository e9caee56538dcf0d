-- Returns where in the archive the steps of tasks are, by the ids of archived ones.
CREATE OR REPLACE FUNCTION public.otel_steps_places(wanted TEXT[]) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(jsonb_object_agg(task_id, archived), '{}') FROM public.tasks
    WHERE task_id = ANY (wanted) AND archived IS NOT NULL
$$;
