-- Returns those of some pictures that a row needs.
CREATE OR REPLACE FUNCTION public.otel_steps_needed(names TEXT[]) RETURNS TEXT[]
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT ARRAY(
        SELECT wanted.name FROM unnest(names) AS wanted (name)
        -- A path is `ab/<name>.webp`, or has another ending.
        WHERE EXISTS (
            SELECT FROM public.step_screenshots
            WHERE left(screenshot_path, 67) = concat(left(wanted.name, 2), '/', wanted.name)
        ) OR EXISTS (
            SELECT FROM public.otel_steps_span_pictures AS named WHERE named.name = wanted.name
        )
    )
$$;
