-- claim_prompt_jobs(limit) -> prompt_jobs
-- Claims queued stand-alone prompt jobs that have no workflow, by priority, then age. No two callers get the same row;
-- a claim whose starter has died expires after claim_lease(). Those past their deadline are ended, not returned.
CREATE OR REPLACE FUNCTION claim_prompt_jobs(p_limit integer)
    RETURNS SETOF prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs;
    v_ids uuid[];
BEGIN
    SELECT array_agg(id) INTO v_ids
    FROM (
        SELECT id FROM prompt_generation_jobs
        WHERE workflow_started_at IS NULL AND status = 'queued' AND job_id IS NULL AND cancel_requested_at IS NULL
          AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - claim_lease())
        ORDER BY priority DESC, created_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ) AS claimed;
    FOR v_prompt_job IN
        SELECT * FROM prompt_generation_jobs WHERE id = ANY (v_ids) AND deadline_at <= clock_timestamp()
    LOOP
        PERFORM move_prompt_job(v_prompt_job, 'failed', 'deadline_passed');
    END LOOP;
    RETURN QUERY
        WITH claimed AS (
            UPDATE prompt_generation_jobs SET claimed_at = clock_timestamp(), updated_at = now()
            WHERE id = ANY (v_ids) AND status = 'queued'
            RETURNING *
        )
        SELECT * FROM claimed ORDER BY priority DESC, created_at;
END;
$$;
