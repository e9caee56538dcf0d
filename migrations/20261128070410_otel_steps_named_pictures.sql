-- Returns the pictures that the attributes of a span or a step name.
CREATE OR REPLACE FUNCTION public.otel_steps_named_pictures(attributes JSONB) RETURNS TEXT[]
LANGUAGE sql IMMUTABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT ARRAY(
        SELECT DISTINCT name
        FROM jsonb_array_elements_text(
            jsonb_path_query_array(attributes, 'lax $."otel_steps.span.pictures"[*]')
        ) AS name
        WHERE name ~ '^[0-9a-f]{64}$'
    )
$$;
