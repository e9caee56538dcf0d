-- Returns the columns that a batch has of a table, for a statement: it names them, as
-- {"columns": {table: [...]}}, or they are the keys of its rows. So a column more is none of the
-- business of any function; one that the table does not have is refused by its name.
CREATE OR REPLACE FUNCTION public.otel_steps_columns(batch JSONB, owner TEXT) RETURNS TEXT
LANGUAGE plpgsql IMMUTABLE SECURITY INVOKER SET search_path = '' AS $$
DECLARE
    named CONSTANT JSONB := batch -> 'columns' -> owner;
BEGIN
    IF named IS NOT NULL THEN
        RETURN (
            SELECT string_agg(quote_ident(name), ', ') FROM jsonb_array_elements_text(named) AS name
        );
    END IF;
    RETURN (
        SELECT string_agg(DISTINCT quote_ident(name), ', ')
        FROM jsonb_array_elements(batch -> owner) AS r, jsonb_object_keys(r) AS name
    );
END
$$;
