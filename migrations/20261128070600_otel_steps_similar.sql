-- Returns the steps of other tasks whose screens look like the one whose hash is wanted: one of each
-- task, those whose hashes differ in the fewest bits first, then the newest. So many different
-- hashes are looked into, and so many of the newest pictures of each; all of one project, if it is
-- said within which.
CREATE OR REPLACE FUNCTION public.otel_steps_similar(
    wanted BIGINT, task TEXT, within TEXT, most_bits INTEGER, hashes INTEGER, of_hash INTEGER,
    most INTEGER
) RETURNS JSONB
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    WITH near AS MATERIALIZED (
        SELECT phash, bits
        FROM (
            SELECT phash, bit_count((phash # wanted)::BIT(64)) AS bits
            FROM (
                SELECT DISTINCT phash FROM public.step_screenshots WHERE phash IS NOT NULL
            ) AS known
        ) AS measured
        WHERE bits <= most_bits ORDER BY bits, phash LIMIT hashes
    ), found AS (
        SELECT near.bits, shot.*
        FROM near CROSS JOIN LATERAL (
            SELECT id, task_id, step_id, screenshot_path, created_at
            FROM public.step_screenshots AS shot
            WHERE shot.phash = near.phash AND shot.task_id <> task AND sensitive IS NOT TRUE
                AND metadata ->> 'role' IS NULL
                AND metadata ->> 'black' IS DISTINCT FROM 'true'
                AND (within IS NULL OR EXISTS (
                    SELECT FROM public.tasks
                    WHERE tasks.task_id = shot.task_id AND tasks.project = within
                ))
            ORDER BY created_at DESC, id LIMIT of_hash
        ) AS shot
    ), best AS (
        SELECT DISTINCT ON (found.task_id)
            found.*, step.step_number, tasks.task_description, tasks.status
        FROM found JOIN public.task_steps AS step ON step.id = found.step_id
        LEFT JOIN public.tasks ON tasks.task_id = found.task_id
        ORDER BY found.task_id, bits, created_at DESC, found.id
    ), told AS (
        SELECT * FROM best ORDER BY bits, created_at DESC, id LIMIT most
    )
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'task_id', task_id, 'task_description', task_description, 'status', status,
                'step_id', step_id, 'step_number', step_number,
                'screenshot_path', screenshot_path, 'bits', bits
            ) ORDER BY bits, created_at DESC, id
        ),
        '[]'
    ) FROM told
$$;
