-- What removing needs to know. Run it again at will.
-- Pictures that attributes of spans and steps name, by their owner: the id of a step, or trace and id
-- of a span. A table of its own: an index over attributes, which change as a step goes on, would cost
-- each of its updates an entry in every other index.
CREATE TABLE IF NOT EXISTS public.otel_steps_span_pictures (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (owner, name)
);
CREATE INDEX IF NOT EXISTS otel_steps_span_pictures_name ON public.otel_steps_span_pictures (name);

-- Pictures that rows have let go of; their files may still be there.
CREATE TABLE IF NOT EXISTS public.otel_steps_unneeded (name TEXT NOT NULL PRIMARY KEY);

-- What is done now and then by one process for all, and when it is due again.
CREATE TABLE IF NOT EXISTS public.otel_steps_chores (
    name TEXT NOT NULL PRIMARY KEY,
    due_at TIMESTAMPTZ NOT NULL
);

DO $$
DECLARE
    owner_name TEXT;
    role_name TEXT;
BEGIN
    FOREACH owner_name IN ARRAY ARRAY[
        'otel_steps_span_pictures', 'otel_steps_unneeded', 'otel_steps_chores'
    ] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', owner_name);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', owner_name);
        FOR role_name IN
            SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
        LOOP
            EXECUTE format('REVOKE ALL ON public.%I FROM %I', owner_name, role_name);
        END LOOP;
    END LOOP;
END
$$;
