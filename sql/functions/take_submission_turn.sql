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
    v_yields interval := '0';
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
    SELECT place INTO v_place FROM job_queue_position(p_job_id);
    -- Whoever came later with a higher priority asks at the same moment: where turns are rare, a turn is first theirs.
    IF v_place > 1 AND v_in_force < 1 THEN
        v_yields := '0.5 second';
    END IF;
    -- A turn that nobody took in time may be made up for, for a second: retries are not punctual. Moments that this
    -- clock has not reached, and no pause explains, were written by one that was ahead: nobody waits for those.
    UPDATE submission_rates
    SET next_at = least(greatest(next_at, clock_timestamp() - interval '1 second'), clock_timestamp())
                  + interval '1 second' / v_in_force,
        changed_at = least(changed_at, clock_timestamp()),
        refused_at = least(refused_at, clock_timestamp())
    WHERE provider_base = p_provider_base AND key_fingerprint = p_key_fingerprint
      AND (next_at <= clock_timestamp() - v_yields
           OR next_at > clock_timestamp() + interval '1 minute' + interval '1 second' / p_floor);
    IF FOUND THEN
        RETURN 0;
    END IF;
    SELECT next_at INTO v_rate.next_at FROM submission_rates
    WHERE provider_base = p_provider_base AND key_fingerprint = p_key_fingerprint;
    IF v_rate.next_at <= clock_timestamp() THEN
        RETURN greatest(extract(epoch FROM v_rate.next_at + v_yields - clock_timestamp()), 0.05);
    END IF;
    -- Ten minutes at most: the rate may have risen meanwhile.
    RETURN least(greatest(extract(epoch FROM v_rate.next_at - clock_timestamp()), 0.05)
                 + (coalesce(v_place, 1) - 1) / v_in_force, 600);
END;
$$;
