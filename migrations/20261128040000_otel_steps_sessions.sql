-- What groups tasks, and what the places of an action count in. The index of sessions comes with
-- `otel_steps_indexes_of_tables`.
ALTER TABLE public.tasks ADD COLUMN IF NOT EXISTS session TEXT;
ALTER TABLE public.task_steps ADD COLUMN IF NOT EXISTS coordinates TEXT;
