-- claim_outputs(limit) -> job_id
-- Claims jobs with outputs that wait and are due, those due longest first, for the caller to start their workflows: until
-- ten minutes have passed nobody else gets them.
CREATE OR REPLACE FUNCTION claim_outputs(p_limit integer)
    RETURNS SETOF uuid
    LANGUAGE sql
AS $$
    WITH claimed AS (
        UPDATE stored_outputs AS s SET due_at = clock_timestamp() + interval '10 minutes'
        FROM (SELECT w.job_id, w.index FROM stored_outputs AS w
              WHERE w.state = 'waiting' AND w.due_at <= clock_timestamp()
              ORDER BY w.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS due
        WHERE s.job_id = due.job_id AND s.index = due.index
        RETURNING s.job_id
    )
    SELECT DISTINCT job_id FROM claimed;
$$;
