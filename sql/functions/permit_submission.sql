-- permit_submission(…) -> as permit_submission_v2
-- Called by workers of the previous release; to be removed in the next one. They do not say what the request was made
-- from, so the row's own values are used; but of what a caller has changed (change_waiting_job) it is not known whether
-- the request has the new values, and such a job waits for a worker that says so.
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
    v_changed text[];
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    v_changed := ARRAY(SELECT jsonb_array_elements_text(e.detail -> 'changed') FROM job_events AS e
                       WHERE e.job_id = p_job_id AND e.detail ? 'changed');
    RETURN QUERY SELECT * FROM permit_submission_v2(
        p_job_id, p_submission_id, p_callback_token, p_request, p_request_hash, p_provider_mode, p_provider_base,
        p_key_fingerprint, p_post_within_seconds,
        -- what is no row's value is told as changed
        CASE WHEN 'model' <> ALL (v_changed) THEN v_job.model END,
        CASE WHEN 'prompt' <> ALL (v_changed) THEN v_job.prompt END,
        CASE WHEN 'input' <> ALL (v_changed) THEN v_job.input END,
        CASE WHEN 'targetUrl' <> ALL (v_changed) THEN v_job.target_url ELSE '' END,
        CASE WHEN 'refUrls' <> ALL (v_changed) THEN to_jsonb(v_job.ref_urls) END,
        p_known_submission_id);
END;
$$;
