-- begin_storing(job_id) -> (job_id, index, expires_at, attempts, problem)
-- Returns a job's outputs that wait to be stored, and counts an attempt for each. Whoever asks stores them now, or asks
-- again within two hours; otherwise the reconciler has somebody else do it.
CREATE OR REPLACE FUNCTION begin_storing(p_job_id uuid)
    RETURNS TABLE (job_id uuid, index integer, expires_at timestamptz, attempts integer, problem text)
    LANGUAGE sql
AS $$
    UPDATE stored_outputs AS s SET attempts = s.attempts + 1, due_at = clock_timestamp() + interval '2 hours'
    WHERE s.job_id = p_job_id AND s.state = 'waiting'
    RETURNING s.job_id, s.index, s.expires_at, s.attempts, s.problem;
$$;
