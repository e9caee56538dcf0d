-- Notes which pictures a span or a step that is stored names in its attributes.
CREATE OR REPLACE FUNCTION public.otel_steps_note_pictures() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    row JSONB := to_jsonb(NEW) - 'attributes';
BEGIN
    INSERT INTO public.otel_steps_span_pictures (owner, name)
    SELECT coalesce(row ->> 'id', concat(row ->> 'trace_id', '/', row ->> 'span_id')), name
    FROM unnest(public.otel_steps_named_pictures(NEW.attributes)) AS name
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
