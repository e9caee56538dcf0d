-- Run it again at will.
DROP TRIGGER IF EXISTS otel_steps_found_by ON public.otel_steps_sums;
CREATE TRIGGER otel_steps_found_by AFTER INSERT OR UPDATE ON public.otel_steps_sums
FOR EACH ROW WHEN (NEW.action = '')
EXECUTE PROCEDURE public.otel_steps_find_by();

DROP TRIGGER IF EXISTS otel_steps_found_by_no_more ON public.otel_steps_sums;
CREATE TRIGGER otel_steps_found_by_no_more AFTER DELETE ON public.otel_steps_sums
FOR EACH ROW WHEN (OLD.action = '')
EXECUTE PROCEDURE public.otel_steps_find_by();
