-- Where in the archive the steps, pictures and spans of a task are; NULL where they are here. Run it
-- again at will.
ALTER TABLE public.tasks ADD COLUMN IF NOT EXISTS archived TEXT;
CREATE INDEX IF NOT EXISTS tasks_archived ON public.tasks (task_id) WHERE archived IS NOT NULL;
