-- A row moves only forward: unknown (NULL) < running < interrupted < ended. Running may follow
-- running: the span has been enriched and knows more.
CREATE OR REPLACE FUNCTION public.otel_steps_moves_forward(known TEXT, arriving TEXT)
RETURNS BOOLEAN
LANGUAGE plpgsql IMMUTABLE SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    RETURN CASE
        WHEN arriving IS NULL THEN false
        WHEN known IS NULL THEN true
        WHEN known = 'running' THEN true
        WHEN known = 'interrupted' THEN arriving NOT IN ('running', 'interrupted')
        ELSE false
    END;
END
$$;
