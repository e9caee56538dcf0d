-- Keeps the steps of each month in a table of its own, a partition of `task_steps`, so that a month goes
-- in one statement; see `otel_steps_remove_months`. Steps that are here already stay where they are,
-- in the partition `task_steps_other`, and go row by row as ever. May be run again.
--
-- The key of a partitioned table has to hold what it is partitioned by, so `id` alone cannot be its
-- key. That a step is one row, whatever is told of its start later, is kept by `otel_steps_step_months`:
-- the month that a step was first stored in. There is no DEFAULT partition, as a new month would have to
-- wait for all who read it: what has no month of its own is of the month 'infinity'.
CREATE TABLE IF NOT EXISTS public.otel_steps_step_months (
    id UUID NOT NULL PRIMARY KEY,
    month DATE NOT NULL
);

DO $$
DECLARE
    former CONSTANT REGCLASS := 'public.task_steps';
    made REGCLASS;
    viewers TEXT;
    rule RECORD;
BEGIN
    IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = former) = 'p' THEN
        RETURN;
    END IF;
    SELECT string_agg(DISTINCT ev_class::REGCLASS::TEXT, ', ') INTO viewers
    FROM pg_catalog.pg_depend JOIN pg_catalog.pg_rewrite AS r ON r.oid = objid
    WHERE classid = 'pg_catalog.pg_rewrite'::REGCLASS AND refobjid = former AND ev_class <> former;
    IF viewers IS NOT NULL THEN
        RAISE 'views of task_steps would show the former steps alone: drop % first, and make them anew '
            'afterwards', viewers USING ERRCODE = 'dependent_objects_still_exist';
    END IF;

    -- No row is touched: the default stands in the table of columns.
    ALTER TABLE public.task_steps ADD COLUMN month DATE NOT NULL DEFAULT 'infinity';
    INSERT INTO public.otel_steps_step_months (id, month)
    SELECT id, 'infinity' FROM public.task_steps ON CONFLICT DO NOTHING;
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', former, conname) AS statement INTO rule
    FROM pg_catalog.pg_constraint WHERE conrelid = former AND contype = 'p';
    EXECUTE rule.statement;
    ALTER TABLE public.task_steps ADD PRIMARY KEY (id, month);
    DROP TRIGGER IF EXISTS otel_steps_pictures ON public.task_steps;
    ALTER TABLE public.task_steps RENAME TO task_steps_other;

    CREATE TABLE public.task_steps (LIKE public.task_steps_other INCLUDING DEFAULTS)
    PARTITION BY RANGE (month);
    made := 'public.task_steps';
    ALTER TABLE public.task_steps ADD PRIMARY KEY (id, month);
    ALTER TABLE public.task_steps
        ATTACH PARTITION public.task_steps_other FOR VALUES FROM ('infinity') TO (MAXVALUE);
    CREATE TRIGGER otel_steps_pictures AFTER INSERT OR UPDATE ON public.task_steps
    FOR EACH ROW WHEN (NEW.attributes ? 'otel_steps.span.pictures')
    EXECUTE PROCEDURE public.otel_steps_note_pictures();
    FOR rule IN SELECT * FROM public.otel_steps_missing_indexes() WHERE owner = 'task_steps' LOOP
        EXECUTE format('CREATE INDEX ON %s USING %s', made, rule.definition);
    END LOOP;

    -- Whoever could read and write it still can.
    EXECUTE format('ALTER TABLE %s OWNER TO %I', made, (
        SELECT rolname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_roles AS r ON r.oid = relowner
        WHERE c.oid = former
    ));
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', made);
    FOR rule IN
        SELECT rolname FROM pg_catalog.pg_roles
        WHERE rolname IN ('anon', 'authenticated', 'service_role')
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', made, rule.rolname);
    END LOOP;
    FOR rule IN
        SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::REGROLE::TEXT END AS role
        FROM pg_catalog.pg_class CROSS JOIN aclexplode(relacl) WHERE oid = former
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s', rule.privilege_type, made, rule.role);
    END LOOP;
    IF (SELECT relrowsecurity FROM pg_catalog.pg_class WHERE oid = former) THEN
        ALTER TABLE public.task_steps ENABLE ROW LEVEL SECURITY;
    END IF;
    FOR rule IN
        SELECT format(
            'CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', polname, made,
            CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            (
                SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::REGROLE::TEXT END, ', ')
                FROM unnest(polroles) AS role
            ),
            ' USING (' || replace(
                pg_get_expr(polqual, polrelid), 'task_steps_other.', 'task_steps.'
            ) || ')',
            ' WITH CHECK (' || replace(
                pg_get_expr(polwithcheck, polrelid), 'task_steps_other.', 'task_steps.'
            ) || ')'
        ) AS statement
        FROM pg_catalog.pg_policy WHERE polrelid = former
    LOOP
        EXECUTE rule.statement;
    END LOOP;
