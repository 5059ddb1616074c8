-- spending_of(submission) -> (day, reserved_usd, spent_usd)
-- What one submission counts for in `spending`: its price while it may be paid, and once it is, or is given up without
-- proof that it is not, what it cost. The day is that of its permission, in UTC. Rows of a release without budgets
-- (reserved_usd is null) count for nothing.
CREATE OR REPLACE FUNCTION spending_of(p_submission submissions)
    RETURNS TABLE (day date, reserved_usd numeric, spent_usd numeric)
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT (p_submission.intended_at AT TIME ZONE 'UTC')::date,
           CASE WHEN p_submission.state IN ('intended', 'unknown') AND p_submission.reserved_usd IS NOT NULL
                THEN p_submission.reserved_usd ELSE 0 END,
           CASE WHEN p_submission.state IN ('accepted', 'superseded') AND p_submission.reserved_usd IS NOT NULL
                THEN coalesce(p_submission.media_cost_usd, p_submission.reserved_usd) ELSE 0 END;
$$;
