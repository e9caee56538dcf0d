-- What a step has used of its model. No index is over it: it changes while a step goes on.
ALTER TABLE public.task_steps
    ADD COLUMN IF NOT EXISTS model TEXT,
    ADD COLUMN IF NOT EXISTS input_tokens INTEGER,
    ADD COLUMN IF NOT EXISTS output_tokens INTEGER,
    ADD COLUMN IF NOT EXISTS cached_tokens INTEGER;
