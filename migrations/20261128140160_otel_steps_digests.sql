-- Returns the cards kept of those of the tasks that are as they were then, by their ids.
CREATE OR REPLACE FUNCTION public.otel_steps_digests(wanted TEXT[], current INTEGER) RETURNS JSON
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(json_object_agg(task_id, card), '{}')
    FROM public.otel_steps_sums
    WHERE task_id = ANY (wanted) AND action = '' AND rules = current
$$;
