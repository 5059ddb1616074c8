-- failed_batch_rows(batch_id) -> count
-- How many rows of a batch have failed: by their latest job alone.
CREATE OR REPLACE FUNCTION failed_batch_rows(p_batch_id uuid)
    RETURNS integer
    LANGUAGE sql
    STABLE
AS $$
    SELECT count(*)::integer FROM jobs AS j JOIN batch_rows AS r ON r.job_id = j.id AND r.state = 'submitted'
    WHERE j.batch_id = p_batch_id AND is_final(j.status) AND j.status NOT IN ('completed', 'cancelled');
$$;
