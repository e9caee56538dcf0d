-- The indexes that are missing, (name, owner, definition). One that its owner has made under another
-- name is as good. No index over free text but the ids, or over its beginning: PostgreSQL refuses a
-- row whose indexed value is longer than 2,700 bytes. And none over what changes while a task or a
-- step goes on (its status, its end, its totals): such an update would have to write all indexes of
-- its table anew. Definitions are as pg_get_indexdef tells them.
CREATE OR REPLACE FUNCTION public.otel_steps_missing_indexes()
RETURNS TABLE (name TEXT, owner TEXT, definition TEXT)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT * FROM (VALUES
        ('tasks_created_at', 'tasks', 'btree (created_at DESC NULLS LAST)'),
        ('tasks_model', 'tasks', 'btree ("left"(model, 200))'),
        ('tasks_device_id', 'tasks', 'btree ("left"(device_id, 200))'),
        ('tasks_project', 'tasks', 'btree ("left"(project, 200)) WHERE (project IS NOT NULL)'),
        ('tasks_session', 'tasks', 'btree ("left"(session, 200)) WHERE (session IS NOT NULL)'),
        ('tasks_tags', 'tasks', 'btree (task_id) WHERE (tags IS NOT NULL)'),
        ('tasks_scores', 'tasks', 'btree (task_id) WHERE (scores IS NOT NULL)'),
        ('task_steps_order', 'task_steps', 'btree (task_id, step_number, started_at)'),
        (
            'task_steps_app', 'task_steps',
            'btree ("left"(app, 200), task_id) WHERE (app IS NOT NULL)'
        ),
        ('task_steps_tags', 'task_steps', 'btree (task_id) WHERE (tags IS NOT NULL)'),
        ('task_steps_scores', 'task_steps', 'btree (task_id) WHERE (scores IS NOT NULL)'),
        (
            'task_steps_error_kind', 'task_steps',
            'btree ("left"(error_kind, 200), task_id) WHERE (error_kind IS NOT NULL)'
        ),
        ('step_screenshots_task_id', 'step_screenshots', 'btree (task_id)'),
        ('step_screenshots_step_id', 'step_screenshots', 'btree (step_id)'),
        ('step_screenshots_path', 'step_screenshots', 'btree ("left"(screenshot_path, 67))'),
        ('tasks_trace_id', 'tasks', 'btree ("left"(trace_id, 40))'),
        (
            'step_screenshots_phash', 'step_screenshots',
            'btree (phash, created_at) WHERE (phash IS NOT NULL)'
        ),
        ('task_spans_task_id', 'task_spans', 'btree (task_id)'),
        ('task_spans_parent', 'task_spans', 'btree (trace_id, parent_span_id)')
    ) AS wanted (name, owner, definition)
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_index
        WHERE indrelid = to_regclass('public.' || owner) AND indisvalid
            AND substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)$') = definition
    )
$$;
