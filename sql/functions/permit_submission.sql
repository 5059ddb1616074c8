-- permit_submission(…) -> as permit_submission_v2
-- Called by workers of the previous release; to be removed in the next one. They do not say what the request was made
-- from, so the row's own values are used.
CREATE OR REPLACE FUNCTION permit_submission(
    p_job_id uuid,
    p_submission_id uuid,
    p_callback_token text,
    p_request jsonb,
    p_request_hash text,
    p_provider_mode text,
    p_provider_base text,
    p_key_fingerprint text,
    p_post_within_seconds double precision,
    p_known_submission_id uuid DEFAULT NULL
)
    RETURNS TABLE (permission text, submission_id uuid, request jsonb, prediction_id text, accepted_at timestamptz,
                   reason_code text, error text)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    RETURN QUERY SELECT * FROM permit_submission_v2(
        p_job_id, p_submission_id, p_callback_token, p_request, p_request_hash, p_provider_mode, p_provider_base,
        p_key_fingerprint, p_post_within_seconds, v_job.model, v_job.prompt, v_job.input, v_job.target_url,
        to_jsonb(v_job.ref_urls), p_known_submission_id);
END;
$$;
