-- Returns some pictures that rows have let go of and that no row needs; what one does need is noted no
-- longer.
CREATE OR REPLACE FUNCTION public.otel_steps_unneeded_pictures(most INTEGER) RETURNS TEXT[]
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    names TEXT[];
    needed TEXT[];
BEGIN
    LOOP
        names := ARRAY(SELECT name FROM public.otel_steps_unneeded ORDER BY name LIMIT most);
        needed := public.otel_steps_needed(names);
        DELETE FROM public.otel_steps_unneeded WHERE name = ANY (needed);
        EXIT WHEN cardinality(needed) < cardinality(names) OR cardinality(names) = 0;
    END LOOP;
    RETURN ARRAY(SELECT name FROM unnest(names) AS name WHERE name <> ALL (needed));
END
$$;
