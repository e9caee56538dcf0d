-- Has those noted that are to come, and notes those that are here. Nearly no row names any, and for
-- such a row a trigger that looks first costs next to nothing. Run it again at will.
DROP TRIGGER IF EXISTS otel_steps_pictures ON public.task_spans;
CREATE TRIGGER otel_steps_pictures AFTER INSERT OR UPDATE ON public.task_spans
FOR EACH ROW WHEN (NEW.attributes ? 'otel_steps.span.pictures')
EXECUTE PROCEDURE public.otel_steps_note_pictures();

DROP TRIGGER IF EXISTS otel_steps_pictures ON public.task_steps;
CREATE TRIGGER otel_steps_pictures AFTER INSERT OR UPDATE ON public.task_steps
FOR EACH ROW WHEN (NEW.attributes ? 'otel_steps.span.pictures')
EXECUTE PROCEDURE public.otel_steps_note_pictures();

INSERT INTO public.otel_steps_span_pictures (owner, name)
SELECT owner, unnest(public.otel_steps_named_pictures(attributes))
FROM (
    SELECT concat(trace_id, '/', span_id) AS owner, attributes FROM public.task_spans
    UNION ALL
    SELECT id::TEXT, attributes FROM public.task_steps
) AS known
WHERE attributes ? 'otel_steps.span.pictures'
ON CONFLICT DO NOTHING;