END
$$;

-- Makes the partition of a month, unless it is there. Who stores the first step of a month need not
-- own the table, so it runs as its owner.
CREATE OR REPLACE FUNCTION public.otel_steps_make_month(wanted DATE) RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    name CONSTANT TEXT := 'task_steps_' || to_char(wanted, 'YYYY_MM');
    waits CONSTANT TEXT := current_setting('lock_timeout');
    role_name TEXT;
BEGIN
    -- One at a time; whoever comes second finds it there.
    PERFORM pg_advisory_xact_lock(20261128, 3);
    IF public.otel_steps_has_month(wanted) THEN
        RETURN;
    END IF;
    PERFORM set_config('lock_timeout', '2s', true);
    EXECUTE format(
        'CREATE TABLE public.%I (LIKE public.task_steps INCLUDING DEFAULTS) WITH (fillfactor = 70)', name
    );
    -- Nobody reads or writes it but through the whole table, whose policies it does not have.
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', name);
    FOR role_name IN
        SELECT rolname FROM pg_catalog.pg_roles
        WHERE rolname IN ('anon', 'authenticated', 'service_role')
    LOOP
        EXECUTE format('REVOKE ALL ON public.%I FROM %I', name, role_name);
    END LOOP;
    -- Neither readers nor writers of other months wait for this.
    EXECUTE format(
        'ALTER TABLE public.task_steps ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        name, wanted, (wanted + INTERVAL '1 month')::DATE
    );
    PERFORM set_config('lock_timeout', waits, true);
END
$$;

-- Tells whether a month has its partition.
CREATE OR REPLACE FUNCTION public.otel_steps_has_month(wanted DATE) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class AS c ON c.oid = inhrelid
        WHERE inhparent = 'public.task_steps'::REGCLASS
            AND relname = 'task_steps_' || to_char(wanted, 'YYYY_MM')
    )
$$;

-- Returns steps of a batch with their "month", in which each stays whatever is told of it later; their
-- partitions are there then, and stay until the end of the transaction.
CREATE OR REPLACE FUNCTION public.otel_steps_in_months(steps JSONB) RETURNS JSONB
LANGUAGE plpgsql SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    -- A clock that is wrong does not make partitions: theirs is the month 'infinity'.
    first CONSTANT DATE := now() - INTERVAL '5 years';
    last CONSTANT DATE := now() + INTERVAL '1 month';
    wanted DATE;
