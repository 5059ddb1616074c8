-- Revision 0015: what is erased. Columns without a value, and small tables: nothing is locked for long.

ALTER TABLE jobs ADD COLUMN erase_requested_at timestamptz, ADD COLUMN erased_at timestamptz;

ALTER TABLE prompt_generation_jobs ADD COLUMN erase_requested_at timestamptz, ADD COLUMN erased_at timestamptz;

CREATE TABLE erasures (
    id         uuid PRIMARY KEY, -- of a job, or of a stand-alone prompt job
    table_name text NOT NULL CHECK (table_name IN ('jobs', 'prompt_generation_jobs')),
    due_at     timestamptz NOT NULL DEFAULT now(), -- before this somebody may still be starting its workflow
    looked_at  timestamptz,
    problem    text
);

CREATE INDEX erasures_looked_at_idx ON erasures (looked_at NULLS FIRST);

-- Owners all of whose jobs are being erased, newest first: jobs, then stand-alone prompt jobs. What cannot be erased yet
-- is met again in the next sweep.
CREATE TABLE owner_erasures (
    owner          text PRIMARY KEY,
    accepted_until timestamptz NOT NULL,
    requested_at   timestamptz NOT NULL DEFAULT now(),
    -- the sweep: when it began, what it has reached, and how many rows it had to leave
    began_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    table_name     text NOT NULL DEFAULT 'jobs' CHECK (table_name IN ('jobs', 'prompt_generation_jobs')),
    reached_at     timestamptz,
    reached_id     uuid,
    left_open      bigint NOT NULL DEFAULT 0
);

-- The first versions of those in functions/, for the triggers.
CREATE OR REPLACE FUNCTION keep_job_erased()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.input := '{}';
    NEW.instructions := NULL;
    NEW.target_url := NULL;
    NEW.ref_urls := '{}';
    NEW.callback_url := NULL;
    NEW.metadata := '{}';
    NEW.warnings := '{}';
    NEW.original_prompt := NULL;
    NEW.prompt := NULL;
    NEW.error := NULL;
    NEW.outputs := '[]';
    RETURN NEW;
END;
$$;

CREATE OR REPLACE FUNCTION keep_prompt_job_erased()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.ref_urls := '{}';
    NEW.target_url := NULL;
    NEW.instructions := NULL;
    NEW.existing_prompt := NULL;
    NEW.metadata := '{}';
    NEW.error := NULL;
    NEW.generated_prompt := NULL;
    NEW.rating_reason := NULL;
    RETURN NEW;
END;
$$;

CREATE TRIGGER jobs_keep_erased BEFORE UPDATE ON jobs
    FOR EACH ROW WHEN (NEW.erase_requested_at IS NOT NULL) EXECUTE FUNCTION keep_job_erased();

CREATE TRIGGER prompt_generation_jobs_keep_erased BEFORE UPDATE ON prompt_generation_jobs
    FOR EACH ROW WHEN (NEW.erase_requested_at IS NOT NULL) EXECUTE FUNCTION keep_prompt_job_erased();
