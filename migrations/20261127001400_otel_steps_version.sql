-- Returns a word that changes whenever a task, its steps or its pictures do; without an id, whenever
-- a row of a task does. The transaction that has last written a row tells, so no write pays for it.
CREATE OR REPLACE FUNCTION public.otel_steps_version(task TEXT) RETURNS TEXT
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT concat_ws('.', count(*), sum(writer), max(writer))
    FROM (
        -- Two questions: of one with OR no plan would use the index.
        SELECT xmin::TEXT::BIGINT AS writer FROM public.tasks WHERE task IS NULL
        UNION ALL
        SELECT xmin::TEXT::BIGINT FROM public.tasks WHERE task_id = task
        UNION ALL
        SELECT xmin::TEXT::BIGINT FROM public.task_steps WHERE task_id = task
        UNION ALL
        SELECT xmin::TEXT::BIGINT FROM public.step_screenshots WHERE task_id = task
    ) AS writers
$$;
