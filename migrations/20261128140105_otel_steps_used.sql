-- Adds up what steps have used of their models, a row for each task, model (null where the steps do not
-- say it) and whether both counts of the steps are known.
CREATE OR REPLACE FUNCTION public.otel_steps_used(wanted TEXT[])
RETURNS TABLE (
    task_id TEXT, model TEXT, is_whole BOOLEAN, steps BIGINT, input_tokens BIGINT,
    output_tokens BIGINT, cached_tokens BIGINT
)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT step.task_id, step.model,
        step.input_tokens IS NOT NULL AND step.output_tokens IS NOT NULL,
        count(*), sum(step.input_tokens)::BIGINT, sum(step.output_tokens)::BIGINT,
        sum(step.cached_tokens)::BIGINT
    FROM public.task_steps AS step
    WHERE (step.input_tokens IS NOT NULL OR step.output_tokens IS NOT NULL)
        AND step.task_id = ANY (wanted)
    GROUP BY 1, 2, 3
$$;
