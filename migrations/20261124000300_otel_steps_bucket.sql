-- The private bucket of the pictures, where there is a Supabase Storage: an object is read with a
-- signed address only. What an owner has changed about the limits stays. Run it again at will.
DO $$
BEGIN
    IF to_regclass('storage.buckets') IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
    VALUES (
        'otel-steps', 'otel-steps', false, 20 * 1024 * 1024,
        -- JSON: the facts of a picture lie beside it.
        ARRAY['image/png', 'image/jpeg', 'image/webp', 'application/json']
    )
    ON CONFLICT (id) DO UPDATE SET public = false;
END
$$;
