-- retry_chain(job_id) -> ids
-- The jobs linked by retry_of, in both directions: all jobs created from one request, including the given one.
CREATE OR REPLACE FUNCTION retry_chain(p_job_id uuid)
    RETURNS SETOF uuid
    LANGUAGE sql
    VOLATILE -- sees what was committed while the caller waited for a lock
AS $$
    WITH RECURSIVE chain AS (
        SELECT id, retry_of FROM jobs WHERE id = p_job_id
        UNION
        SELECT j.id, j.retry_of FROM chain AS c JOIN jobs AS j ON j.id = c.retry_of OR j.retry_of = c.id
    )
    SELECT id FROM chain;
$$;
