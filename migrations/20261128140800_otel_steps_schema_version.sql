-- The version of tables and functions; a client that needs a newer one says which command to run.
-- Not IMMUTABLE: the API keeps plans for all roles, and a plan that holds the answer of such a
-- function asks for no permission.
CREATE OR REPLACE FUNCTION public.otel_steps_schema_version() RETURNS INTEGER
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS
$$ SELECT 11 $$;
