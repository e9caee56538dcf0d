-- Tables of these names as a hand-written tracker left them: its rules, and a few rows of each kind.
CREATE TABLE sessions (id TEXT PRIMARY KEY);
CREATE TABLE tasks (
    task_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    user_id TEXT NOT NULL DEFAULT 'nobody',
    thread_id TEXT,
    script_id TEXT,
    task_description TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    last_activity TIMESTAMPTZ,
    end_time TIMESTAMPTZ,
    result TEXT,
    error_message TEXT,
    config JSONB DEFAULT '{}',
    total_steps INTEGER DEFAULT 0,
    successful_steps INTEGER DEFAULT 0,
    failed_steps INTEGER DEFAULT 0,
    total_duration_ms INTEGER,
    CHECK (end_time IS NULL OR end_time >= created_at)
);
CREATE TABLE task_steps (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id TEXT NOT NULL REFERENCES tasks (task_id) ON DELETE CASCADE,
    step_number INTEGER NOT NULL CHECK (step_number > 0),
    step_type TEXT NOT NULL CHECK (step_type IN (
        'thinking', 'action', 'screenshot', 'error', 'validation', 'completion')),
    step_data JSONB NOT NULL,
    thinking TEXT,
    action_result JSONB,
    screenshot_path TEXT,
    duration_ms INTEGER,
    success BOOLEAN DEFAULT true,
    error_message TEXT,
    created_at TIMESTAMPTZ DEFAULT NOW(),
    agent_version TEXT NOT NULL DEFAULT 'v1',
    UNIQUE (task_id, step_number)
);
CREATE INDEX idx_task_steps_step_type ON task_steps (step_type);
CREATE TABLE step_screenshots (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id TEXT NOT NULL REFERENCES tasks (task_id) ON DELETE CASCADE,
    step_id UUID NOT NULL REFERENCES task_steps (id) ON DELETE CASCADE,
    screenshot_path TEXT NOT NULL,
    file_size INTEGER,
    file_hash TEXT,
    compressed BOOLEAN DEFAULT false,
    metadata JSONB,
    created_at TIMESTAMPTZ DEFAULT NOW(),
    UNIQUE (screenshot_path, file_hash)
);
CREATE UNIQUE INDEX one_hash_a_step ON step_screenshots (step_id, file_hash);

INSERT INTO sessions VALUES ('s1');
INSERT INTO tasks (task_id, session_id, task_description, status, created_at, total_steps,
    successful_steps, failed_steps, total_duration_ms)
VALUES
    ('counted', 's1', 'open the camera', 'completed', '2026-01-02 03:04:05+00', 9, 8, 1, 99000),
    ('uncounted', 's1', '打开相机', 'failed', '2026-01-02 04:00:00+00', 0, 0, 0, NULL),
    ('bare', 's1', 'nothing happened', 'pending', '2026-01-02 05:00:00+00', 0, 0, 0, NULL);
INSERT INTO task_steps (id, task_id, step_number, step_type, step_data, duration_ms, success,
    error_message, created_at)
VALUES
    ('00000000-0000-4000-8000-000000000001', 'counted', 1, 'action', '{"action": "Tap"}', 1500,
     true, NULL, '2026-01-02 03:04:06+00'),
    ('00000000-0000-4000-8000-000000000002', 'uncounted', 1, 'action', '{"action": "Tap"}', 500,
     true, NULL, '2026-01-02 04:00:01+00'),
    ('00000000-0000-4000-8000-000000000003', 'uncounted', 2, 'error', '{}', NULL,
     false, 'no such app', '2026-01-02 04:00:02+00');
INSERT INTO step_screenshots (id, task_id, step_id, screenshot_path, file_hash)
VALUES ('00000000-0000-4000-8000-00000000000a', 'counted',
    '00000000-0000-4000-8000-000000000001', 'screenshots/1.png', 'abc');
