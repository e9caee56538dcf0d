-- Whose tasks they are. The index comes with `otel_steps_indexes_of_tables`.
ALTER TABLE public.tasks ADD COLUMN IF NOT EXISTS project TEXT;
