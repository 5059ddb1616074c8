-- is_final(status) -> boolean
-- Whether a job's status is final. The planner inlines this expression, so `NOT is_final(status)` uses the index on
-- open jobs, whose condition has to spell out the statuses.
CREATE OR REPLACE FUNCTION is_final(p_status text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT p_status IN ('completed', 'failed', 'cancelled', 'expired', 'terminated');
$$;
