-- open_submission(job_id) -> state
-- The state of a job's submission that may have been paid for: `intended`, `unknown` or `accepted`; null if there is
-- none. VOLATILE, so that it sees what was committed while the function before it in the same query waited for a lock.
CREATE OR REPLACE FUNCTION open_submission(p_job_id uuid)
    RETURNS text
    LANGUAGE sql
    VOLATILE
AS $$
    SELECT state FROM submissions WHERE job_id = p_job_id AND state IN ('intended', 'unknown', 'accepted');
$$;
