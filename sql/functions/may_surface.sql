-- may_surface(submission) -> boolean
-- Whether a prediction may still turn out to be a submission's: it is open, or a person has given it up and WaveSpeed's
-- history still goes back to it.
CREATE OR REPLACE FUNCTION may_surface(p_submission submissions)
    RETURNS boolean
    LANGUAGE sql
    STABLE
AS $$
    SELECT p_submission.state IN ('intended', 'unknown')
        OR (p_submission.state = 'superseded' AND p_submission.prediction_id IS NULL
            AND p_submission.post_before > now() - wavespeed_retention());
$$;
