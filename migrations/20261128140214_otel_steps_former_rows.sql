-- Makes rows that were there before otel-steps readable like its own. Fills only what is empty and
-- touches no row of otel-steps, which always names its trace. Run it again at will.

UPDATE public.task_steps
SET status = CASE success WHEN true THEN 'completed' WHEN false THEN 'failed' END,
    started_at = created_at,
    ended_at = created_at + coalesce(duration_ms, 0) * INTERVAL '1 millisecond'
WHERE trace_id IS NULL AND status IS NULL AND started_at IS NULL AND created_at IS NOT NULL;

UPDATE public.tasks
SET created_at = coalesce(created_at, last_activity, end_time, NOW()),
    last_activity = coalesce(last_activity, end_time, created_at, NOW()),
    started_at = coalesce(created_at, last_activity, end_time, NOW())
WHERE trace_id IS NULL AND started_at IS NULL;

-- A task of which only steps are left is shown as one that nobody has spoken for.
INSERT INTO public.tasks (task_id, created_at, last_activity)
SELECT task_id, coalesce(min(created_at), NOW()), coalesce(max(created_at), NOW())
FROM public.task_steps
WHERE trace_id IS NULL
GROUP BY task_id
ON CONFLICT (task_id) DO NOTHING;

-- Totals that their former writer has counted stay as they are.
SELECT public.otel_steps_count(ARRAY(
    SELECT task_id FROM public.tasks
    WHERE coalesce(total_steps, 0) = 0
        AND EXISTS (SELECT FROM public.task_steps WHERE task_steps.task_id = tasks.task_id)
));
