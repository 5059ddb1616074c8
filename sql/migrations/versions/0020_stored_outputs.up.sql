-- Revision 0020: our own copies of outputs. The two functions are the first versions of those in functions/.

CREATE TABLE stored_outputs (
    job_id           uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    index            integer NOT NULL, -- the output's place in jobs.outputs, from 0
    state            text NOT NULL DEFAULT 'waiting',
    expires_at       timestamptz NOT NULL, -- until when WaveSpeed keeps the file
    due_at           timestamptz, -- when its workflow is started (again) if it still waits
    attempts         integer NOT NULL DEFAULT 0,
    problem          text, -- why the last attempt failed
    warned_at        timestamptz, -- since when somebody has been told that it may be lost
    path             text, -- of the file in the storage, set before anything is put there; the rest lies beside it
    renderings       text[] NOT NULL DEFAULT '{}', -- what lies beside it: thumbnail, poster, preview
    content_type     text,
    bytes            bigint,
    total_bytes      bigint, -- with everything beside it
    width            integer,
    height           integer,
    duration_seconds double precision,
    sha256           text, -- in hexadecimal
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    stored_at        timestamptz,
    PRIMARY KEY (job_id, index),
    CONSTRAINT stored_outputs_state_check CHECK (state IN ('waiting', 'stored', 'failed', 'removed')),
    CONSTRAINT stored_outputs_path_key UNIQUE (path)
);

CREATE INDEX stored_outputs_due_at_idx ON stored_outputs (due_at) WHERE state = 'waiting';

CREATE INDEX stored_outputs_stored_at_idx ON stored_outputs (stored_at) INCLUDE (total_bytes) WHERE state = 'stored';

CREATE TABLE output_removals (
    path      text PRIMARY KEY,
    job_id    uuid NOT NULL,
    due_at    timestamptz NOT NULL, -- until then a worker may still be putting the file there: it is deleted again
    looked_at timestamptz,
    problem   text
);

CREATE INDEX output_removals_job_id_idx ON output_removals (job_id);

CREATE OR REPLACE FUNCTION plan_outputs()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM stored_outputs AS s
        WHERE s.job_id = NEW.id
          AND OLD.outputs -> s.index ->> 'url' IS DISTINCT FROM NEW.outputs -> s.index ->> 'url';
    END IF;
    IF EXISTS (SELECT FROM switches WHERE name = 'outputs' AND value = 'on') THEN
        INSERT INTO stored_outputs (job_id, index, expires_at, due_at)
        SELECT NEW.id, o.place - 1, o.expires_at, clock_timestamp() + claim_lease()
        FROM (SELECT place, output,
                     coalesce((output ->> 'expires_at')::timestamptz,
                              coalesce(NEW.completed_at, clock_timestamp()) + wavespeed_retention()) AS expires_at
              FROM jsonb_array_elements(NEW.outputs) WITH ORDINALITY AS each_output (output, place)) AS o
        WHERE o.output ->> 'url' IS NOT NULL AND o.expires_at > clock_timestamp()
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE FUNCTION plan_output_removal()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO output_removals AS r (path, job_id, due_at)
    VALUES (OLD.path, OLD.job_id,
            clock_timestamp() + CASE OLD.state WHEN 'waiting' THEN interval '1 hour' ELSE interval '0' END)
    ON CONFLICT (path) DO UPDATE SET due_at = greatest(r.due_at, excluded.due_at);
    RETURN NULL;
END;
$$;

CREATE TRIGGER jobs_outputs_insert AFTER INSERT ON jobs
    FOR EACH ROW WHEN (NEW.outputs <> '[]') EXECUTE FUNCTION plan_outputs();

CREATE TRIGGER jobs_outputs_update AFTER UPDATE OF outputs ON jobs
    FOR EACH ROW WHEN (OLD.outputs IS DISTINCT FROM NEW.outputs) EXECUTE FUNCTION plan_outputs();

CREATE TRIGGER stored_outputs_removal_delete AFTER DELETE ON stored_outputs
    FOR EACH ROW WHEN (OLD.path IS NOT NULL) EXECUTE FUNCTION plan_output_removal();

CREATE TRIGGER stored_outputs_removal_update AFTER UPDATE OF path ON stored_outputs
    FOR EACH ROW WHEN (OLD.path IS NOT NULL AND OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION plan_output_removal();
