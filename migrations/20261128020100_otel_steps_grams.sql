-- Returns which one, two and three characters stand next to each other in some texts, as ILIKE
-- compares them.
CREATE OR REPLACE FUNCTION public.otel_steps_grams(texts TEXT[]) RETURNS TEXT[]
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = '' AS $$
    WITH threes AS MATERIALIZED (
        SELECT DISTINCT substr(piece, place, 3) COLLATE "C" AS gram
        FROM (SELECT DISTINCT lower(one) AS whole FROM unnest(texts) AS one) AS lowered
        -- In pieces: to find the hundred-thousandth character, PostgreSQL counts from the first.
        CROSS JOIN LATERAL generate_series(1, length(whole), 100) AS start
        CROSS JOIN LATERAL substr(whole, start, 102) AS piece
        CROSS JOIN LATERAL generate_series(1, least(length(piece), 100)) AS place
    )
    -- Each shorter one begins such a piece.
    SELECT ARRAY(
        SELECT gram FROM threes
        UNION SELECT left(gram, 2) FROM threes
        UNION SELECT left(gram, 1) FROM threes
    )
$$;
