-- claim_stranded_jobs(limit) -> jobs
-- Claims accepted jobs that have no workflow, by priority, then age. No two callers get the same row; a claim whose
-- starter has died expires after claim_lease(). Jobs past their deadline are ended, not returned.
CREATE OR REPLACE FUNCTION claim_stranded_jobs(p_limit integer)
    RETURNS SETOF jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_ids uuid[];
BEGIN
    SELECT array_agg(id) INTO v_ids
    FROM (
        SELECT id FROM jobs
        WHERE workflow_started_at IS NULL AND status IN ('queued', 'prompting', 'dispatching')
          AND cancel_requested_at IS NULL
          AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - claim_lease())
        ORDER BY priority DESC, created_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ) AS claimed;
    FOR v_job IN SELECT * FROM jobs WHERE id = ANY (v_ids) AND deadline_at <= clock_timestamp() LOOP
        PERFORM move_job(v_job, 'expired', 'deadline_passed');
    END LOOP;
    RETURN QUERY
        WITH claimed AS (
            UPDATE jobs SET claimed_at = clock_timestamp(), updated_at = now()
            WHERE id = ANY (v_ids) AND completed_at IS NULL
            RETURNING *
        )
        SELECT * FROM claimed ORDER BY priority DESC, created_at;
END;
$$;
