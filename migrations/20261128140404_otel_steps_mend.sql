-- Takes a flaw out of the rows of some keys that `otel_steps_flaws` has told, of those that have it
-- still. Kinds that a write of rows mends are left as they are.
CREATE OR REPLACE FUNCTION public.otel_steps_mend(kind TEXT, keys TEXT[], reason TEXT) RETURNS INTEGER
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    -- What each says of a row is what its question asks, over the row alone.
    of_steps CONSTANT TEXT[] :=
        '{doubled_steps,doubled_numbers,missing_numbers,step_times,step_cells,pathless_pictures}';
    ids CONSTANT UUID[] := CASE
        WHEN kind = ANY (of_steps) OR kind = 'orphan_pictures' THEN keys::UUID[] ELSE '{}' END;
    touched TEXT[] := CASE
        WHEN kind LIKE 'task\_%' THEN keys
        WHEN kind = 'orphan_pictures' THEN '{}'
        ELSE ARRAY(SELECT DISTINCT task_id FROM public.task_steps WHERE id = ANY (ids)) END;
BEGIN
    -- As a writer of these tasks does; see `otel_steps_ingest`.
    PERFORM pg_advisory_xact_lock(20261124, key)
    FROM (SELECT DISTINCT hashtext(id) AS key FROM unnest(touched) AS id ORDER BY key) AS keys;
    CASE kind
        WHEN 'doubled_steps' THEN
            PERFORM public.otel_steps_disown('{}', keys);
            DELETE FROM public.task_steps AS step WHERE id = ANY (ids) AND EXISTS (
                SELECT FROM public.task_steps AS other
                WHERE other.trace_id = step.trace_id AND other.span_id = step.span_id
                    AND other.id <> step.id AND other.task_id = step.task_id
            );
        WHEN 'doubled_numbers' THEN
            -- A step moves behind those that began before it, by as much as they are in its way.
            UPDATE public.task_steps AS step SET step_number = numbered.number
            FROM (
                SELECT id, place + max(step_number - place) OVER (
                    PARTITION BY task_id, trace_id ORDER BY place
                ) AS number
                FROM (
                    SELECT id, task_id, trace_id, step_number, row_number() OVER (
                        PARTITION BY task_id, trace_id ORDER BY started_at, id
                    ) AS place
                    FROM public.task_steps
                    WHERE step_number > 0 AND (task_id, trace_id) IN (
                        SELECT task_id, trace_id FROM public.task_steps AS doubled
                        WHERE id = ANY (ids) AND EXISTS (
                            SELECT FROM public.task_steps AS other
                            WHERE other.task_id = doubled.task_id
                                AND other.step_number = doubled.step_number
                                AND other.trace_id = doubled.trace_id
                                AND other.span_id <> doubled.span_id
                        )
                    )
                ) AS ordered
            ) AS numbered
            WHERE step.id = numbered.id AND step.step_number <> numbered.number;
        WHEN 'missing_numbers' THEN
            UPDATE public.task_steps AS step SET attributes = CASE missing
                WHEN 0 THEN attributes - 'otel_steps.step.missing'
                ELSE coalesce(attributes, '{}')
                    || jsonb_build_object('otel_steps.step.missing', missing)
            END
            FROM (
                SELECT id, greatest(step_number - 1 - coalesce((
                    SELECT max(other.step_number) FROM public.task_steps AS other
                    WHERE other.task_id = gapped.task_id AND other.step_number < gapped.step_number
                ), 0), 0) AS missing
                FROM public.task_steps AS gapped WHERE id = ANY (ids)
            ) AS found
            WHERE step.id = found.id;
        WHEN 'step_times' THEN
            UPDATE public.task_steps
            SET ended_at = greatest(ended_at, started_at), duration_ms = greatest(duration_ms, 0)
            WHERE id = ANY (ids) AND (ended_at < started_at OR duration_ms < 0);
        WHEN 'task_times' THEN
            UPDATE public.tasks SET end_time = greatest(created_at, last_activity)
            WHERE task_id = ANY (keys) AND end_time < created_at;
        WHEN 'task_cells' THEN
            UPDATE public.tasks SET
                tags = CASE WHEN public.otel_steps_is_no_word(tags, NULL) THEN NULL ELSE tags END,
                scores =
                    CASE WHEN public.otel_steps_is_no_word(NULL, scores) THEN NULL ELSE scores END
            WHERE task_id = ANY (keys);
        WHEN 'step_cells' THEN
            UPDATE public.task_steps SET
                tags = CASE WHEN public.otel_steps_is_no_word(tags, NULL) THEN NULL ELSE tags END,
                scores =
                    CASE WHEN public.otel_steps_is_no_word(NULL, scores) THEN NULL ELSE scores END
            WHERE id = ANY (ids);
        WHEN 'pathless_pictures' THEN
            UPDATE public.task_steps AS step
            SET screenshot_path = NULL, screenshot_url = NULL,
                attributes = coalesce(attributes, '{}')
                    || jsonb_build_object('otel_steps.screenshot.error', reason)
            WHERE id = ANY (ids) AND NOT EXISTS (
                SELECT FROM public.step_screenshots AS shot WHERE shot.step_id = step.id
            );
        WHEN 'orphan_pictures' THEN
            WITH gone AS (
                DELETE FROM public.step_screenshots AS shot
                WHERE id = ANY (ids) AND NOT EXISTS (
                    SELECT FROM public.task_steps AS step WHERE step.id = shot.step_id
                )
                RETURNING screenshot_path
            )
            SELECT array_agg(screenshot_path) INTO touched FROM gone;
            PERFORM public.otel_steps_disown(touched, '{}');
            touched := '{}';
        WHEN 'orphan_names' THEN
            PERFORM public.otel_steps_disown('{}', keys);
        WHEN 'unnoted_names' THEN
            INSERT INTO public.otel_steps_span_pictures (owner, name)
            SELECT owner, one.name FROM (
                SELECT id::TEXT AS owner, attributes FROM public.task_steps
                WHERE attributes ? 'otel_steps.span.pictures'
                UNION ALL
                SELECT concat(trace_id, '/', span_id), attributes FROM public.task_spans
                WHERE attributes ? 'otel_steps.span.pictures'
            ) AS naming
            CROSS JOIN unnest(public.otel_steps_named_pictures(attributes)) AS one (name)
            WHERE owner = ANY (keys)
            ON CONFLICT DO NOTHING;
        ELSE NULL;
    END CASE;
    PERFORM public.otel_steps_count(touched);
    RETURN cardinality(keys);
END
$$;
