-- Removes at once the steps of a month all of whose tasks are wanted, where `monthly-partitions` was
-- applied; see there. Returns how many, 0 where there is no such month. The rest of these tasks goes
-- with `otel_steps_remove`.
CREATE OR REPLACE FUNCTION public.otel_steps_remove_months(wanted TEXT[], before TIMESTAMPTZ)
RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    IF public.otel_steps_is_by_month() THEN
        RETURN public.otel_steps_drop_month(wanted, before);
    END IF;
    RETURN 0;
END
$$;
