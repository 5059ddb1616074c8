-- common_batch_failure(batch_id) -> sentence
-- Says that the latest of a batch's rows to fail has failed as every other would, and why, without a period at its end: the
-- model is gone, a key is wrong, an account is out of credit. Null if it failed for a reason of its own, or none has.
CREATE OR REPLACE FUNCTION common_batch_failure(p_batch_id uuid)
    RETURNS text
    LANGUAGE sql
    STABLE
AS $$
    SELECT concat('row ', latest.row_key, ' has failed as every other would (', latest.reason_code, ')',
                  ': ' || rtrim(latest.error, '.'))
    FROM (
        SELECT j.row_key, j.reason_code, j.error
        FROM jobs AS j JOIN batch_rows AS r ON r.job_id = j.id AND r.state = 'submitted'
        WHERE j.batch_id = p_batch_id AND is_final(j.status) AND j.status NOT IN ('completed', 'cancelled')
        ORDER BY j.completed_at DESC LIMIT 1) AS latest
    WHERE latest.reason_code IN (
        'wavespeed_unknown_model', 'wavespeed_bad_key', 'wavespeed_no_credit', 'wavespeed_forbidden',
        'grok_unknown_model', 'grok_bad_key', 'grok_no_credit', 'provider_mode_changed');
$$;
