-- permit_submission_v2(…) -> as permit_submission_v3
-- Called by workers of the previous release; to be removed in the next one. They do not say what the job costs, so it is
-- taken from the model's recent charges, or to be 5 USD, and they know none of the reasons that prices and pauses have.
-- A job that a caller has changed waits for a worker that can read the change.
CREATE OR REPLACE FUNCTION permit_submission_v2(
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
    p_known_submission_id uuid DEFAULT NULL
)
    RETURNS TABLE (permission text, submission_id uuid, request jsonb, prediction_id text, accepted_at timestamptz,
                   reason_code text, error text)
    LANGUAGE sql
AS $$
    SELECT CASE WHEN p.reason_code = 'price_above_max' OR p.permission = 'changed' THEN 'hold' ELSE p.permission END, p.submission_id, p.request,
           p.prediction_id, p.accepted_at,
           CASE WHEN p.reason_code IN ('budget_exhausted', 'owner_paused', 'price_above_max') OR p.permission = 'changed'
                THEN 'submissions_held' ELSE p.reason_code END,
           p.error
    FROM permit_submission_v3(
        p_job_id, p_submission_id, p_callback_token, p_request, p_request_hash, p_provider_mode, p_provider_base,
        p_key_fingerprint, p_post_within_seconds, p_model, p_prompt, p_input, p_target_url, p_ref_urls,
        p_known_submission_id, NULL, 5) AS p;
$$;
