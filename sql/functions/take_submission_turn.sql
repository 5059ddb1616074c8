-- take_submission_turn(job_id, provider_base, key_fingerprint, floor, ceiling) -> double precision
-- Takes the account's next turn for a paid POST, for all workers together: 0 if it is now, otherwise how many seconds the
-- job should wait before it asks again. Its place in the queue says when its turn may come, so that few ask in vain, and
-- those of a higher priority go first. At the full rate nobody waits here: Temporal's limit of the queue holds it. A job
-- that already has a submission needs no turn: it asks what has become of it.
CREATE OR REPLACE FUNCTION take_submission_turn(
    p_job_id uuid,
    p_provider_base text,
    p_key_fingerprint text,
    p_floor double precision,
    p_ceiling double precision
)
    RETURNS double precision
    LANGUAGE plpgsql
AS $$
DECLARE
    v_rate submission_rates;
    v_in_force double precision;
    v_place bigint;
BEGIN
    SELECT * INTO v_rate FROM submission_rates
    WHERE provider_base = p_provider_base AND key_fingerprint = p_key_fingerprint;
    v_in_force := submission_rate(v_rate.lowered_to, v_rate.refused_at, p_floor, p_ceiling, clock_timestamp());
    IF v_in_force >= p_ceiling THEN
        RETURN 0;
    END IF;
    IF EXISTS (SELECT FROM submissions WHERE job_id = p_job_id AND state IN ('intended', 'unknown', 'accepted')) THEN
        RETURN 0;
    END IF;
    -- A turn that nobody took in time may be made up for, for a second: retries are not punctual.
    UPDATE submission_rates
    SET next_at = greatest(next_at, clock_timestamp() - interval '1 second') + interval '1 second' / v_in_force
    WHERE provider_base = p_provider_base AND key_fingerprint = p_key_fingerprint AND next_at <= clock_timestamp();
    IF FOUND THEN
        RETURN 0;
    END IF;
    SELECT next_at INTO v_rate.next_at FROM submission_rates
    WHERE provider_base = p_provider_base AND key_fingerprint = p_key_fingerprint;
    SELECT place INTO v_place FROM job_queue_position(p_job_id);
    -- Ten minutes at most: the rate may have risen meanwhile.
    RETURN least(greatest(extract(epoch FROM v_rate.next_at - clock_timestamp()), 0.05)
                 + (coalesce(v_place, 1) - 1) / v_in_force, 600);
END;
$$;
