-- note_rate_limit(submission_id, floor, ceiling, pause_seconds)
-- Notes that WaveSpeed answered a paid POST with a 429. The account's rate is halved, for all workers, and the next POST
-- waits for the pause (a minute at most: WaveSpeed counts anew each minute). The rate stays above the floor, and above
-- what WaveSpeed accepted in the last minute: that much it allows. One burst counts once: a POST that was permitted
-- before the rate was lowered says nothing about the new rate. Nothing happens where the submission is not there.
CREATE OR REPLACE FUNCTION note_rate_limit(
    p_submission_id uuid,
    p_floor double precision,
    p_ceiling double precision,
    p_pause_seconds double precision
)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_submission submissions;
    v_rate submission_rates;
    v_now timestamptz;
    v_in_force double precision;
    v_accepted double precision;
BEGIN
    SELECT * INTO v_submission FROM submissions WHERE id = p_submission_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO submission_rates (provider_base, key_fingerprint)
    VALUES (v_submission.provider_base, v_submission.key_fingerprint) ON CONFLICT DO NOTHING;
    SELECT * INTO v_rate FROM submission_rates
    WHERE provider_base = v_submission.provider_base AND key_fingerprint = v_submission.key_fingerprint FOR UPDATE;
    v_now := clock_timestamp(); -- after the lock: what another worker noted meanwhile comes before it
    v_in_force := submission_rate(v_rate.lowered_to, v_rate.refused_at, p_floor, p_ceiling, v_now);
    IF v_submission.intended_at <= v_rate.changed_at THEN
        UPDATE submission_rates SET lowered_to = v_in_force, refused_at = v_now
        WHERE provider_base = v_rate.provider_base AND key_fingerprint = v_rate.key_fingerprint;
        RETURN;
    END IF;
    SELECT count(*) / 60.0 INTO v_accepted FROM submissions
    WHERE provider_base = v_rate.provider_base AND key_fingerprint = v_rate.key_fingerprint
      AND state = 'accepted' AND outcome_at > v_now - interval '1 minute';
    UPDATE submission_rates
    SET lowered_to = least(v_in_force, p_ceiling, greatest(v_in_force / 2, p_floor, v_accepted)),
        lowered_at = CASE WHEN v_in_force < p_ceiling THEN coalesce(lowered_at, v_now) ELSE v_now END,
        changed_at = v_now,
        refused_at = v_now,
        next_at = greatest(next_at, v_now + least(p_pause_seconds, 60) * interval '1 second')
    WHERE provider_base = v_rate.provider_base AND key_fingerprint = v_rate.key_fingerprint;
END;
$$;
