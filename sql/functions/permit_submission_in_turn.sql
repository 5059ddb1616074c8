-- permit_submission_in_turn(…) -> as permit_submission_in_turn_v2
-- Called by workers of the previous release; to be removed in the next one. They ask without a price.
CREATE OR REPLACE FUNCTION permit_submission_in_turn(
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
    p_floor double precision,
    p_ceiling double precision
)
    RETURNS TABLE (permission text, submission_id uuid, request jsonb, prediction_id text, accepted_at timestamptz,
                   reason_code text, error text, wait_seconds double precision)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_wait double precision := take_submission_turn(p_job_id, p_provider_base, p_key_fingerprint, p_floor, p_ceiling);
BEGIN
    IF v_wait > 0 THEN
        RETURN QUERY SELECT 'wait', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz,
                            'wavespeed_rate_limited', NULL::text, v_wait;
        RETURN;
    END IF;
    RETURN QUERY SELECT p.*, NULL::double precision FROM permit_submission_v2(
        p_job_id, p_submission_id, p_callback_token, p_request, p_request_hash, p_provider_mode, p_provider_base,
        p_key_fingerprint, p_post_within_seconds, p_model, p_prompt, p_input, p_target_url, p_ref_urls,
        p_known_submission_id) AS p;
END;
$$;