BEGIN
    -- In one order, so that two writers never wait for each other.
    INSERT INTO public.otel_steps_step_months (id, month)
    SELECT id, CASE WHEN month BETWEEN first AND last THEN month ELSE 'infinity' END
    FROM jsonb_to_recordset(steps)
        AS arriving (id UUID, started_at TIMESTAMPTZ, created_at TIMESTAMPTZ)
    CROSS JOIN LATERAL (
        SELECT date_trunc('month', coalesce(started_at, created_at, now()) AT TIME ZONE 'UTC')::DATE
            AS month
    ) AS own
    ORDER BY id
    ON CONFLICT (id) DO NOTHING;

    FOR wanted IN
        SELECT DISTINCT known.month
        FROM jsonb_to_recordset(steps) AS arriving (id UUID)
        JOIN public.otel_steps_step_months AS known ON known.id = arriving.id
        WHERE isfinite(known.month)
        ORDER BY known.month
    LOOP
        -- Against `otel_steps_drop_month`.
        PERFORM pg_advisory_xact_lock_shared(20261129, to_char(wanted, 'YYYYMM')::INTEGER);
        IF NOT public.otel_steps_has_month(wanted) THEN
            PERFORM public.otel_steps_make_month(wanted);
        END IF;
    END LOOP;

    RETURN (
        SELECT jsonb_agg(step || jsonb_build_object('month', known.month) ORDER BY turn)
        FROM jsonb_array_elements(steps) WITH ORDINALITY AS each (step, turn)
        JOIN public.otel_steps_step_months AS known ON known.id = (step ->> 'id')::UUID
    );
END
$$;

-- Tells whether all that a month holds is of tasks that are wanted, and may go: none runs, and nothing
-- has happened in them since a time. And that nothing of them is found by their steps alone: none
-- has steps in another trace, or shares its own with another task.
CREATE OR REPLACE FUNCTION public.otel_steps_goes_whole(
    name TEXT, wanted TEXT[], before TIMESTAMPTZ
) RETURNS BOOLEAN
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    goes BOOLEAN;
BEGIN
    -- From one task to the next by the index: a month has many more steps than tasks.
    EXECUTE format($question$
        WITH RECURSIVE each (task_id) AS (
            (SELECT task_id FROM public.%1$I ORDER BY task_id LIMIT 1)
            UNION ALL
            SELECT (
                SELECT task_id FROM public.%1$I AS step WHERE step.task_id > each.task_id
                ORDER BY task_id LIMIT 1
            ) FROM each WHERE each.task_id IS NOT NULL
        )
        SELECT bool_and(
            of_wanted.id IS NOT NULL AND task.status IS DISTINCT FROM 'running'
            AND (task.last_activity >= $2) IS NOT TRUE
            AND NOT EXISTS (
                SELECT FROM public.tasks AS other
                WHERE left(other.trace_id, 40) = left(task.trace_id, 40)
                    AND other.trace_id = task.trace_id AND other.task_id <> task.task_id
            )
        )
        FROM each LEFT JOIN public.tasks AS task USING (task_id)
        LEFT JOIN (SELECT DISTINCT id FROM unnest($1) AS id) AS of_wanted ON of_wanted.id = task.task_id
        WHERE each.task_id IS NOT NULL
    $question$, name) INTO goes USING wanted, before;
    RETURN coalesce(goes, false);
END
$$;

-- Removes the steps of one month that goes whole, with its partition; returns how many, 0 where there is
-- none. Totals are right afterwards. What is left of its tasks, pictures and spans, is found by the
-- task and by its trace. It runs as the owner, who alone may drop a table.
CREATE OR REPLACE FUNCTION public.otel_steps_drop_month(wanted TEXT[], before TIMESTAMPTZ)
RETURNS INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    waits CONSTANT TEXT := current_setting('lock_timeout');
    most_turns CONSTANT INTEGER := 20;
    part RECORD;
    is_odd BOOLEAN;
    gone INTEGER;
