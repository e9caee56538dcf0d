-- Returns a page of the pictures of a task in the order of their steps.
CREATE OR REPLACE FUNCTION public.otel_steps_screenshots(task TEXT, most BIGINT, skipped BIGINT)
RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(page), '[]') FROM (
            SELECT picture.*
            FROM public.step_screenshots AS picture
            LEFT JOIN public.task_steps AS step ON step.id = picture.step_id
            WHERE picture.task_id = task
            ORDER BY step.step_number, step.started_at, step.id, picture.created_at, picture.id
            LIMIT most OFFSET skipped
        ) AS page
    );
END
$$;
