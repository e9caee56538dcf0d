-- Notes pictures that rows let go of: by the paths of their files, and by the owners whose attributes
-- have named them. Whether another row needs them is asked when their files are to go.
CREATE OR REPLACE FUNCTION public.otel_steps_disown(paths TEXT[], owners TEXT[]) RETURNS VOID
LANGUAGE sql SECURITY INVOKER SET search_path = '' AS $$
    WITH gone AS (
        DELETE FROM public.otel_steps_span_pictures WHERE owner = ANY (owners) RETURNING name
    )
    INSERT INTO public.otel_steps_unneeded (name)
    SELECT name FROM gone
    UNION
    -- A path that has another form is not ours.
    SELECT found[1]
    FROM unnest(paths) AS path
    CROSS JOIN LATERAL regexp_match(path, '(?:^|/)([0-9a-f]{64})(?:\.[^/]*)?$') AS found
    WHERE found IS NOT NULL
    ON CONFLICT DO NOTHING
$$;
