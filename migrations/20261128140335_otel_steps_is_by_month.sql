-- Tells whether the steps of each month are kept apart; see `monthly-partitions`, in `optional`.
CREATE OR REPLACE FUNCTION public.otel_steps_is_by_month() RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = to_regclass('public.task_steps')
$$;
