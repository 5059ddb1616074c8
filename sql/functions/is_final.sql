-- is_final(status) -> boolean
-- Says whether a job's status is never left. The planner puts this expression in the place of a call: so `NOT
-- is_final(status)` is served by the index on open jobs, whose condition has to spell the statuses.
CREATE OR REPLACE FUNCTION is_final(p_status text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT p_status IN ('completed', 'failed', 'cancelled', 'expired', 'terminated');
$$;
