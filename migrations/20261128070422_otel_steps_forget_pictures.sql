-- Notes that the files of pictures are gone; returns those that a row has come to need meanwhile.
CREATE OR REPLACE FUNCTION public.otel_steps_forget_pictures(names TEXT[]) RETURNS TEXT[]
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    DELETE FROM public.otel_steps_unneeded WHERE name = ANY (names);
    RETURN public.otel_steps_needed(names);
END
$$;
