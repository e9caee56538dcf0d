-- Beside what the steps of a task add up to, in the row of the task: what they have used of their models,
-- and its digest, which is what a list shows of the steps and which flags they have. A client tells the
-- digest, by rules of a number. Whatever takes away the sums of a task takes away its digest, too.
-- `usage` is an array of {"model", "is_whole", "steps", "input_tokens", "output_tokens",
-- "cached_tokens"}, the model null where the steps do not say it. Run it again at will.
ALTER TABLE public.otel_steps_sums
    ADD COLUMN IF NOT EXISTS usage JSONB,
    ADD COLUMN IF NOT EXISTS rules INTEGER,
    ADD COLUMN IF NOT EXISTS flags TEXT[] COLLATE "C",
    ADD COLUMN IF NOT EXISTS card JSON;

-- What was added up without it is added up anew.
DELETE FROM public.otel_steps_sums AS known USING public.otel_steps_sums AS old
WHERE old.task_id = known.task_id AND old.action = '' AND old.usage IS NULL;

-- Tells whether the digest of a task is kept.
CREATE INDEX IF NOT EXISTS otel_steps_sums_digests
    ON public.otel_steps_sums (task_id, rules) WHERE action = '';
