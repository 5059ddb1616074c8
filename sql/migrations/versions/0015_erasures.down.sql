-- Revision 0015 down: refused while something is erased, because an older release would let words come back.

DO $$
BEGIN
    IF EXISTS (SELECT FROM jobs WHERE erase_requested_at IS NOT NULL)
        OR EXISTS (SELECT FROM prompt_generation_jobs WHERE erase_requested_at IS NOT NULL)
        OR EXISTS (SELECT FROM owner_erasures) THEN
        RAISE EXCEPTION 'There are erased jobs: delete their rows first, or keep this revision.';
    END IF;
END;
$$;

DROP INDEX webhook_deliveries_job_id_idx, prompt_generation_jobs_owner_idx;

DROP TRIGGER jobs_keep_erased ON jobs;
DROP TRIGGER prompt_generation_jobs_keep_erased ON prompt_generation_jobs;

DROP TABLE erasures, owner_erasures;

ALTER TABLE jobs DROP COLUMN erase_requested_at, DROP COLUMN erased_at;

ALTER TABLE prompt_generation_jobs DROP COLUMN erase_requested_at, DROP COLUMN erased_at;
