-- Returns what the steps of the tasks that a query chooses have used, a row for each group of them, model
-- and whether both counts are known; the groups are those of `otel_steps_task_figures`. In each row stand
-- the median and the 95th percentile of the tokens of a task of the whole group. At most so many groups,
-- those with the most tasks that say any.
CREATE OR REPLACE FUNCTION public.otel_steps_usage_figures(query JSONB, by TEXT, most INTEGER)
RETURNS JSON
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    grouped CONSTANT TEXT[] := public.otel_steps_grouping(by, $members$
        LEFT JOIN (
            SELECT known.task_id, unnest(known.apps) AS app
            FROM public.otel_steps_sums AS known
            WHERE known.action = '' AND known.task_id IN (SELECT task_id FROM chosen)
            UNION
            SELECT step.task_id, step.app FROM public.task_steps AS step
            WHERE step.app IS NOT NULL AND step.task_id = ANY (ARRAY(
                SELECT task_id FROM chosen JOIN public.tasks AS here USING (task_id)
                WHERE here.archived IS NULL
                EXCEPT SELECT task_id FROM public.otel_steps_sums WHERE action = ''
            ))
            UNION
            SELECT known.task_id, unnest(known.apps)
            FROM public.otel_steps_kept AS known JOIN chosen USING (task_id)
            JOIN public.tasks AS archived USING (task_id) WHERE archived.archived IS NOT NULL
        ) AS apps ON apps.task_id = task.task_id
    $members$);
    answer JSON;
BEGIN
    EXECUTE format(
        $question$
        WITH chosen AS MATERIALIZED (
            SELECT task_id FROM public.otel_steps_chosen($1) AS chosen (task_id)
        ), used AS MATERIALIZED (
            SELECT * FROM public.otel_steps_used_of(ARRAY(SELECT task_id FROM chosen))
        ), member AS MATERIALIZED (
            -- Not null, so that groups can be joined.
            SELECT coalesce('=' || (%s), '') AS key, used.task_id,
                coalesce(used.model, task.model) AS model, used.is_whole, used.steps,
                used.input_tokens, used.output_tokens, used.cached_tokens
            FROM used JOIN public.tasks AS task ON task.task_id = used.task_id
            %s
        ), each_task AS (
            SELECT key, sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS tokens
            FROM member GROUP BY key, task_id
        ), whole AS (
            SELECT key, percentile_disc(0.5) WITHIN GROUP (ORDER BY tokens) AS tokens_median,
                percentile_disc(0.95) WITHIN GROUP (ORDER BY tokens) AS tokens_p95
            FROM each_task GROUP BY key
            ORDER BY count(*) DESC, key COLLATE "C"
            LIMIT $2
        )
        SELECT coalesce(
            json_agg(
                to_json(rows)
                ORDER BY "group" COLLATE "C" NULLS FIRST, model COLLATE "C" NULLS FIRST, is_whole
            ),
            '[]'
        ) FROM (
            SELECT CASE WHEN key <> '' THEN substr(key, 2) END AS "group", model, is_whole,
                sum(steps) AS steps, sum(input_tokens) AS input_tokens,
                sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens,
                min(tokens_median) AS tokens_median, min(tokens_p95) AS tokens_p95
            FROM member JOIN whole USING (key)
            GROUP BY key, model, is_whole
        ) AS rows
        $question$,
        grouped[1], grouped[2]
    ) INTO answer USING query, most;
    RETURN answer;
END
$$;
