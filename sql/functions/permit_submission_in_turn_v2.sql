-- permit_submission_in_turn_v2(…, floor, ceiling) -> as permit_submission_v3, and wait_seconds
-- Asks for permission when it is the job's turn, by the rate of paid POSTs that the account has (take_submission_turn);
-- before that nothing is written, and the permission is `wait`, with the seconds after which to ask again. A `hold` for a
-- budget or a pause has them too (hold_pause). A turn that ends without `post` is another job's. Locks the account's rate, if at
-- all, before the job: nothing else holds a job while it wants the rate.
CREATE OR REPLACE FUNCTION permit_submission_in_turn_v2(
    p_job_id uuid,
    p_submission_id uuid,
    p_callback_token text,
    p_request jsonb,
    p_request_hash text,
    p_provider_mode text,
    p_provider_base text,
    p_key_fingerprint text,
    p_post_within_seconds double precision,
    p_model text,
    p_prompt text,
    p_input jsonb,
    p_target_url text,
    p_ref_urls jsonb,
    p_known_submission_id uuid,
    p_price_usd numeric,
    p_unknown_price_usd numeric,
    p_floor double precision,
    p_ceiling double precision
)
    RETURNS TABLE (permission text, submission_id uuid, request jsonb, prediction_id text, accepted_at timestamptz,
                   reason_code text, error text, wait_seconds double precision)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_wait double precision := take_submission_turn(p_job_id, p_provider_base, p_key_fingerprint, p_floor, p_ceiling);
    v_permit record;
BEGIN
    IF v_wait > 0 THEN
        RETURN QUERY SELECT 'wait', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz,
                            'wavespeed_rate_limited', NULL::text, v_wait;
        RETURN;
    END IF;
    SELECT * INTO v_permit FROM permit_submission_v3(
        p_job_id, p_submission_id, p_callback_token, p_request, p_request_hash, p_provider_mode, p_provider_base,
        p_key_fingerprint, p_post_within_seconds, p_model, p_prompt, p_input, p_target_url, p_ref_urls,
        p_known_submission_id, p_price_usd, p_unknown_price_usd);
    IF v_permit.permission <> 'post' THEN
        PERFORM return_submission_turn(p_provider_base, p_key_fingerprint);
    END IF;
    RETURN QUERY SELECT
        v_permit.permission, v_permit.submission_id, v_permit.request, v_permit.prediction_id, v_permit.accepted_at,
        v_permit.reason_code, v_permit.error,
        CASE WHEN v_permit.reason_code IN ('budget_exhausted', 'owner_paused') THEN hold_pause(p_ceiling) END;
END;
$$;
