-- Revision 0011: owners, API keys and the sessions of browsers.

CREATE TABLE owners (
    name          text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    created_at    timestamptz NOT NULL DEFAULT now(),
    paused_at     timestamptz,
    paused_reason text
);

-- The owner of everything that existed before there were owners.
INSERT INTO owners (name, created_at) VALUES ('local', 'epoch');

CREATE TABLE api_keys (
    id           text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{8}$'),
    owner        text NOT NULL REFERENCES owners (name),
    name         text NOT NULL,
    digest       bytea NOT NULL CHECK (octet_length(digest) = 32),
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   text NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

CREATE INDEX api_keys_owner_idx ON api_keys (owner, created_at);

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    digest       bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    key_id       text REFERENCES api_keys (id) ON DELETE CASCADE,
    token_digest bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    address      text,
    user_agent   text,
    CHECK ((key_id IS NULL) <> (token_digest IS NULL))
);

CREATE INDEX sessions_last_used_at_idx ON sessions (last_used_at);

-- The statistics are kept by owner; so far all rows were of one. The triggers' functions change with the tables, so that
-- no statement fails in between; these are the first versions of those in functions/.
ALTER TABLE status_counters ADD COLUMN owner text NOT NULL DEFAULT 'local';
ALTER TABLE status_counters ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE status_counters DROP CONSTRAINT status_counters_pkey;
ALTER TABLE status_counters ADD PRIMARY KEY (owner, table_name, status, slot);

ALTER TABLE queue_minutes ADD COLUMN owner text NOT NULL DEFAULT 'local';
ALTER TABLE queue_minutes ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE queue_minutes DROP CONSTRAINT queue_minutes_pkey;
ALTER TABLE queue_minutes ADD PRIMARY KEY (minute, owner, slot);

CREATE OR REPLACE FUNCTION count_statuses()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO status_counters AS c (owner, table_name, status, slot, n)
        SELECT owner, TG_TABLE_NAME, status, counter_slot(), count(*) FROM new_rows GROUP BY owner, status
        ON CONFLICT (owner, table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO status_counters AS c (owner, table_name, status, slot, n)
        SELECT owner, TG_TABLE_NAME, status, counter_slot(), sum(change)
        FROM (SELECT owner, status, 1 AS change FROM new_rows
              UNION ALL SELECT owner, status, -1 FROM old_rows) AS changes
        GROUP BY owner, status
        HAVING sum(change) <> 0
        ON CONFLICT (owner, table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO status_counters AS c (owner, table_name, status, slot, n)
        SELECT owner, TG_TABLE_NAME, status, counter_slot(), -count(*) FROM old_rows GROUP BY owner, status
        ON CONFLICT (owner, table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        DELETE FROM status_counters WHERE table_name = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE FUNCTION count_prompt_minutes()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO queue_minutes AS m (minute, owner, slot, started, wait_seconds, finished, failed, processing_seconds,
                                    retried, retried_finished)
    SELECT date_trunc('minute', clock_timestamp()),
           owner,
           counter_slot(),
           count(*) FILTER (WHERE first_start),
           coalesce(sum(wait) FILTER (WHERE first_start), 0),
           count(*) FILTER (WHERE ended = 'completed'),
           count(*) FILTER (WHERE ended = 'failed'),
           coalesce(sum(duration) FILTER (WHERE ended = 'completed'), 0),
           count(*) FILTER (WHERE ended IS NOT NULL AND attempt_no > 1),
           count(*) FILTER (WHERE ended = 'completed' AND attempt_no > 1)
    FROM (
        SELECT n.owner,
               o.started_at IS NULL AND n.started_at IS NOT NULL AS first_start,
               extract(epoch FROM n.started_at - o.enqueued_at) AS wait,
               CASE WHEN o.status <> n.status AND n.status IN ('completed', 'failed') THEN n.status END AS ended,
               extract(epoch FROM n.completed_at - n.started_at) AS duration,
               n.attempt_no
        FROM old_rows AS o JOIN new_rows AS n USING (id)
    ) AS changes
    WHERE first_start OR ended IS NOT NULL
    GROUP BY owner
    ON CONFLICT (minute, owner, slot) DO UPDATE SET
        started = m.started + excluded.started,
        wait_seconds = m.wait_seconds + excluded.wait_seconds,
        finished = m.finished + excluded.finished,
        failed = m.failed + excluded.failed,
        processing_seconds = m.processing_seconds + excluded.processing_seconds,
        retried = m.retried + excluded.retried,
        retried_finished = m.retried_finished + excluded.retried_finished;
    RETURN NULL;
END;
$$;
