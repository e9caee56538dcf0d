-- Takes a chore that is due: true for the first who asks, and for nobody else for so many seconds.
CREATE OR REPLACE FUNCTION public.otel_steps_claim(chore TEXT, seconds DOUBLE PRECISION)
RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    next CONSTANT TIMESTAMPTZ := now() + make_interval(secs => seconds);
BEGIN
    INSERT INTO public.otel_steps_chores AS known (name, due_at) VALUES (chore, next)
    ON CONFLICT (name) DO UPDATE SET due_at = next WHERE known.due_at <= now();
    RETURN FOUND;
END
$$;
