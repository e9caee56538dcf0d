-- Returns rows of pictures behind an id, in the order of their ids: a list of {"key", "row"}.
CREATE OR REPLACE FUNCTION public.otel_steps_picture_rows(after TEXT, most INTEGER) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('key', id, 'row', to_jsonb(page)) ORDER BY id), '[]')
    FROM (
        SELECT * FROM public.step_screenshots
        WHERE id > coalesce(nullif(after, ''), '00000000-0000-0000-0000-000000000000')::UUID
        ORDER BY id LIMIT most
    ) AS page
$$;