BEGIN
    FOR part IN
        SELECT relname AS name, to_date(right(relname, 7), 'YYYY_MM') AS month
        FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class AS c ON c.oid = inhrelid
        WHERE inhparent = 'public.task_steps'::REGCLASS AND relname ~ '^task_steps_\d{4}_\d{2}$'
        ORDER BY relname
    LOOP
        -- The month that it is now is still being written.
        EXIT WHEN part.month >= date_trunc('month', now() AT TIME ZONE 'UTC');
        CONTINUE WHEN NOT public.otel_steps_goes_whole(part.name, wanted, before);
        -- From here on nothing comes into it; who brings something waits, and makes it anew.
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(
            20261129, to_char(part.month, 'YYYYMM')::INTEGER
        );
        CONTINUE WHEN NOT public.otel_steps_goes_whole(part.name, wanted, before);
        EXECUTE format(
            'SELECT EXISTS (
                SELECT FROM public.%I AS step JOIN public.tasks AS task USING (task_id)
                WHERE step.trace_id IS DISTINCT FROM task.trace_id AND step.trace_id IS NOT NULL
            )', part.name
        ) INTO is_odd;
        CONTINUE WHEN is_odd;

        EXECUTE format($statement$
            WITH sums AS MATERIALIZED (
                SELECT task_id, count(*) AS steps,
                    count(*) FILTER (WHERE success) AS successful,
                    count(*) FILTER (WHERE NOT success) AS failed,
                    coalesce(sum(duration_ms), 0) AS duration_ms
                FROM public.%1$I GROUP BY task_id
            ), counted AS (
                UPDATE public.tasks AS task SET
                    total_steps = greatest(total_steps - sums.steps, 0),
                    successful_steps = greatest(successful_steps - sums.successful, 0),
                    failed_steps = greatest(failed_steps - sums.failed, 0),
                    total_duration_ms = greatest(total_duration_ms - sums.duration_ms, 0),
                    has_detailed_steps = total_steps > sums.steps
                FROM sums WHERE task.task_id = sums.task_id
            ), searched AS (
                DELETE FROM public.otel_steps_search AS known USING sums
                WHERE known.task_id = sums.task_id
            ), summed AS (
                DELETE FROM public.otel_steps_sums AS known USING sums
                WHERE known.task_id = sums.task_id
            ), forgotten AS (
                DELETE FROM public.otel_steps_step_months AS known USING public.%1$I AS step
                WHERE known.id = step.id
            )
            SELECT sum(steps) FROM sums
        $statement$, part.name) INTO gone;
        -- Owners that are steps have no slash.
        EXECUTE format($statement$
            SELECT public.otel_steps_disown('{}', ARRAY(
                SELECT DISTINCT owner FROM public.otel_steps_span_pictures
                WHERE strpos(owner, '/') = 0 AND EXISTS (
                    SELECT FROM public.%I AS step WHERE step.id = owner::UUID
                )
            ))
        $statement$, part.name);

        -- Others wait behind us as long as we wait for those that are at it: so not for long.
        FOR turn IN 1 .. most_turns LOOP
            BEGIN
                PERFORM set_config('lock_timeout', '40ms', true);
                EXECUTE format('DROP TABLE public.%I', part.name);
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                IF turn = most_turns THEN
                    RAISE;
                END IF;
                PERFORM pg_sleep(0.05);
            END;
        END LOOP;
        PERFORM set_config('lock_timeout', waits, true);
        RETURN gone;
    END LOOP;
    RETURN 0;
END
$$;

-- As for all else that is ours.
DO $$
DECLARE
    function REGPROCEDURE;
    role_name TEXT;
BEGIN
    ALTER TABLE public.otel_steps_step_months ENABLE ROW LEVEL SECURITY;
    REVOKE ALL ON public.otel_steps_step_months FROM PUBLIC;
    FOR function IN
        SELECT oid FROM pg_catalog.pg_proc
        WHERE pronamespace = to_regnamespace('public') AND proname IN (
            'otel_steps_make_month', 'otel_steps_has_month', 'otel_steps_in_months',
            'otel_steps_goes_whole', 'otel_steps_drop_month'
        )
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
        FOR role_name IN
            SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', function, role_name);
            EXECUTE format('REVOKE ALL ON public.otel_steps_step_months FROM %I', role_name);
        END LOOP;
        IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'service_role') THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', function);
            GRANT SELECT, INSERT, UPDATE, DELETE ON public.otel_steps_step_months TO service_role;
        END IF;
    END LOOP;
END
$$;

-- PostgREST remembers which tables there are, and for whom.
NOTIFY pgrst, 'reload schema';
