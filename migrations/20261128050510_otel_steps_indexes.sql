-- Returns, for those of the tasks that are known, {"version", "columns"} by their ids: of the columns,
-- each a list, those that are asked for of a step and of its picture, and what else an index is told
-- from. A step has one entry for each of its pictures.
-- As JSON, not JSONB: a page of the list asks for thousands of values that nobody looks into here, and
-- to build them as JSONB takes twice as long. Former versions did, and a type cannot be replaced.
DROP FUNCTION IF EXISTS public.otel_steps_indexes(TEXT[]);
DROP FUNCTION IF EXISTS public.otel_steps_indexes(TEXT[], TEXT[], TEXT[]);
CREATE OR REPLACE FUNCTION public.otel_steps_indexes(
    wanted TEXT[], of_step TEXT[], of_picture TEXT[]
) RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    asked CONSTANT TEXT := (
        SELECT string_agg(format('%s.%I', place, name), ', ') FROM (
            SELECT 'step', unnest(of_step) UNION ALL SELECT 'picture', unnest(of_picture)
        ) AS columns (place, name)
    );
    columns CONSTANT TEXT := (
        SELECT string_agg(format('%L, coalesce(json_agg(%I), ''[]'')', name, name), ', ')
        FROM unnest(of_step || of_picture || ARRAY[
            'started_at', 'action', 'action_name', 'step_data', 'screenshot_path', 'phash', 'black',
            'role', 'sensitive'
        ]) AS name
    );
    indexes JSON;
BEGIN
    EXECUTE format($question$
        SELECT coalesce(
            json_object_agg(known, json_build_object(
                'version', public.otel_steps_version(known), 'columns', columns
            )),
            '{}'
        )
        FROM (SELECT DISTINCT unnest($1) AS known) AS names
        CROSS JOIN LATERAL (
            SELECT count(*) AS entries, json_build_object(%s) AS columns FROM (
                SELECT %s, coalesce(step.started_at, step.created_at) AS started_at, step.action,
                    CASE WHEN step.action IS NULL
                        THEN step.attributes -> 'otel_steps.step.action.name' END AS action_name,
                    CASE WHEN step.action IS NULL THEN step.step_data END AS step_data,
                    picture.screenshot_path, picture.phash, picture.metadata -> 'black' AS black,
                    picture.metadata -> 'role' AS role,
                    CASE WHEN picture.id IS NULL OR picture.metadata ->> 'role' IS NOT NULL
                        THEN step.attributes -> 'otel_steps.screenshot.sensitive'
                        ELSE to_jsonb(picture.sensitive) END AS sensitive
                FROM public.task_steps AS step
                LEFT JOIN public.step_screenshots AS picture ON picture.step_id = step.id
                WHERE step.task_id = known
                ORDER BY step.step_number, step.started_at, step.id, picture.created_at, picture.id
            ) AS entry
        ) AS steps
        WHERE entries > 0 OR EXISTS (SELECT FROM public.tasks WHERE tasks.task_id = known)
    $question$, columns, asked) INTO indexes USING wanted;
    RETURN indexes;
END
$$;
