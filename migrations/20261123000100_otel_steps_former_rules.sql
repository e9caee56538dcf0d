-- Tables of a hand-written tracker may refuse rows: a step whose task has not arrived, the same
-- picture of two steps, a status of another vocabulary, a task without the columns of its former
-- writer. They lose such rules, and no row; but only after `SET LOCAL otel_steps.lets_go = 'on'`, so
-- that nobody loses them unasked. A table that has our columns keeps all that its owner has added
-- since. Run it again at will.
DO $$
DECLARE
    lost TEXT[] := '{}';
    rule RECORD;
BEGIN
    FOR rule IN
        WITH former AS (
            SELECT c.oid, relname AS name, format('%I.%I', 'public', relname) AS full_name
            FROM pg_catalog.pg_class AS c
            JOIN (VALUES
                ('tasks', 'trace_id'), ('task_steps', 'trace_id'), ('step_screenshots', 'phash')
            ) AS ours (owner, name) ON relname = owner
            WHERE relnamespace = to_regnamespace('public') AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_attribute
                WHERE attrelid = c.oid AND attname = ours.name AND NOT attisdropped
            )
        )
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', full_name, conname) AS statement,
            pg_get_constraintdef(rules.oid) AS rule,
            -- A foreign key before the unique column that it names.
            CASE contype WHEN 'f' THEN 1 ELSE 2 END AS turn
        FROM former JOIN pg_catalog.pg_constraint AS rules ON conrelid = former.oid
        WHERE contype = 'c' OR (contype IN ('f', 'u', 'x') AND name <> 'tasks')
        UNION ALL
        SELECT format('DROP INDEX %I.%I', 'public', relname), pg_get_indexdef(indexrelid), 3
        FROM former
        JOIN pg_catalog.pg_index ON indrelid = former.oid
        JOIN pg_catalog.pg_class AS c ON c.oid = indexrelid
        WHERE indisunique AND NOT indisprimary AND name <> 'tasks'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conindid = indexrelid)
        UNION ALL
        SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', full_name, attname),
            'NOT NULL', 4
        FROM former JOIN pg_catalog.pg_attribute ON attrelid = former.oid
        WHERE attnum > 0 AND attnotnull AND attidentity = '' AND NOT attisdropped
            AND attname NOT IN (
                'id', 'task_id', 'step_id', 'step_number', 'step_type', 'step_data',
                'screenshot_path'
            )
        ORDER BY turn, statement
    LOOP
        lost := lost || format('%s -- %s', rule.statement, rule.rule);
        IF current_setting('otel_steps.lets_go', true) = 'on' THEN
            EXECUTE rule.statement;
        END IF;
    END LOOP;
    IF lost <> '{}' AND current_setting('otel_steps.lets_go', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'OS002',
            MESSAGE = 'tables of a hand-written tracker are here; as they are they would refuse '
                'rows, so they would lose some of their rules',
            DETAIL = array_to_string(lost, E'\n'),
            HINT = 'let go of these rules with `otel-steps migrate --yes` (in an editor, the script '
                'of `otel-steps migrate --print --yes`), or keep all that is ours apart with '
                '`--schema otel_steps`';
    END IF;
END
$$;
