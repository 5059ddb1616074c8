-- stores_outputs(job_id) -> boolean
-- Whether an output of a job waits to be stored. VOLATILE, so that it sees what the function before it in the same query
-- has planned.
CREATE OR REPLACE FUNCTION stores_outputs(p_job_id uuid)
    RETURNS boolean
    LANGUAGE sql
    VOLATILE
AS $$
    SELECT EXISTS (SELECT FROM stored_outputs WHERE job_id = p_job_id AND state = 'waiting');
$$;
