-- Keeps the digests of a batch, {"digests": [{"task_id", "version", "rules", "flags", "card"}]}, of the tasks
-- whose version is still that one and whose steps are added up; returns how many. What later rules have told stays.
CREATE OR REPLACE FUNCTION public.otel_steps_keep_digests(batch JSONB) RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    digest RECORD;
    kept INTEGER := 0;
BEGIN
    FOR digest IN
        SELECT * FROM jsonb_to_recordset(batch -> 'digests')
            AS told (task_id TEXT, version TEXT, rules INTEGER, flags TEXT[], card JSON)
    LOOP
        -- As a writer of the task does: what is compared stays so until this is stored, and what is
        -- written later takes it away.
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(20261124, hashtext(digest.task_id));
        UPDATE public.otel_steps_sums AS known
        SET rules = digest.rules, flags = digest.flags, card = digest.card
        WHERE known.task_id = digest.task_id AND known.action = ''
            AND coalesce(known.rules, -1) < digest.rules
            AND public.otel_steps_version(digest.task_id) = digest.version;
        kept := kept + FOUND::INTEGER;
    END LOOP;
    RETURN kept;
END
$$;
