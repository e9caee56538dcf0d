-- What has changed since the picture before it in its task: that one's sha256, the share of the
-- pixels (0 to 1), and where, [left, top, right, bottom, kind] in 0 to 1000 of the picture.
ALTER TABLE public.step_screenshots
    ADD COLUMN IF NOT EXISTS change_since TEXT,
    ADD COLUMN IF NOT EXISTS change_share DOUBLE PRECISION,
    ADD COLUMN IF NOT EXISTS change_boxes JSONB;
