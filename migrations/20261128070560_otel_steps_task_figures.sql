-- Returns figures of the tasks that a query chooses, a row for each group of them and status, and those
-- of the whole group in each: "steps_median" and so on. A task without the thing that makes a group is
-- in the group null. At most so many groups: the newest days, of others those with the most tasks.
CREATE OR REPLACE FUNCTION public.otel_steps_task_figures(query JSONB, by TEXT, most INTEGER)
RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    grouped CONSTANT TEXT[] := public.otel_steps_grouping(
        by, 'LEFT JOIN LATERAL unnest(used.apps) AS apps (app) ON true'
    );
    answer JSON;
BEGIN
    EXECUTE format(
        $question$
        WITH chosen AS MATERIALIZED (
            SELECT task_id FROM public.otel_steps_chosen($1) AS chosen (task_id)
        ), summed AS MATERIALIZED (
            SELECT task_id, input_tokens, output_tokens, apps
            FROM chosen JOIN public.otel_steps_sums USING (task_id) WHERE action = ''
        ), used AS (
            SELECT * FROM summed
            UNION ALL
            SELECT step.task_id, sum(step.input_tokens), sum(step.output_tokens),
                array_agg(DISTINCT step.app) FILTER (WHERE step.app IS NOT NULL)
            FROM public.task_steps AS step
            WHERE step.task_id = ANY (ARRAY(
                SELECT task_id FROM chosen EXCEPT SELECT task_id FROM summed
            ))
            GROUP BY step.task_id
        ), member AS MATERIALIZED (
            -- Not null, so that groups can be joined.
            SELECT coalesce('=' || (%s), '') AS key, coalesce(task.status, 'unknown') AS status,
                coalesce(task.total_steps, 0) AS steps,
                coalesce(task.successful_steps, 0) AS successful_steps,
                coalesce(task.failed_steps, 0) AS failed_steps,
                coalesce(task.total_duration_ms, 0) AS duration_ms,
                used.input_tokens, used.output_tokens
            FROM chosen JOIN public.tasks AS task USING (task_id)
            LEFT JOIN used ON used.task_id = task.task_id
            %s
        ), whole AS (
            SELECT key, count(*) AS tasks,
                percentile_disc(0.5) WITHIN GROUP (ORDER BY steps) AS steps_median,
                percentile_disc(0.95) WITHIN GROUP (ORDER BY steps) AS steps_p95,
                percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS duration_ms_median,
                percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS duration_ms_p95
            FROM member GROUP BY key
            ORDER BY CASE WHEN $2 = 'day' THEN key END DESC NULLS LAST, tasks DESC, key COLLATE "C"
            LIMIT $3
        )
        SELECT coalesce(json_agg(to_json(rows)), '[]') FROM (
            SELECT CASE WHEN key <> '' THEN substr(key, 2) END AS "group", status,
                count(*) AS tasks, sum(steps) AS steps, sum(successful_steps) AS successful_steps,
                sum(failed_steps) AS failed_steps, sum(input_tokens) AS input_tokens,
                sum(output_tokens) AS output_tokens,
                min(steps_median) AS steps_median, min(steps_p95) AS steps_p95,
                min(duration_ms_median) AS duration_ms_median,
                min(duration_ms_p95) AS duration_ms_p95
            FROM member JOIN whole USING (key)
            GROUP BY key, status
        ) AS rows
        $question$,
        grouped[1], grouped[2]
    ) INTO answer USING query, by, most;
    RETURN answer;
END
$$;
