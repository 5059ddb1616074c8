-- take_open_rows(limit, ids) -> (table_name, id, status, cancel_requested)
-- Returns open rows that have a workflow of their own, to be compared with Temporal: the given ones, then those
-- compared longest ago. Records the time of the comparison.
CREATE OR REPLACE FUNCTION take_open_rows(p_limit integer, p_ids uuid[] DEFAULT '{}')
    RETURNS TABLE (table_name text, id uuid, status text, cancel_requested boolean)
    LANGUAGE sql
AS $$
    WITH oldest_jobs AS (
        SELECT id, checked_at FROM jobs
        WHERE workflow_started_at IS NOT NULL
          AND NOT is_final(status)
        ORDER BY checked_at NULLS FIRST LIMIT p_limit
    ), oldest_prompt_jobs AS (
        SELECT id, checked_at FROM prompt_generation_jobs
        WHERE workflow_started_at IS NOT NULL AND job_id IS NULL AND status IN ('queued', 'processing')
        ORDER BY checked_at NULLS FIRST LIMIT p_limit
    ), chosen AS (
        SELECT id FROM (SELECT * FROM oldest_jobs UNION ALL SELECT * FROM oldest_prompt_jobs) AS oldest
        ORDER BY checked_at NULLS FIRST
        LIMIT p_limit -- not for the given ones: there may be many, and most have ended
    ), checked_jobs AS (
        UPDATE jobs AS j SET checked_at = clock_timestamp()
        FROM (SELECT l.id FROM jobs AS l
              WHERE (l.id = ANY (p_ids) OR l.id IN (SELECT id FROM chosen)) AND l.workflow_started_at IS NOT NULL
                AND NOT is_final(l.status)
              ORDER BY l.id FOR UPDATE SKIP LOCKED) AS locked
        WHERE j.id = locked.id
        RETURNING 'jobs', j.id, j.status, j.cancel_requested_at IS NOT NULL
    ), checked_prompt_jobs AS (
        UPDATE prompt_generation_jobs AS p SET checked_at = clock_timestamp()
        FROM (SELECT l.id FROM prompt_generation_jobs AS l
              WHERE (l.id = ANY (p_ids) OR l.id IN (SELECT id FROM chosen)) AND l.workflow_started_at IS NOT NULL
                AND l.job_id IS NULL AND l.status IN ('queued', 'processing')
              ORDER BY l.id FOR UPDATE SKIP LOCKED) AS locked
        WHERE p.id = locked.id
        RETURNING 'prompt_generation_jobs', p.id, p.status, p.cancel_requested_at IS NOT NULL
    )
    SELECT * FROM checked_jobs UNION ALL SELECT * FROM checked_prompt_jobs;
$$;
