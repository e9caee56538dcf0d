-- Copies what a task is found by, when its row of sums comes, changes or goes.
CREATE OR REPLACE FUNCTION public.otel_steps_find_by() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM public.otel_steps_found_by WHERE task_id = OLD.task_id;
    ELSE
        INSERT INTO public.otel_steps_found_by (task_id, apps, flags)
        VALUES (NEW.task_id, NEW.apps, NEW.flags)
        ON CONFLICT (task_id) DO UPDATE SET apps = excluded.apps, flags = excluded.flags;
    END IF;
    RETURN NULL;
END
$$;
