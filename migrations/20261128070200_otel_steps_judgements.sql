-- What people say of tasks and of steps: no batch brings it, so nothing that is sent again takes it away.
-- A score is {"name", "value", "label", "explanation"}; their indexes come with
-- `otel_steps_indexes_of_tables`.
ALTER TABLE public.tasks ADD COLUMN IF NOT EXISTS scores JSONB;
ALTER TABLE public.task_steps
    ADD COLUMN IF NOT EXISTS tags JSONB,
    ADD COLUMN IF NOT EXISTS notes TEXT,
    ADD COLUMN IF NOT EXISTS scores JSONB;
