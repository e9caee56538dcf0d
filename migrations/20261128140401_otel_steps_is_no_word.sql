-- Tells whether tags or scores are not what a person can have said: a list of text, and a list of
-- objects that have a name.
CREATE OR REPLACE FUNCTION public.otel_steps_is_no_word(tags JSONB, scores JSONB) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT coalesce(jsonb_typeof(tags) <> 'array'
            OR jsonb_path_exists(tags, '$[*] ? (@.type() != "string")'), false)
        OR coalesce(jsonb_typeof(scores) <> 'array'
            OR jsonb_path_exists(scores, 'strict $[*] ? (@.type() != "object")')
            OR EXISTS (
                SELECT FROM jsonb_array_elements(
                    CASE jsonb_typeof(scores) WHEN 'array' THEN scores ELSE '[]' END
                ) AS score
                WHERE coalesce(jsonb_typeof(score -> 'name'), '') <> 'string'
            ), false)
$$;
