-- Removes rows of pictures whose files are gone, and says so in the steps that have them. One whose
-- path is that of another picture keeps it.
CREATE OR REPLACE FUNCTION public.otel_steps_lose_pictures(keys TEXT[], reason TEXT) RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    wanted CONSTANT UUID[] := keys::UUID[];
    lost INTEGER;
BEGIN
    -- As a writer of these tasks does; see `otel_steps_ingest`.
    PERFORM pg_advisory_xact_lock(20261124, key)
    FROM (
        SELECT DISTINCT hashtext(task_id) AS key
        FROM public.step_screenshots WHERE id = ANY (wanted) ORDER BY key
    ) AS keys;
    UPDATE public.task_steps AS step
    SET screenshot_path = NULL, screenshot_url = NULL,
        attributes = coalesce(step.attributes, '{}')
            || jsonb_build_object('otel_steps.screenshot.error', reason)
    FROM public.step_screenshots AS shot
    WHERE shot.id = ANY (wanted) AND step.id = shot.step_id
        AND step.screenshot_path = shot.screenshot_path;
    DELETE FROM public.step_screenshots WHERE id = ANY (wanted);
    GET DIAGNOSTICS lost = ROW_COUNT;
    RETURN lost;
END
$$;
