-- Says that a task which is archived at a place is here again, with all its rows. Returns whether it
-- was archived there and has so many steps: with fewer, somebody lets go of them just now.
CREATE OR REPLACE FUNCTION public.otel_steps_wake(task TEXT, place TEXT, steps BIGINT)
RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(20261124, hashtext(task));
    UPDATE public.tasks SET archived = NULL WHERE task_id = task AND archived = place
        AND (SELECT count(*) FROM public.task_steps AS step WHERE step.task_id = task) >= steps;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- What arrived meanwhile is in none of these.
    DELETE FROM public.otel_steps_search WHERE task_id = task;
    DELETE FROM public.otel_steps_sums WHERE task_id = task;
    PERFORM public.otel_steps_count(ARRAY[task]);
    RETURN true;
END
$$;
